"""JSON through the redactor: all strings, keys and numbers as one flat text (so that context is kept), and back into shape."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from tidegate.chat import JSON
from tidegate.errors import BadRequest
from tidegate.privacy.cover import Cover, render_part
from tidegate.privacy.placeholders import LITERAL, Placeholder, next_placeholder
from tidegate.privacy.vault import Vault

DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Parsed:
    """A JSON value that was parsed (None is a value too)."""

    value: JSON


@dataclass(frozen=True, slots=True)
class Flat:
    """`text` holds every key and scalar on lines `key: value`; `leaves` says where each stands, in order of the walk."""

    text: str
    leaves: tuple[tuple[int, int], ...]


def parse(text: str) -> Parsed | None:
    """The JSON object or array in `text`, or None when it holds none (a bare scalar is treated as text)."""
    try:
        value: JSON = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return Parsed(value) if isinstance(value, dict | list) else None


def to_text(value: JSON) -> str:
    """Compact JSON, non-ASCII kept: placeholders stay readable."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def flatten(value: JSON) -> Flat:
    """All keys and scalars of `value` as one text. Raises BadRequest when nested deeper than DEEPEST."""
    parts: list[str] = []
    leaves: list[tuple[int, int]] = []
    length = 0
    for glue, leaf in _leaves(value, 0):
        leaves.append((length, length + len(leaf)))
        parts += (leaf, glue)
        length += len(leaf) + len(glue)
    return Flat("".join(parts), tuple(leaves))


def rebuild(value: JSON, flat: Flat, covered: Cover, vault: Vault) -> JSON:
    """`value` with every covered stretch of its flat text hidden."""
    return _Rebuild(flat, covered, vault).of(value)


def restore_json_text(text: str, vault: Vault) -> str:
    """Tool arguments (JSON text) with their values back, escaped as JSON needs it, private numbers as numbers again.

    Text that is not JSON is restored as text. Raises ForeignPlaceholder.
    """
    parsed = parse(text)
    return vault.restore(text) if parsed is None else to_text(restore_json(parsed.value, vault))


def restore_json(value: JSON, vault: Vault) -> JSON:
    """The same for a parsed value."""
    if isinstance(value, str):
        return _restored(value, vault)
    if isinstance(value, dict):
        return {vault.restore(key): restore_json(item, vault) for key, item in value.items()}
    if isinstance(value, list):
        return [restore_json(item, vault) for item in value]
    return value


def _restored(text: str, vault: Vault) -> JSON:
    found = next_placeholder(text)
    if isinstance(found, Placeholder) and (found.start, found.end) == (0, len(text)):
        entry = vault.entry(found)
        if entry.numeric:
            number: JSON = json.loads(entry.value)
            return number
    return vault.restore(text)


_NAMES_A_SCALAR, _NAMES_A_GROUP, _ENDS = ": ", " {\n", "\n"


def _leaves(value: JSON, depth: int) -> Iterator[tuple[str, str]]:
    """(what follows, text) of each leaf in the order of the walk; booleans and null have no text."""
    if depth > DEEPEST:
        raise BadRequest(f"JSON nested deeper than {DEEPEST}", code="json_too_deep")
    if isinstance(value, dict):
        for name, item in value.items():
            first = item[0] if isinstance(item, list) and item else item
            yield (_NAMES_A_GROUP if isinstance(first, dict | list) else _NAMES_A_SCALAR, name)
            yield from _leaves(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, depth + 1)
    elif isinstance(value, str):
        yield (_ENDS, value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield (_ENDS, json.dumps(value))


class _Rebuild:
    """The walk again, in the same order, taking each leaf's hidden form."""

    def __init__(self, flat: Flat, covered: Cover, vault: Vault) -> None:
        self._flat = flat
        self._vault = vault
        self._pieces = list(covered.pieces())
        self._ends = [end for _, end, _ in self._pieces]
        self._next = 0

    def of(self, value: JSON) -> JSON:
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, list):
            return [self.of(item) for item in value]
        if isinstance(value, str):
            return self._text()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(value)
        return value

    def _object(self, value: dict[str, JSON]) -> JSON:
        """Keys that are two spellings of one value would fall together: the second is hidden whole, letter by letter."""
        done: dict[str, JSON] = {}
        for name, item in value.items():
            key = self._text()
            done[key if key not in done else self._vault.hide(LITERAL, name)] = self.of(item)
        return done

    def _take(self) -> tuple[int, int, Iterator[tuple[int, int, str]]]:
        """The next leaf, and the covered stretches from the first that could touch it."""
        start, end = self._flat.leaves[self._next]
        self._next += 1
        return start, end, self._from(bisect_left(self._ends, start + 1))

    def _from(self, index: int) -> Iterator[tuple[int, int, str]]:
        while index < len(self._pieces):
            yield self._pieces[index]
            index += 1

    def _text(self) -> str:
        start, end, pieces = self._take()
        return render_part(self._flat.text, start, end, pieces, self._vault)

    def _number(self, value: int | float) -> JSON:
        start, end, pieces = self._take()
        first = next(pieces, None)
        touched = first is not None and first[0] < end
        return (
            self._vault.hide(first[2], self._flat.text[start:end], numeric=True)
            if first is not None and touched
            else value
        )
