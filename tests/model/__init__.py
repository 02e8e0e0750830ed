"""The linked model."""
