"""What expressions may stand for, in layers: memory, classes, containers, functions, calls, expressions."""
