"""What the code says stays the same in other words: the verdicts must, too."""
