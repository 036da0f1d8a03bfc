"""What is found, whole and under its right kind: cards and phones, everything with a checksum, mixed rows."""

from __future__ import annotations

from collections.abc import Sequence

from scripts.benchmarks.privacy.finders import OURS, Finder
from scripts.benchmarks.privacy.labels import classed
from scripts.benchmarks.privacy.parts import (
    Errors,
    Found,
    Part,
    ask,
    binary,
    recall_with_precision,
    typed,
    with_precision,
)
from scripts.benchmarks.privacy.report import Detail, Line, judged, shown
from scripts.benchmarks.privacy.scoring import compare
from scripts.benchmarks.privacy.values import Mark, Row
from scripts.evaluation.intervals import wilson


def of_type(
    finders: Sequence[Finder],
    rows: Sequence[Row],
    name: str,
    bar: float,
    *,
    beta: float,
    over: str,
    errors: Errors,
) -> Part:
    """One kind of value in its own sentences: F-beta with the right class at IoU .75."""
    found = ask(finders, rows)
    scored = {who: typed(rows, marks, 0.75, beta) for who, marks in found.items()}
    for row, marks in zip(rows, found[OURS], strict=True):
        errors.note(name, row, marks, 0.75)
    mine = scored.pop(OURS)
    met, verdict = judged(mine.f, bar)
    line = Line(
        name,
        f"F2 {bar:g}",
        with_precision(mine),
        met,
        verdict,
        {w: with_precision(f) for w, f in scored.items()},
        over,
    )
    return Part((line,))


def checksums(finders: Sequence[Finder], rows: Sequence[Row], errors: Errors) -> Part:
    """Every kind with a checksum, in a sentence that names it: found whole, under its own class."""
    found = ask(finders, rows)
    scored = {who: typed(rows, marks, 0.75, 1.0) for who, marks in found.items()}
    for row, marks in zip(rows, found[OURS], strict=True):
        errors.note("checksums", row, marks, 0.75)
    mine = scored.pop(OURS)
    met, verdict = judged(mine.recall, 1.0)
    line = Line(
        "types with checksums: recall",
        "1.0",
        recall_with_precision(mine),
        met,
        verdict,
        {who: recall_with_precision(one) for who, one in scored.items()},
        f"own, {len(rows)} values of {len({row.group for row in rows})} kinds",
    )
    return Part(
        (line,),
        (
            _per_group(
                "Types with checksums", "Found whole (IoU .75, right class), of how many.", rows, found
            ),
        ),
    )


def mixed(
    finders: Sequence[Finder],
    rows: Sequence[Row],
    title: str,
    over: str,
    errors: Errors,
    *,
    foreign: bool = False,
) -> Part:
    """Adversarial, ambiguous and contextual rows: F1 at IoU .5, kinds compared by class.

    `foreign`: rows marked by others, with fewer kinds than are looked for; finds of a class they never mark are left out.
    """
    found = ask(finders, rows)
    if foreign:
        found = {who: _of_marked_kinds(rows, every) for who, every in found.items()}
    scored = {who: typed(rows, marks, 0.5, 1.0) for who, marks in found.items()}
    for row, marks in zip(rows, found[OURS], strict=True):
        errors.note(title, row, marks)
    groups = list(dict.fromkeys(row.group for row in rows))
    table = []
    for group in [*groups, "all, any class"]:
        inside = [at for at, row in enumerate(rows) if row.group == group] or list(range(len(rows)))
        cells = []
        for every in found.values():
            chosen, said = [rows[at] for at in inside], [every[at] for at in inside]
            one = typed(chosen, said, 0.5, 1.0) if group in groups else binary(chosen, said, 0.5, 1.0)
            cells.append(with_precision(one))
        table.append([group, str(sum(len(rows[at].marks) for at in inside)), *cells])
    mine = scored.pop(OURS)
    met, verdict = judged(mine.f, 0.85)
    line = Line(
        title,
        "F1 .85",
        with_precision(mine),
        met,
        verdict,
        {who: with_precision(one) for who, one in scored.items()},
        over,
    )
    note = "F1 at IoU .5 with the right class (last line: any class); P and R are precision and recall."
    return Part((line,), (Detail(title, note, ["rows", "private stretches", *found], table),))


def _of_marked_kinds(rows: Sequence[Row], found: Sequence[Sequence[Mark]]) -> list[tuple[Mark, ...]]:
    known = {mark.label for row in rows for mark in classed(row.marks)}
    return [
        tuple(m for m, c in zip(marks, classed(marks), strict=True) if c.label in known) for marks in found
    ]


def _per_group(title: str, note: str, rows: Sequence[Row], found: Found) -> Detail:
    table = []
    for group in dict.fromkeys(row.group for row in rows):
        inside = [at for at, row in enumerate(rows) if row.group == group]
        cells = [group, str(len(inside))]
        for marks in found.values():
            right = sum(
                compare(classed(rows[at].marks), classed(marks[at]), 0.75, typed=True).right for at in inside
            )
            cells.append(shown(wilson(right, len(inside)), 2))
        table.append(cells)
    return Detail(title, note, ["kind", "values", *found], table)
