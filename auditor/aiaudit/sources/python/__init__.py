"""Python modules: compact records from one pass over `ast`."""
