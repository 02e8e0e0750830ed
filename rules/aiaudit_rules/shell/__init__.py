"""Shell scripts in images, as ShellCheck sees them."""

FAMILY = "SHC"
