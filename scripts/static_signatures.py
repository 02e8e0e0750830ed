"""The parameters of functions and classes, read from their source."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from static_library import ClassNode, Definition, FunctionNode, StaticLibrary, method_named


@dataclass
class Signature:
    """The parameters of a callable: name -> (position among the arguments or None, default expression)."""

    parameters: dict[str, tuple[int | None, ast.expr | None]] = field(default_factory=dict)
    open: bool = False

    def has(self, name: str) -> bool:
        """Whether a first dotted name can be given."""
        return self.open or name.partition(".")[0] in self.parameters


def signature_of(definition: Definition, library: StaticLibrary) -> Signature | None:
    """The parameters that a function, or the construction of a class, takes."""
    if isinstance(definition, FunctionNode):
        return _signature(definition.node, bound=_is_bound(definition))
    if not isinstance(definition, ClassNode):
        return None
    classes, complete = library.lineage(definition)
    found: dict[str, tuple[int | None, ast.expr | None]] = {}
    passes_on = True
    for cls in classes:
        for name in ("__init__", "__new__"):
            method = method_named(cls, name)
            if method is not None:
                own = _signature(method, bound=True)
                typed = _typed_keywords(method, cls, library)
                found = {**own.parameters, **(typed or {}), **found}
                passes_on = own.open and typed is None
                if passes_on and not _forwards(method):
                    return Signature(found, open=True)
                if not own.open and not _has_fields(cls):
                    return Signature(found)
        found = {**_fields(cls), **found}
    model = any(_has_fields(cls) for cls in classes)
    return Signature(found, open=not complete or (passes_on and not model)) if found or not complete else None


def _forwards(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether an `__init__` hands its `**kwargs` to that of a base class, which then decides what they may be."""
    return any(
        isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") in ("__init__", "__new__")
        and any(keyword.arg is None for keyword in node.keywords)
        for node in ast.walk(method)
    )


def _typed_keywords(
    method: ast.FunctionDef | ast.AsyncFunctionDef, cls: ClassNode, library: StaticLibrary
) -> dict[str, tuple[int | None, ast.expr | None]] | None:
    """The keys of `**kwargs: Unpack[Options]`."""
    keywords = method.args.kwarg
    if keywords is None or not isinstance(keywords.annotation, ast.Subscript):
        return None
    options = library.annotated(keywords.annotation.slice, cls.module, 0)
    if not isinstance(options, ClassNode):
        return None
    found: dict[str, tuple[int | None, ast.expr | None]] = {}
    for candidate in library.lineage(options)[0]:
        found = {**_fields(candidate), **found}
    return found


def _is_bound(function: FunctionNode) -> bool:
    names = {getattr(decorator, "id", "") for decorator in function.node.decorator_list}
    return "staticmethod" not in names and function.owner is not None


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, bound: bool) -> Signature:
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    defaults += arguments.defaults
    shift = 1 if bound and positional else 0
    found: dict[str, tuple[int | None, ast.expr | None]] = {}
    for index, (argument, default) in enumerate(zip(positional, defaults, strict=True)):
        if index >= shift:
            found[argument.arg] = (index - shift, default)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found[argument.arg] = (None, default)
    return Signature(found, arguments.kwarg is not None)


def _fields(cls: ClassNode) -> dict[str, tuple[int | None, ast.expr | None]]:
    """Annotated names of a dataclass or model with their aliases."""
    found: dict[str, tuple[int | None, ast.expr | None]] = {}
    for node in cls.node.body:
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        default: ast.expr | None = node.value
        if isinstance(node.value, ast.Call):
            given = {keyword.arg: keyword.value for keyword in node.value.keywords}
            default = given.get("default") or (node.value.args[0] if node.value.args else None)
            for alias in ("alias", "validation_alias"):
                for text in ast.walk(given[alias]) if alias in given else ():
                    if isinstance(text, ast.Constant) and isinstance(text.value, str):
                        found[text.value] = (None, default)
        found[node.target.id] = (None, default)
    return found


def _has_fields(cls: ClassNode) -> bool:
    """Whether a class takes its fields as parameters: a dataclass or a model."""
    decorated = any("dataclass" in ast.dump(decorator) for decorator in cls.node.decorator_list)
    bases = [ast.dump(base) for base in cls.node.bases]
    return decorated or any("BaseModel" in base or "Serializable" in base for base in bases)


def literal_number(node: ast.expr | None) -> float | None:
    """The number that an expression is, None where it is no number written out."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = literal_number(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
        return float(node.value)
    return None
