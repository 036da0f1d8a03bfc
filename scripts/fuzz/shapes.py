"""Texts of an ill shape and size: python -m scripts.fuzz.shapes [--seconds 60] [--encoder patterns|full|small].

Huge, binary, no UTF-8, nested deeply, right-to-left, combining, zero-width, a megabyte without a space. Each is tried with a value planted
in front, in the middle and at the end. Time may grow with the length and no faster; memory is looked at when all is done.
"""

from __future__ import annotations

import argparse
import random
import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scripts.fuzz.properties import PLANTED, finder, holds, holds_as_json
from scripts.fuzz.tally import ENCODERS, Tally, dice, run
from tidegate.privacy.detect import Detector

MOST_MB = {
    "patterns": 400,
    "full": 500,
    "small": 500,
}  # more than before the first text; a megabyte of text is held a few times over


@dataclass(frozen=True, slots=True)
class Shape:
    """`unit` is repeated. `long`: characters for patterns; `short`: for the encoder, which reads each sign by itself."""

    name: str
    unit: str
    long: int = 60_000
    short: int = 1_500


_BINARY = bytes(range(256))
SHAPES = (
    Shape("a word of a megabyte", "a", 1_000_000, 1_000_000),
    Shape("an accented word", "é", 1_000_000, 20_000),
    Shape("nothing but overrides", "\u202e", 1_000_000, 100_000),
    Shape("zero-width", "\u200b", 300_000, 100_000),
    Shape("zero-width joined", "A\u200bn\u200bn\u200ba\u200d "),
    Shape("combining, stacked", "e" + "\u0301" * 400),
    Shape("combining, each", "e\u0301a\u0308"),
    Shape("right to left", "\u202eשלום עולם "),
    Shape("isolates never closed", "\u2067\u2066مرحبا"),
    Shape("Chinese", "漢字"),
    Shape("families", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
    Shape("astral letters", "\U0001d4d0\U0001d4f7"),
    Shape("all bytes as latin-1", _BINARY.decode("latin-1")),
    Shape("all bytes, replaced", _BINARY.decode("utf-8", "replace")),
    Shape("all bytes, escaped as Python does", _BINARY.decode("utf-8", "backslashreplace")),
    Shape("null bytes", "\x00", 300_000, 20_000),
    Shape("digits", "1", 300_000, 20_000),
    Shape("mail without an end", "a@"),
    Shape("dots", "J.o.h.n."),
    Shape("percent", "%41%6e%6e%61"),
    Shape("escapes", "\\u0041"),
    Shape("base64", "QW5uYSBCZXJn"),
    Shape("camel", "AnnaBerg_"),
    Shape("brackets of placeholders", "[PERSON_1·"),
    Shape("armour that never ends", "-----BEGIN PRIVATE KEY-----\n"),
    Shape("lines", "\n", 300_000, 20_000),
    Shape("names and no names", "Anna Berg met Mr. Smith, 12 High Street. ", 300_000),
)
NESTED = ('{"a":', "}"), ("[", "]"), ('{"a":[', "]}")
DEPTHS = (60, 64, 65, 1_000, 50_000)


def texts(encoder: str) -> Iterator[tuple[str, bool]]:
    """Each text, and whether it is to be read as JSON."""
    for shape in SHAPES:
        size = shape.long if encoder == "patterns" else shape.short
        yield (shape.unit * (size // len(shape.unit) + 1))[:size], False
    depths = DEPTHS if encoder == "patterns" else DEPTHS[:4]
    for (opens, closes), depth in ((pair, depth) for pair in NESTED for depth in depths):
        yield opens * depth + '"\n\n"' + closes * depth, True
    for shape in SHAPES:
        body = (shape.unit * 40)[:400].replace("\\", "\\\\").replace('"', "").replace("\x00", "")
        yield f'{{"{body[:40]}": ["{body}", 1, null, {{"a": "{body[::-1]}"}}]}}', True


def planted(text: str, where: float, value: str) -> str:
    at = int(len(text) * where)
    return f"{text[:at]}\n\n{value}\n\n{text[at:]}"


def attempt(text: str, as_json: bool, rng: random.Random, tally: Tally, detector: Detector) -> None:
    """One shape, three places. Raises AssertionError."""
    cuts = [rng.randrange(1 << 20) for _ in range(4)]
    value = rng.choice(PLANTED)
    if as_json:
        tally.timed(text, lambda: holds_as_json(text, "", detector))
        tally.timed(text, lambda: holds(text, cuts, "", detector))
        return
    sure = "" if "BEGIN" in text else value
    for where in (0.0, 0.5, 1.0):
        whole = planted(text, where, value)
        tally.timed(whole, _holding(whole, cuts, sure, detector))


def _holding(text: str, cuts: list[int], value: str, detector: Detector) -> Callable[[], None]:
    return lambda: holds(text, cuts, value, detector)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--encoder", choices=ENCODERS, default="patterns")
    given = parser.parse_args()
    tally, detector = Tally("ill shapes", given.encoder), finder(given.encoder)
    all_texts = list(texts(given.encoder))
    before = _peak_mb()
    status = run(
        tally,
        lambda number: all_texts[number][0],
        lambda number, text: attempt(text, all_texts[number][1], dice(1, number), tally, detector),
        given.seconds,
        len(all_texts),
    )
    grown = _peak_mb() - before
    print(f"memory: {grown:.0f} MB more at its peak, of {MOST_MB[given.encoder]} allowed")
    return status or int(grown > MOST_MB[given.encoder])


if __name__ == "__main__":
    raise SystemExit(main())
