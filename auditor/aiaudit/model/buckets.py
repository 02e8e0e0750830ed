"""Files that may go elsewhere than to the local disk: into a bucket, where the configuration says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Call, Class, Function, walk, walk_all
from aiaudit.model.values import ClassValue, External, FunctionValue

# Libraries that keep files in buckets.
_LIBRARIES = (
    "boto3.", "aioboto3.", "aiobotocore.", "s3fs.", "minio.", "google.cloud.storage.", "gcsfs.", "azure.storage.",
    "adlfs.", "oss2.", "qcloud_cos.", "obs.", "firebase_admin.storage.",
)  # fmt: skip
# So many calls away.
_DEPTH = 2


class Buckets:
    """Tells whether what is written to the local disk has another way to go."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._known: dict[int, bool] = {}

    def is_chosen(self, writing: Call, names: set[str]) -> bool:
        """Whether another class of the same kind keeps files in a bucket, another branch does, or the same function
        goes on to put there what it has written under some `names`."""
        scope = writing.scope
        if not isinstance(scope, Function):
            return False
        if scope.owner is not None and any(map(self._keeps_in_bucket, self._others(scope.owner))):
            return True
        if any(self._reaches(call) for call in scope.calls if _is_in_other_branch(call, writing)):
            return True
        return any(self._reaches(call) for call in scope.calls if call is not writing and _is_given(names, call))

    def _others(self, cls: Class) -> Iterator[Class]:
        """The classes that fill in the same methods of the same base, and are no kin otherwise."""
        line = self.evaluator.lineage(cls)[0]
        for base in line[1:]:
            for heir in self.evaluator.subclasses(base):
                if heir not in line and cls not in self.evaluator.lineage(heir)[0] and _fills_in(heir, cls, base):
                    yield heir

    def _keeps_in_bucket(self, cls: Class) -> bool:
        known = self._known.get(id(cls))
        if known is None:
            known = self._known[id(cls)] = any(self._reaches(c) for method in cls.functions for c in method.calls)
        return known

    def _reaches(self, call: Call, depth: int = _DEPTH) -> bool:
        """Whether a call is one of a library for buckets, or comes to one."""
        inner: list[Iterable[Call]] = []
        for value in self.evaluator.callees(call):
            if isinstance(value, External) and value.path.startswith(_LIBRARIES):
                return True
            if depth and isinstance(value, FunctionValue):
                inner.append(value.function.calls)
            elif depth and isinstance(value, ClassValue):
                maker = self.evaluator.constructor(value.cls)
                inner.append(maker.calls if maker is not None else ())
        return any(self._reaches(further, depth - 1) for calls in inner for further in calls)


def _fills_in(heir: Class, cls: Class, base: Class) -> bool:
    """Whether two heirs of a base have a method of its own each in the place of the same one of its."""
    names = {method.name for method in base.functions if not method.name.startswith("__")}
    return any(cls.method(name) is not None and heir.method(name) is not None for name in names)


def _is_in_other_branch(call: Call, writing: Call) -> bool:
    """Whether a call stands in another branch of an `if` than a write: the one runs where the other does not."""
    branches = {id(link.node): link.branch for link in writing.around if link.kind == "if"}
    if any(link.kind == "if" and branches.get(id(link.node), link.branch) is not link.branch for link in call.around):
        return True
    before = (link.node[3] for link in writing.around if link.kind == "unless")  # leaves the function ahead of it
    return any(part is call.expression for body in before for part in walk_all(body))


def _is_given(names: set[str], call: Call) -> bool:
    given = (*call.arguments, *(value for _, value in call.keywords))
    return any(part[0] == "name" and part[2] in names for each in given for part in walk(each))
