"""What a model wrote, read as text and calls of offered tools. Pure; never raises on a model's output.

How calls are written differs by family (`families`). `<|pass|>` means "not for me".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tidegate.chat import JSON, Tool, ToolCall
from tidegate.engines.families import Family, read, value_at
from tidegate.engines.template import schema_types

PASS = "<|pass|>"
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?")


@dataclass(frozen=True, slots=True)
class Parsed:
    """`text` is left for the reader. `broken`: it tried to call a tool and failed, so the text is not an answer."""

    text: str = field(repr=False)
    calls: tuple[ToolCall, ...] = ()
    passed: bool = False
    broken: bool = False


def parse(
    raw: str, tools: Sequence[Tool], new_id: Callable[[], str], family: Family = Family.HERMES
) -> Parsed:
    """Reads a model's output. A call that is not one, names no offered tool or is one too many: all stays text."""
    said = raw.strip()
    if said.startswith(PASS) or said.endswith(
        PASS
    ):  # at the end: it thought better of what it began to write
        return Parsed("", passed=True)
    found = read(raw, family)
    if found is None:
        return Parsed(raw, broken=True)
    offered = {tool.name: tool for tool in tools}
    calls: list[ToolCall] = []
    for name, arguments in found.calls:
        if name not in offered or not isinstance(arguments, dict):
            return Parsed(raw, broken=True)
        types = schema_types(offered[name])
        fitted = {key: coerced(item, types.get(key, "")) for key, item in arguments.items()}
        calls.append(ToolCall(new_id(), name, json.dumps(fitted, ensure_ascii=False)))
    return Parsed(found.text, tuple(calls))


def coerced(value: JSON, kind: str) -> JSON:
    """An argument as its schema type wants it, when that loses nothing; otherwise unchanged."""
    match kind, value:
        case "integer", str() if _INTEGER.fullmatch(value.strip()):
            return int(value)
        case "integer", float() if value.is_integer():
            return int(value)
        case "number", str() if _NUMBER.fullmatch(value.strip()):
            return float(value) if "." in value else int(value)
        case "boolean", str() if value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        case "object" | "array", str() if value.strip()[:1] in ("{", "["):
            found, _ = value_at(value)
            return value if found is None else found
        case "string", bool():
            return "true" if value else "false"
        case "string", int() | float():
            return str(value)
        case _:
            return value
