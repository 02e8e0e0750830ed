"""Dependency manifests and lock files."""
