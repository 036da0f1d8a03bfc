"""Where text came from, carried with it. Text from outside can never raise what a call may do. Pure.

Two rules a reader could get wrong:
1. What a model writes has every origin of everything it had read, because an instruction in a tool's result can steer it.
2. A call's arguments are only as trusted as the words they are made of: an argument is the person's own when the person
   (or the operator) wrote it, or when the operator's schema lists it. Everything else a model wrote after it had read
   something from outside counts as derived from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from tidegate.chat import JSON

T = TypeVar("T")
U = TypeVar("U")

_WORD = re.compile(r"\w+", re.UNICODE)


class Origin(StrEnum):
    """Who wrote something."""

    PERSON = "person"  # the user, or the application in its user's name
    OPERATOR = "operator"  # system prompts and settings
    DEVICE = "device"  # Tidegate's own sentences
    MODEL = "model"  # the local model
    CLOUD = "cloud"  # the cloud tier: an adviser without authority
    OUTSIDE = "outside"  # tool results, passages, descriptions of MCP servers


TRUSTED = frozenset({Origin.PERSON, Origin.OPERATOR, Origin.DEVICE})
FOREIGN = frozenset({Origin.OUTSIDE, Origin.CLOUD})


@dataclass(frozen=True, slots=True)
class Tainted(Generic[T]):
    """A value and everybody who had a hand in it. There is no way to take an origin away."""

    value: T = field(repr=False)
    origins: frozenset[Origin]

    def map(self, change: Callable[[T], U]) -> Tainted[U]:
        """The changed value, with the same origins."""
        return Tainted(change(self.value), self.origins)

    @property
    def trusted(self) -> bool:
        return self.origins <= TRUSTED


class Exposure(StrEnum):
    """How far text from outside may have shaped a call; each is worse than the one before."""

    CLEAN = "clean"  # nothing from outside had been read
    EXPOSED = "exposed"  # something had, but every argument is in trusted words
    DERIVED = (
        "derived"  # an argument is in nobody's words but those from outside, or a model's after it read them
    )


def written(by: Origin, read: Iterable[Tainted[str]]) -> frozenset[Origin]:
    """The origins of what a model writes after it has read all that."""
    return frozenset({by}).union(*(said.origins for said in read))


def exposure(
    arguments: dict[str, JSON], proposed: frozenset[Origin], read: Iterable[Tainted[str]], schema: JSON
) -> Exposure:
    """How far text from outside may have shaped these arguments.

    `proposed` are the origins of the proposal itself; `schema` is the tool's, or None when a server wrote it.
    """
    pieces = tuple(read)
    if not (proposed | frozenset().union(*(one.origins for one in pieces))) & FOREIGN:
        return Exposure.CLEAN
    own = tuple(words(one.value) for one in pieces if one.trusted)
    if all(any(_within(leaf, text) for text in own) for leaf in _doubtful(arguments, schema)):
        return Exposure.EXPOSED
    return Exposure.DERIVED


def words(text: str) -> tuple[str, ...]:
    """The words of a text as they are compared: folded, without what stands between them."""
    return tuple(_WORD.findall(text.casefold()))


def _within(leaf: tuple[str, ...], text: tuple[str, ...]) -> bool:
    """Whether the words stand in the text one after another."""
    size = len(leaf)
    return any(text[at : at + size] == leaf for at in range(len(text) - size + 1))


def _doubtful(value: JSON, schema: JSON) -> Iterator[tuple[str, ...]]:
    """The leaves that somebody must have written: not true, false, null, and not words that the schema lists."""
    match value:
        case None | bool():
            return
        case dict():
            properties = schema.get("properties") if isinstance(schema, dict) else None
            known = properties if isinstance(properties, dict) else {}
            for name, inner in value.items():
                if name not in known:
                    yield words(name) or ("\0",)
                yield from _doubtful(inner, known.get(name))
        case list():
            items = schema.get("items") if isinstance(schema, dict) else None
            for inner in value:
                yield from _doubtful(inner, items)
        case _:
            if not _listed(value, schema):
                yield _leaf(value)


def _leaf(value: str | int | float) -> tuple[str, ...]:
    if isinstance(value, str):
        return words(value) or (("\0",) if value.strip() else ())  # marks alone are in nobody's words
    return words(f"{value:g}" if isinstance(value, float) else str(value))


def _listed(value: JSON, schema: JSON) -> bool:
    if not isinstance(schema, dict):
        return False
    choices = schema.get("enum")
    return (isinstance(choices, list) and value in choices) or (
        "const" in schema and schema["const"] == value
    )
