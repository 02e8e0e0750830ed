"""What can be seen of a running service."""

FAMILY = "OBS"
