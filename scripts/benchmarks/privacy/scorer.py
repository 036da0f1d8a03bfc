"""The field's own scorer: presidio-evaluator's SpanEvaluator, run in the peers' environment, on two sets.

"Their generator": sentences by the generator, templates and names that the package ships, seeded here. The project's published file
is not used; no sentence of either was read while building detectors, and no errors of this set are ever listed. Values that were missed
in two other seeds were (decision 0045). "Own": templates and values of this project. A file in their format can be given instead (`--their-file`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.benchmarks.privacy.finders import OURS, Finder
from scripts.benchmarks.privacy.labels import in_their_words
from scripts.benchmarks.privacy.parts import Errors, Part
from scripts.benchmarks.privacy.peers import Peer
from scripts.benchmarks.privacy.report import Detail, Line, judged, shown
from scripts.benchmarks.privacy.scoring import figures
from scripts.benchmarks.privacy.values import Mark, Row
from scripts.evaluation.intervals import Matches
from tidegate.chat import JSON

IOU, BETA, BAR = 0.75, 2.0, 0.92


@dataclass(frozen=True, slots=True)
class Scored:
    """What the scorer said of one finder: its own three figures, counts per row, counts per kind (right, found, wanted)."""

    precision: float
    recall: float
    f: float
    per_row: tuple[Matches, ...]
    per_type: dict[str, Matches]


def their_rows(scorer: Peer, seed: int, count: int) -> list[Row]:
    """Sentences by their generator, in the peers' environment. Dates relative to today differ between days, nothing else does."""
    return [_row(one) for one in _list(scorer.ask("their_set", seed=seed, count=count))]


def rows_of_file(path: Path) -> list[Row]:
    """A set in presidio-research's JSON format. Raises OSError, ValueError, KeyError."""
    return [
        Row(
            one["full_text"],
            tuple(Mark(s["start_position"], s["end_position"], s["entity_type"]) for s in one["spans"]),
        )
        for one in json.loads(path.read_bytes())
    ]


def score(scorer: Peer, rows: Sequence[Row], found: Sequence[Sequence[Mark]]) -> Scored:
    """Their evaluator over all rows."""
    asked: list[JSON] = [
        {"text": row.text, "wanted": _json(in_their_words(row.marks)), "found": _json(in_their_words(marks))}
        for row, marks in zip(rows, found, strict=True)
    ]
    answer = scorer.ask("score", rows=asked, iou=IOU, beta=BETA)
    assert isinstance(answer, dict)
    kinds = answer["per_type"]
    assert isinstance(kinds, dict)
    return Scored(
        float(str(answer["precision"])),
        float(str(answer["recall"])),
        float(str(answer["f"])),
        tuple(_matches(one) for one in _list(answer["per_row"])),
        {kind: _matches(one) for kind, one in kinds.items()},
    )


def measure(
    scorer: Peer,
    finders: Sequence[Finder],
    rows: Sequence[Row],
    name: str,
    over: str,
    said: Callable[[str], None],
) -> tuple[Part, dict[str, list[tuple[Mark, ...]]]]:
    """The line of the bar table, the table per kind, the scorer's words; and the finds, for tables of errors elsewhere."""
    texts = [row.text for row in rows]
    found = {finder.name: finder.find(texts) for finder in finders}
    scored = {}
    for who, marks in found.items():
        said(f"{name}: scoring {who}")
        scored[who] = score(scorer, rows, marks)
    cells = {who: _cell(one) for who, one in scored.items()}
    mine = figures(scored[OURS].per_row, BETA).f
    met, verdict = judged(mine, BAR)
    line = Line(name, f"F2 {BAR:g}", cells.pop(OURS), met, verdict, cells, over)
    note = "F2 by the scorer's own counts of right, found and wanted; a dash where a kind is absent. IoU .75, kinds must agree."
    return Part(
        (line,), (Detail(f"{name}: per kind", note, *_kinds(scored)),), _words(name, over, scored)
    ), found


def errors_of(rows: Sequence[Row], found: Sequence[Sequence[Mark]], errors: Errors) -> None:
    """For own sets only."""
    for row, marks in zip(rows, found, strict=True):
        errors.note("own synthetic set", row, marks, IOU)


def _kinds(scored: dict[str, Scored]) -> tuple[list[str], list[list[str]]]:
    kinds = sorted({kind for one in scored.values() for kind, m in one.per_type.items() if m.wanted})
    table = []
    for kind in kinds:
        wanted = max(one.per_type[kind].wanted for one in scored.values() if kind in one.per_type)
        table.append([kind, str(wanted), *(_one_kind(one.per_type.get(kind)) for one in scored.values())])
    return ["kind", "wanted", *scored], table


def _one_kind(m: Matches | None) -> str:
    if m is None or not m.wanted:
        return "–"
    precision, recall = m.right / m.found if m.found else float("nan"), m.right / m.wanted
    f = (1 + BETA**2) * m.right / (m.found + BETA**2 * m.wanted)
    return f"{f:.2f} (P {precision:.2f}, R {recall:.2f})" if m.found else f"{f:.2f} (R {recall:.2f})"


def _cell(one: Scored) -> str:
    intervals = figures(one.per_row, BETA)
    return f"{shown(intervals.f)} (P {one.precision:.2f}, R {one.recall:.2f})"


def _words(name: str, over: str, scored: dict[str, Scored]) -> str:
    lines = [
        f"{name} ({over}): SpanEvaluator(iou_threshold={IOU}).calculate_score_on_df(frame, beta={BETA:g})",
        f"  {'':26}{'pii_precision':>14}{'pii_recall':>12}{'pii_f':>8}",
    ]
    lines += [f"  {who:26}{one.precision:14.3f}{one.recall:12.3f}{one.f:8.3f}" for who, one in scored.items()]
    return "\n".join(lines)


def _row(one: JSON) -> Row:
    assert isinstance(one, dict)
    marks = [_list(mark) for mark in _list(one["marks"])]
    return Row(
        str(one["text"]),
        tuple(Mark(int(str(start)), int(str(end)), str(label)) for start, end, label in marks),
    )


def _json(marks: Sequence[Mark]) -> list[JSON]:
    return [[mark.start, mark.end, mark.label, mark.score] for mark in marks]


def _matches(one: JSON) -> Matches:
    right, found, wanted = (int(str(count)) for count in _list(one))
    return Matches(right, found, wanted)


def _list(value: JSON) -> list[JSON]:
    assert isinstance(value, list)
    return value
