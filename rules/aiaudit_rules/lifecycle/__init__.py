"""What is built where: startup against request."""

FAMILY = "LIF"
