"""Credentials in files and images."""

FAMILY = "KEY"
TAGS = ("security",)
NEEDS = {"env_file_copied_into_image": "image"}
