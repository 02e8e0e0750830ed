"""Generic tests that hold for every rule."""
