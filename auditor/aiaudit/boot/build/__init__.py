"""Building an image: with the engine's own builder, or with BuildKit through the docker client."""

from aiaudit.boot.build.choice import build
from aiaudit.boot.build.recipe import recipe
from aiaudit.boot.build.results import BuildFailed, BuildResult, NoBuilder, Options, Step
from aiaudit.boot.build.tidy import forget

__all__ = ["BuildFailed", "BuildResult", "NoBuilder", "Options", "Step", "build", "forget", "recipe"]
