"""Recorded outcomes, parsed once: what was asked, how the local model did, how the strong one would have done.

Errors name the line and never show the prompt.
"""

from __future__ import annotations

import gzip
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from tidegate.errors import BadRequest

Id = str | int | float | None
MOST = 1e15  # of a feature, either way: the square of one beyond would not be a number
_GZIP = b"\x1f\x8b"


class Line(msgspec.Struct, frozen=True):
    """One line of recorded outcomes; other fields are ignored. Qualities are 0 (wrong) to 1 (right), or true and false."""

    prompt: str
    weak: float | bool
    id: Id = None
    strong: float | bool | None = None
    features: dict[str, float | bool | None] = msgspec.field(default_factory=dict)


class Question(msgspec.Struct, frozen=True):
    """One line to be scored; other fields are ignored."""

    prompt: str
    id: Id = None
    features: dict[str, float | bool | None] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`weak` and `strong`: quality 0..1; `strong` is None where the strong model was not asked."""

    prompt: str = field(repr=False)
    weak: float
    strong: float | None = None
    features: dict[str, float] = field(default_factory=dict)


def read_outcomes(path: Path) -> list[Outcome]:
    """All outcomes of a JSON-lines file, plain or gzip; blank lines are passed over. Raises BadRequest with the line."""
    try:
        with path.open("rb") as file:
            return list(parse_outcomes(lines(file)))
    except OSError as error:
        raise BadRequest(
            f"the outcomes in {path.name or path} cannot be read: {error.strerror or 'not a whole gzip file'}",
            code="no_outcomes",
        ) from error


def lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream, unpacked when it is gzip."""
    buffered = file if isinstance(file, io.BufferedReader) else io.BufferedReader(io.BytesIO(file.read()))
    if buffered.peek(2)[:2] == _GZIP:
        with gzip.open(buffered) as unpacked:
            yield from unpacked
        return
    yield from buffered


def parse_outcomes(raw: Iterable[bytes]) -> Iterator[Outcome]:
    """One outcome per line that is not blank. Raises BadRequest naming the line."""
    decoder = msgspec.json.Decoder(Line)
    for number, line in enumerate(raw, 1):
        if not line.strip():
            continue
        try:
            found = decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise bad_line(number, error, '{"id", "prompt", "weak", "strong"?, "features"?}') from error
        yield Outcome(
            found.prompt,
            _quality(found.weak, "weak", number),
            None if found.strong is None else _quality(found.strong, "strong", number),
            numbers(found.features),
        )


def numbers(features: dict[str, float | bool | None]) -> dict[str, float]:
    """The features that are finite numbers, at most MOST either way; null and not-a-number are as if absent."""
    return {
        name: min(max(float(value), -MOST), MOST)
        for name, value in features.items()
        if value is not None and math.isfinite(float(value))
    }


def bad_line(number: int, error: Exception, form: str) -> BadRequest:
    """What is wrong with a line. msgspec's messages name fields and types, not values."""
    reason = str(error) if isinstance(error, msgspec.ValidationError) else "not valid JSON"
    return BadRequest(f"line {number}: {reason}; expected {form}", code="bad_line", param=f"line {number}")


def _quality(value: float | bool, name: str, number: int) -> float:
    if not 0 <= float(value) <= 1:
        raise BadRequest(
            f"line {number}: {name} must lie between 0 (wrong) and 1 (right)",
            code="bad_line",
            param=f"line {number}",
        )
    return float(value)
