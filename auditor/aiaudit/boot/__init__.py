"""Booting an image: what a service needs, what its containers did, what that proves. For `boot` and `prove` alone."""
