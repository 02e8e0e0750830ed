"""Classes whose objects are rows of a database table."""

from __future__ import annotations

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Class

_TABLES = ("models.Model", ".Model", "DeclarativeBase", "declarative_base()", "SQLModel", "beanie.Document",
           "mongoengine.Document", "odmantic.Model", "DeclarativeBaseNoMeta", "MappedAsDataclass")  # fmt: skip


def is_table(cls: Class, evaluator: Evaluator) -> bool:
    """Whether the rows of a database table are objects of this class."""
    classes, outside = evaluator.lineage(cls)
    return any("__tablename__" in candidate.bindings for candidate in classes) or any(
        path.endswith(_TABLES) for path in outside
    )
