"""The proof by weight: the bytes of an image that nothing in the running container needs."""

from aiaudit.boot.weight.proof import prove

__all__ = ["prove"]
