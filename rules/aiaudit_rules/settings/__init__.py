"""Settings that fail fast."""

FAMILY = "ENV"
