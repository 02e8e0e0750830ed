"""What is known about client libraries: data files and their schema."""
