"""What is measured: a text, the private stretches in it, and what a finder said. Values and one reader of marked text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SETS = Path(__file__).with_name("sets")
_MARK = re.compile(r"\{([A-Z][A-Z_]+)\|([^{}|]*)\}")


@dataclass(frozen=True, slots=True)
class Mark:
    """`text[start:end]` in code points, its kind, and how sure the finder was (1 in gold)."""

    start: int
    end: int
    label: str
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """A text with every private stretch marked; `group` is the line of a table it is counted in."""

    text: str
    marks: tuple[Mark, ...]
    group: str = ""


def marked(line: str, group: str = "") -> Row:
    r"""A row from `Call {PERSON|Ana} on {PHONE_NUMBER|555 0100}`; `\n` and `\t` stand for a line break and a tab."""
    text, marks, position = "", [], 0
    line = line.replace("\\n", "\n").replace("\\t", "\t")
    for found in _MARK.finditer(line):
        text += line[position : found.start()]
        marks.append(Mark(len(text), len(text) + len(found[2]), found[1]))
        text += found[2]
        position = found.end()
    return Row(text + line[position:], tuple(marks), group)


def read_set(name: str) -> tuple[Row, ...]:
    """The rows of `sets/NAME.txt`: `[group]` lines head the rows below them; `#` lines and empty ones are skipped."""
    return tuple(parse_set((SETS / f"{name}.txt").read_text("utf-8")))


def parse_set(text: str) -> Iterator[Row]:
    group = ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]") and "|" not in line and " " not in line:
            group = line[1:-1]
            continue
        yield marked(line, group)
