"""The proof by rebuild: what a build repeats after a change that should not matter."""

from aiaudit.boot.rebuild.proof import prove

__all__ = ["prove"]
