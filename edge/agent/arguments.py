"""Arguments as a model wrote them: read, checked against the tool's schema, and named by a digest of their meaning. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from edge.agent.values import Tool
from tidegate.chat import JSON
from tidegate.errors import BadConfig, BadRequest
from tidegate.signing.canonical import digest

MOST_BYTES = 65_536
MOST_DEPTH = 16
_SERVER_ONLY = ("pattern", "patternProperties", "format")  # a server's expression may take for ever


def parse(text: str) -> dict[str, JSON]:
    """The arguments as a value. Raises BadRequest: not an object, too large, too deep, or a number that JSON has not."""
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise _bad("the arguments are too large")
    try:
        found: JSON = json.loads(
            text or "{}", parse_constant=_constant, parse_float=_finite, object_pairs_hook=_once
        )
    except (ValueError, RecursionError) as error:
        raise _bad("the arguments are not valid JSON") from error
    if not isinstance(found, dict):
        raise _bad("the arguments are not a JSON object")
    if _depth(found) > MOST_DEPTH:
        raise _bad("the arguments are nested too deep")
    return found


def check(tool: Tool, arguments: dict[str, JSON]) -> None:
    """Raises BadRequest naming the place that the tool's schema refuses; values are not repeated."""
    import jsonschema

    schema = schema_of(tool)
    found = next(iter(jsonschema.Draft202012Validator(schema).iter_errors(arguments)), None)
    if found is not None:
        where = ".".join(map(str, found.absolute_path))
        raise _bad(f"{where or 'the arguments'}: refused by the schema's {found.validator!s}")


def schema_of(tool: Tool) -> dict[str, JSON]:
    """The schema that arguments are held to."""
    found = json.loads(tool.parameters)
    return found if isinstance(found, dict) else {"type": "object"}


def schema_text(given: object, where: str, *, foreign: bool = False, closed: bool = True) -> str:
    """A usable schema as text. Raises BadConfig: it is no schema of an object, or reaches out by a reference.

    A `foreign` one loses what could make the check itself run for ever. A `closed` one that lists its properties takes no
    others unless it says so.
    """
    import jsonschema

    found: JSON = json.loads(given) if isinstance(given, str) else json.loads(json.dumps(given))
    if not isinstance(found, dict):
        raise BadConfig(f"{where}: parameters: not a JSON Schema object", code="bad_tool_schema")
    schema: JSON = {"type": "object", "properties": {}, **found}
    if foreign:
        schema = _without(schema, _SERVER_ONLY)
    if not isinstance(schema, dict) or schema.get("type") != "object" or _depth(schema) > 2 * MOST_DEPTH:
        raise BadConfig(f"{where}: parameters: not the schema of an object", code="bad_tool_schema")
    if any(not reference.startswith("#") for reference in _references(schema)):
        raise BadConfig(f"{where}: parameters: a reference leads elsewhere", code="bad_tool_schema")
    if closed and isinstance(schema.get("properties"), dict):
        schema.setdefault("additionalProperties", False)
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise BadConfig(f"{where}: parameters: not a valid JSON Schema", code="bad_tool_schema") from error
    return json.dumps(schema, ensure_ascii=False)


def canonical_text(arguments: JSON) -> str:
    """One text per meaning: keys sorted, no spaces."""
    return json.dumps(arguments, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def call_digest(tool: str, arguments: JSON) -> str:
    """SHA-256 (64 hex digits) of the tool and its arguments: what an approval is bound to."""
    return digest("tidegate agent call v1", [tool, canonical_text(arguments)]).hex()


def _without(value: JSON, names: tuple[str, ...]) -> JSON:
    """The schema without these keywords; a property of that name is kept."""
    match value:
        case dict():
            kept: dict[str, JSON] = {}
            for name, inner in value.items():
                if name in ("properties", "$defs") and isinstance(inner, dict):
                    kept[name] = {key: _without(each, names) for key, each in inner.items()}
                elif name not in names:
                    kept[name] = _without(inner, names)
            return kept
        case list():
            return [_without(each, names) for each in value]
        case _:
            return value


def _references(value: JSON) -> Iterator[str]:
    match value:
        case dict():
            for name, inner in value.items():
                if name in ("$ref", "$dynamicRef", "$recursiveRef") and isinstance(inner, str):
                    yield inner
                else:
                    yield from _references(inner)
        case list():
            for inner in value:
                yield from _references(inner)
        case _:
            return


def _depth(value: JSON) -> int:
    """How deep lists and objects go; counted without recursion, so that a deep one cannot break the counter."""
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return deepest


def _constant(word: str) -> float:
    raise ValueError(word)


def _finite(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError("a number without end")
    return found


def _once(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    """An object whose keys are all different: two of one name would mean one thing to us and another to the tool."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key twice")
    return found


def _bad(message: str) -> BadRequest:
    return BadRequest(message, code="bad_arguments", param="arguments")
