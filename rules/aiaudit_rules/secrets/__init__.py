"""Credentials in files and images."""
