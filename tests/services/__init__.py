"""The reference services: the golden one runs and has no finding, the leaky one has exactly its defects."""
