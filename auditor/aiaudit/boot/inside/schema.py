"""Values for a JSON schema, for services that ask a model for structured output."""

from __future__ import annotations

from typing import Any

_NULL = {"type": "null"}


def instance(schema: Any, root: Any, depth: int = 0) -> Any:
    """The plainest value that a schema within `root` allows, as far as the usual keywords tell."""
    if not isinstance(schema, dict) or depth > 20:
        return {}
    if "$ref" in schema:
        target = root
        for step in str(schema["$ref"]).split("/")[1:]:
            target = target.get(step, {}) if isinstance(target, dict) else {}
        return instance(target, root, depth + 1)
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    for choice in ("enum", "examples"):
        if schema.get(choice):
            return schema[choice][0]
    for variants in ("anyOf", "oneOf", "allOf"):
        if schema.get(variants):
            plainest = _NULL if _NULL in schema[variants] else schema[variants][0]
            return instance(plainest, root, depth + 1)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = "null" if "null" in kind else kind[0]
    if kind == "object" or "properties" in schema:
        properties: dict[str, Any] = schema.get("properties") or {}
        return {name: instance(properties.get(name), root, depth + 1) for name in schema.get("required", properties)}
    if kind == "array":
        return [instance(schema.get("items"), root, depth + 1) for _ in range(min(int(schema.get("minItems", 0)), 10))]
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    if kind == "string":
        return "stub".ljust(min(int(schema.get("minLength", 0)), 1000), ".")
    return {"boolean": False, "null": None}.get(str(kind), {})
