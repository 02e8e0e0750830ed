"""Settings that fail fast."""
