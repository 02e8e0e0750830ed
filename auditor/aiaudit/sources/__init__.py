"""Bytes of one file -> typed facts. Nothing here looks at a second file."""
