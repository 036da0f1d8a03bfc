"""How finds are compared with gold, and the figures of that. Pure; intervals by scripts.evaluation.intervals.

Rule 1: a find is right when its intersection over union with a gold mark reaches the threshold; each counts once, best pairs first.
Rule 2: intervals resample rows, because the marks of one row are not independent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from scripts.benchmarks.privacy.values import Mark
from scripts.evaluation.intervals import Estimate, Matches, Rows, bootstrap


@dataclass(frozen=True, slots=True)
class Figures:
    """Precision, recall and F-beta of one finder on one set."""

    precision: Estimate
    recall: Estimate
    f: Estimate
    wanted: int


def iou(one: Mark, other: Mark) -> float:
    """Shared characters over all characters of both."""
    shared = min(one.end, other.end) - max(one.start, other.start)
    if shared <= 0:
        return 0.0
    return shared / (max(one.end, other.end) - min(one.start, other.start))


def joined(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Without overlaps, the way a redactor uses finds: where two overlap the surer, then the longer one stands."""
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda m: (-m.score, m.start - m.end, m.start)):
        if all(mark.end <= other.start or other.end <= mark.start for other in kept):
            kept.append(mark)
    return tuple(sorted(kept, key=lambda m: m.start))


def pairs(
    gold: Sequence[Mark], found: Sequence[Mark], threshold: float, *, typed: bool
) -> list[tuple[int, int]]:
    """Indices (gold, found) that belong together: best overlap first, each once; `typed` asks for the same label."""
    scored = [
        (overlap, at, by)
        for at, want in enumerate(gold)
        for by, find in enumerate(found)
        if (overlap := iou(want, find)) >= threshold
        and overlap > 0
        and (not typed or want.label == find.label)
    ]
    taken: list[tuple[int, int]] = []
    for _, at, by in sorted(scored, key=lambda one: (-one[0], one[1], one[2])):
        if all(at != a and by != b for a, b in taken):
            taken.append((at, by))
    return taken


def compare(gold: Sequence[Mark], found: Sequence[Mark], threshold: float, *, typed: bool) -> Matches:
    return Matches(len(pairs(gold, found, threshold, typed=typed)), len(found), len(gold))


def figures(matches: Sequence[Matches], beta: float) -> Figures:
    """Micro-averaged over rows. Precision of no finds and recall of no gold are not numbers."""
    table = np.array([(m.right, m.found, m.wanted) for m in matches], dtype=np.float64).reshape(-1, 3)

    def of(figure: int) -> Estimate:
        return bootstrap(len(table), lambda rows: _figure(table, rows, beta)[figure])

    return Figures(of(0), of(1), of(2), int(table[:, 2].sum()))


def _figure(
    table: np.ndarray[tuple[int, ...], np.dtype[np.float64]], rows: Rows, beta: float
) -> tuple[float, float, float]:
    right, found, wanted = (float(one) for one in table[rows].sum(axis=0))
    square = beta * beta
    below = found + square * wanted
    return (
        right / found if found else math.nan,
        right / wanted if wanted else math.nan,
        (1 + square) * right / below if below else math.nan,
    )


def covered(text: str, mark: Mark, found: Iterable[Mark]) -> float:
    """The share of a mark's letters and digits that finds cover; 1 for a mark without any."""
    inside = [at for at in range(mark.start, mark.end) if text[at].isalnum()]
    hidden = sum(any(one.start <= at < one.end for one in found) for at in inside)
    return hidden / len(inside) if inside else 1.0


def masked(text: str, found: Sequence[Mark]) -> str:
    """`text` with every find replaced by a block that no word contains."""
    pieces, position = [], 0
    for mark in joined(found):
        pieces += [text[position : mark.start], "█"]
        position = mark.end
    return "".join([*pieces, text[position:]])
