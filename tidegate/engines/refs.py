"""References within a JSON schema, brought into the one form that llama.cpp's converter follows. Pure.

It follows `#/...` and nothing else, and does not look beside a `$ref`: a schema that is a reference with its definitions, which is how
a model of a tree is written (Pydantic's too), lost them.
"""

from __future__ import annotations

from collections.abc import Mapping

from tidegate.chat import JSON

ROOT = "tidegate-root"  # no definition of an application is called so
_HOME = f"#/$defs/{ROOT}"
_SHARED = ("$defs", "definitions")
_VALUES = ("enum", "const", "default", "examples")


class Astray(ValueError):
    """A reference leads out of the schema, to nothing, or to itself."""


def rooted(schema: Mapping[str, JSON]) -> dict[str, JSON]:
    """The schema with every reference as `#/...`, none at its root. Raises Astray."""
    found = homed(schema)
    target = found.get("$ref")
    if isinstance(target, str):
        found = {"anyOf": [{"$ref": target}], **{k: found[k] for k in _SHARED if k in found}}
    _require_ends(found)
    return found


def homed(schema: Mapping[str, JSON]) -> dict[str, JSON]:
    """The schema with what points at all of it (`#`) pointing at a definition of its own; its other keys stay."""
    if not _points_home(dict(schema)):
        return dict(schema)
    found = {key: _homed(value) if key != "$ref" or value != "#" else _HOME for key, value in schema.items()}
    kept = {key: value for key, value in found.items() if key not in _SHARED}
    defs = found.get("$defs")
    return {**found, "$defs": {**(defs if isinstance(defs, dict) else {}), ROOT: kept}}


def _points_home(value: JSON) -> bool:
    match value:
        case dict():
            return value.get("$ref") == "#" or any(
                _points_home(one) for key, one in value.items() if key not in _VALUES
            )
        case list():
            return any(map(_points_home, value))
        case _:
            return False


def _homed(value: JSON) -> JSON:
    match value:
        case dict():
            return {
                key: one if key in _VALUES else _HOME if (key, one) == ("$ref", "#") else _homed(one)
                for key, one in value.items()
            }
        case list():
            return [_homed(one) for one in value]
        case _:
            return value


def _require_ends(schema: dict[str, JSON]) -> None:
    """Raises Astray for a reference that leads, through references alone, nowhere or back to itself."""
    layer: list[JSON] = [schema]
    while layer:
        layer = [inner for one in layer for inner in _inner(one)]
        for one in layer:
            ref = one.get("$ref") if isinstance(one, dict) else None
            passed: set[str] = set()
            while isinstance(ref, str):
                if ref in passed:
                    raise Astray("a $ref points at itself")
                passed.add(ref)
                target = _at(schema, ref)
                ref = target.get("$ref") if isinstance(target, dict) else None


def _at(schema: JSON, ref: str) -> JSON:
    if not ref.startswith("#/"):
        raise Astray("a $ref leads out of the schema; only #/... is followed")
    place = schema
    for step in ref[2:].split("/"):
        if not isinstance(place, dict) or step not in place:
            raise Astray("a $ref leads to a definition that is not there")
        place = place[step]
    return place


def _inner(value: JSON) -> list[JSON]:
    match value:
        case dict():
            return [one for key, one in value.items() if key not in _VALUES]
        case list():
            return list(value)
        case _:
            return []
