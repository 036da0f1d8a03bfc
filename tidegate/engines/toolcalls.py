"""What a model wrote, read as text and tool calls. Pure; never raises on a model's output.

Two families, one reader: `<tool_call>{json}` one after another (the embedded models) and
`<tool_call>\\n{json}\\n</tool_call>` (Hermes, Qwen). `<|pass|>` means "not for me".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tidegate.chat import JSON, Tool, ToolCall
from tidegate.engines.template import schema_types

OPEN, CLOSE, PASS = "<tool_call>", "</tool_call>", "<|pass|>"
MAX_CALLS = 16
_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"\s*")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?")


@dataclass(frozen=True, slots=True)
class Parsed:
    """`text` is left for the reader. `broken`: it tried to call a tool and failed, so the text is not an answer."""

    text: str = field(repr=False)
    calls: tuple[ToolCall, ...] = ()
    passed: bool = False
    broken: bool = False


def parse(raw: str, tools: Sequence[Tool], new_id: Callable[[], str]) -> Parsed:
    """Reads a model's output. A call that is not JSON, names no offered tool or is one too many: all stays text."""
    if raw.strip().startswith(PASS):
        return Parsed("", passed=True)
    if OPEN not in raw:
        return Parsed(raw)
    before, _, rest = raw.partition(OPEN)
    offered = {tool.name: tool for tool in tools}
    calls: list[ToolCall] = []
    while True:
        found = _call(rest, offered)
        if found is None or len(calls) == MAX_CALLS:
            return Parsed(raw, broken=True)
        name, arguments, rest = found
        calls.append(ToolCall(new_id(), name, arguments))
        between, opened, rest = rest.partition(OPEN)
        if not opened:
            return Parsed((before.rstrip() + between).strip(), tuple(calls))
        if between.strip():
            return Parsed(raw, broken=True)


def _call(text: str, offered: Mapping[str, Tool]) -> tuple[str, str, str] | None:
    """The first call in `text` as name, JSON arguments and what follows; None when there is no good one."""
    value, end = _json(text)
    if not isinstance(value, dict):
        return None
    name, arguments = value.get("name"), value.get("arguments", value.get("parameters", {}))
    if isinstance(arguments, str):
        arguments, _ = _json(arguments)
    if not isinstance(name, str) or name not in offered or not isinstance(arguments, dict):
        return None
    types = schema_types(offered[name])
    fitted = {key: coerced(item, types.get(key, "")) for key, item in arguments.items()}
    rest = text[end:].lstrip()
    return name, json.dumps(fitted, ensure_ascii=False), rest.removeprefix(CLOSE)


def _json(text: str) -> tuple[JSON, int]:
    """The JSON value at the start of `text` and where it ends; None at 0 when there is none."""
    space = _SPACE.match(text)
    start = space.end() if space else 0
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None, 0
    return value, end


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
        case "string", bool():
            return "true" if value else "false"
        case "string", int() | float():
            return str(value)
        case _:
            return value
