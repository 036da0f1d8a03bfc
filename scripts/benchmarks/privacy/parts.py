"""What every measure of quality shares: what it adds to the report, the errors it notes, and figures as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from scripts.benchmarks.privacy.finders import Finder
from scripts.benchmarks.privacy.labels import classed
from scripts.benchmarks.privacy.report import Detail, Line, shown
from scripts.benchmarks.privacy.scoring import Figures, compare, figures, pairs
from scripts.benchmarks.privacy.values import Mark, Row

Found = dict[str, list[tuple[Mark, ...]]]  # by finder, one entry per row


@dataclass(frozen=True, slots=True)
class Part:
    """What one measure adds to the report."""

    lines: tuple[Line, ...]
    details: tuple[Detail, ...] = ()
    output: str = ""


@dataclass(frozen=True, slots=True)
class Errors:
    """Misses and false finds of ours, for whoever works on the detectors. Made-up text only; filled while measuring."""

    entries: list[tuple[str, str, str, str]] = field(default_factory=list)  # measure, group, what, text

    def note(self, measure: str, row: Row, found: Sequence[Mark], threshold: float = 0.5) -> None:
        taken = pairs(row.marks, found, threshold, typed=False)
        for at, mark in enumerate(row.marks):
            if at not in {a for a, _ in taken}:
                self.entries.append(
                    (measure, row.group, f"missed {mark.label} {row.text[mark.start : mark.end]!r}", row.text)
                )
        for by, mark in enumerate(found):
            if by not in {b for _, b in taken}:
                self.entries.append(
                    (measure, row.group, f"false {mark.label} {row.text[mark.start : mark.end]!r}", row.text)
                )


def ask(finders: Sequence[Finder], rows: Sequence[Row]) -> Found:
    texts = [row.text for row in rows]
    return {finder.name: finder.find(texts) for finder in finders}


def typed(rows: Sequence[Row], found: Sequence[Sequence[Mark]], threshold: float, beta: float) -> Figures:
    return figures(
        [
            compare(classed(row.marks), classed(marks), threshold, typed=True)
            for row, marks in zip(rows, found, strict=True)
        ],
        beta,
    )


def binary(rows: Sequence[Row], found: Sequence[Sequence[Mark]], threshold: float, beta: float) -> Figures:
    return figures(
        [compare(row.marks, marks, threshold, typed=False) for row, marks in zip(rows, found, strict=True)],
        beta,
    )


def with_precision(one: Figures) -> str:
    return f"{shown(one.f)} (P {one.precision.value:.2f}, R {one.recall.value:.2f})"


def recall_with_precision(one: Figures) -> str:
    return f"{shown(one.recall)} (P {one.precision.value:.2f})"
