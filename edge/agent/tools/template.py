"""Texts with typed placeholders: `{room}` is an argument of that name. Each item of a command stays one item. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from urllib.parse import quote

from tidegate.chat import JSON
from tidegate.errors import BadConfig, BadRequest

_PART = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]")
_SCALARS = frozenset({"string", "integer", "number", "boolean"})
_CODE_FLAGS = frozenset({"-c", "-e", "--eval", "--command", "-ec", "-lc", "/c", "/C"})
_SHELLS = frozenset(
    {"sh", "bash", "dash", "zsh", "ksh", "fish", "csh", "tcsh", "cmd", "cmd.exe", "pwsh", "powershell"}
)


@dataclass(frozen=True, slots=True)
class Template:
    """A text in pieces: plain ones, and names of arguments."""

    pieces: tuple[tuple[bool, str], ...]  # (is a name, text)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(text for named, text in self.pieces if named)

    @property
    def alone(self) -> bool:
        """Whether it is one placeholder and nothing else."""
        return len(self.pieces) == 1 and self.pieces[0][0]


def template(text: str, schema: Mapping[str, JSON], where: str) -> Template:
    """The template, its placeholders checked against the schema. Raises BadConfig."""
    pieces: list[tuple[bool, str]] = []
    at = 0
    for found in _PART.finditer(text):
        pieces.append((False, text[at : found.start()]))
        at = found.end()
        if found[1]:
            _require_scalar(found[1], schema, where)
            pieces.append((True, found[1]))
        elif len(found[0]) == 2:
            pieces.append((False, found[0][0]))
        else:
            raise BadConfig(f"{where}: a lone brace in {text[:40]!r}", code="bad_template", hint="double it")
    pieces.append((False, text[at:]))
    return Template(tuple((named, piece) for named, piece in pieces if named or piece))


def command(items: Sequence[str], schema: Mapping[str, JSON], where: str) -> tuple[Template, ...]:
    """The items of an argument vector. Raises BadConfig for what would let an argument become code."""
    made = tuple(template(item, schema, where) for item in items)
    if not made or made[0].names:
        raise BadConfig(f"{where}: command: its first item names the program", code="bad_template")
    if PurePath(items[0]).name in _SHELLS and any(item.names for item in made):
        raise BadConfig(
            f"{where}: command: a shell would read arguments as code",
            code="shell_command",
            hint="name the program itself and give it an argument vector",
        )
    for before, item in zip(items, made[1:], strict=False):
        if item.names and before in _CODE_FLAGS:
            raise BadConfig(f"{where}: command: an argument inside code after {before}", code="shell_command")
    return made


def filled(items: Iterable[Template], arguments: Mapping[str, JSON]) -> list[str]:
    """The argument vector. An item with an argument that was not given is left out.

    Raises BadRequest for an argument that would be taken as an option, or that no command line can hold.
    """
    vector: list[str] = []
    for item in items:
        if not item.names <= arguments.keys():
            continue
        text = _joined(item, arguments)
        if "\0" in text:
            raise BadRequest("an argument holds a NUL byte", code="bad_arguments", param="arguments")
        if item.alone and text.startswith("-") and "--" not in vector and not _is_number(text):
            raise BadRequest("an argument begins like an option", code="bad_arguments", param="arguments")
        vector.append(text)
    return vector


def path(item: Template, arguments: Mapping[str, JSON]) -> str:
    """A path or query with every argument percent-encoded. Raises BadRequest for one that walks up."""
    parts: list[str] = []
    for named, text in item.pieces:
        if not named:
            parts.append(text)
            continue
        value = plain(arguments.get(text))
        if value in (".", ".."):
            raise BadRequest("an argument walks up the path", code="bad_arguments", param="arguments")
        parts.append(quote(value, safe=""))
    return "".join(parts)


def topic(item: Template, arguments: Mapping[str, JSON]) -> str:
    """An MQTT topic. Raises BadRequest for an argument that would be another level or a wildcard."""
    for name in item.names:
        if set(plain(arguments.get(name))) & set("/+#\0") or not plain(arguments.get(name)):
            raise BadRequest("an argument is no level of a topic", code="bad_arguments", param="arguments")
    return _joined(item, arguments)


def text(item: Template, arguments: Mapping[str, JSON]) -> str:
    """Any other text, with the arguments as they are."""
    return _joined(item, arguments)


def plain(value: JSON) -> str:
    """A scalar as people write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.15g}"
    return "" if value is None else str(value)


def _joined(item: Template, arguments: Mapping[str, JSON]) -> str:
    return "".join(plain(arguments.get(piece)) if named else piece for named, piece in item.pieces)


def _is_number(value: str) -> bool:
    return re.fullmatch(r"-\d+(?:\.\d+)?", value) is not None


def _require_scalar(name: str, schema: Mapping[str, JSON], where: str) -> None:
    properties = schema.get("properties")
    known = properties.get(name) if isinstance(properties, dict) else None
    if not isinstance(known, dict):
        raise BadConfig(
            f"{where}: {{{name}}} is no parameter", code="bad_template", hint="declare it under parameters"
        )
    kind = known.get("type")
    if kind not in _SCALARS and "enum" not in known and "const" not in known:
        raise BadConfig(
            f"{where}: {{{name}}} has no scalar type",
            code="bad_template",
            hint="string, integer, number or boolean",
        )
