"""Changes one line of a settings file and nothing else: comments, order and spacing stay. Pure: text in, text out.

The result is read again, and must say exactly what the old one said but for that one key; otherwise a person is asked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping

from tidegate.errors import BadConfig

_TABLE = re.compile(r"^\s*\[(?P<name>[^\[\]]+)\]\s*(?:#.*)?$")


def with_value(text: str, table: str, key: str, value: str | None) -> str:
    """`text` with `[table] key = "value"`; None takes the key away. Raises BadConfig (config_syntax, config_by_hand)."""
    before = _parsed(text)
    wanted = _changed(before, table, key, value)
    if wanted == before:
        return text
    after = _edited(text.splitlines(keepends=True), table, key, value)
    if _parsed(after, strict=False) != wanted:
        raise BadConfig(
            f"the settings file is written in a way in which [{table}] {key} cannot be changed safely; it was left alone",
            code="config_by_hand",
            hint=f"write it by hand: under [{table}]: {line(key, value)}",
        )
    return after


def line(key: str, value: str | None) -> str:
    """The one line, as TOML."""
    return f"{key} = {_quoted(value)}" if value is not None else f"(no {key})"


def value_of(text: str, table: str, key: str) -> str:
    """What the file says; empty when it says nothing, or nothing readable."""
    try:
        found = tomllib.loads(text).get(table, {})
    except tomllib.TOMLDecodeError:
        return ""
    value = found.get(key, "") if isinstance(found, dict) else ""
    return value if isinstance(value, str) else ""


def _edited(lines: list[str], table: str, key: str, value: str | None) -> str:
    start, end = _section(lines, table)
    new = [] if value is None else [line(key, value) + "\n"]
    if start is None:
        gap = ["\n"] if lines and lines[-1].strip() else []
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        return "".join([*lines, *gap, f"[{table}]\n", *new])
    there = re.compile(rf"^\s*{re.escape(key)}\s*=")
    for at in range(start + 1, end):
        if there.match(lines[at]):
            return "".join([*lines[:at], *new, *lines[at + 1 :]])
    if not lines[start].endswith("\n"):
        lines[start] += "\n"
    return "".join([*lines[: start + 1], *new, *lines[start + 1 :]])


def _section(lines: list[str], table: str) -> tuple[int | None, int]:
    """Where `[table]` stands and where the next table begins."""
    start: int | None = None
    for at, text in enumerate(lines):
        found = _TABLE.match(text)
        if start is not None and text.lstrip().startswith("["):
            return start, at
        if start is None and found is not None and found["name"].strip() == table:
            start = at
    return start, len(lines)


def _parsed(text: str, *, strict: bool = True) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        if not strict:
            return {}
        raise BadConfig(
            f"the settings file is not valid TOML: {error}; it was left alone", code="config_syntax"
        ) from error


def _changed(tree: Mapping[str, object], table: str, key: str, value: str | None) -> dict[str, object]:
    old = tree.get(table, {})
    inner = {name: said for name, said in old.items() if name != key} if isinstance(old, dict) else {}
    if value is not None:
        inner[key] = value
    if table not in tree and not inner:
        return dict(tree)
    return {**tree, table: inner}


def _quoted(value: str) -> str:
    """A TOML basic string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'
