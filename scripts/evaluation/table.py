"""The table as text, Markdown and JSON, and its place between two markers of a page. Pure but for `put`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from scripts.evaluation.intervals import Estimate
from scripts.evaluation.rows import Row, Section, bar_cell, figure_cell

HEAD = ("model", "measure", "figure [95 %]", "n", "bar", "", "note")
TOOL = "scripts/eval models"


def cells(row: Row) -> tuple[str, ...]:
    """The cells of a row, in the order of HEAD."""
    n = str(row.figure.n) if row.figure is not None and row.figure.n > 1 else ""
    name = f"· {row.measure}" if row.detail else row.measure
    return row.model, name, figure_cell(row), n, bar_cell(row), row.verdict, row.note


def text(rows: Iterable[Row]) -> str:
    """Columns of even width for a terminal."""
    lines = [HEAD, *map(cells, rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def markdown(rows: Sequence[Row], *, with_model: bool) -> str:
    """A Markdown table; the first column only where it tells rows apart."""
    skip = 0 if with_model else 1
    lines = [HEAD[skip:], ("---",) * (len(HEAD) - skip), *(cells(row)[skip:] for row in rows)]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def missed(rows: Iterable[Row]) -> tuple[int, int, int]:
    """How many bars were met, missed and not measured."""
    judged = [row for row in rows if row.bar is not None]
    met = sum(row.verdict.startswith("met") for row in judged)
    short = sum(row.verdict.startswith("missed") for row in judged)
    return met, short, len(judged) - met - short


def summary(rows: Sequence[Row]) -> str:
    """A sentence that hides none."""
    met, short, unknown = missed(rows)
    names = "; ".join(f"{row.model}, {row.measure}" for row in rows if row.verdict.startswith("missed"))
    gone = f" Missed: {names}." if names else ""
    return f"Bars met {met}, missed {short}, not measured {unknown}.{gone}"


def as_json(sections: Sequence[Section], facts: Mapping[str, str | int]) -> str:
    """Everything for a program; what is not a number is null."""
    found = [
        {
            "model": row.model,
            "measure": row.measure,
            "detail": row.detail,
            "unit": row.unit.value,
            **_numbers(row.figure),
            "bar": None if row.bar is None else {"value": row.bar.value, "at_least": row.bar.at_least},
            "verdict": row.verdict,
            "note": row.note,
        }
        for section in sections
        for row in section.rows
    ]
    return json.dumps({"machine": dict(facts), "rows": found}, indent=1, ensure_ascii=False) + "\n"


def _numbers(figure: Estimate | None) -> dict[str, float | int | None]:
    if figure is None:
        return {"value": None, "low": None, "high": None, "n": 0}
    known = [None if math.isnan(v) else v for v in (figure.value, figure.low, figure.high)]
    return {"value": known[0], "low": known[1], "high": known[2], "n": figure.n}


def marker(word: str, name: str) -> str:
    """The line that begins or ends the block of a model in a page."""
    return f"<!-- {TOOL}: {word} {name} -->"


def replaced(page: str, name: str, body: str) -> str:
    """The page with `body` between the markers of `name`; at its end, under a heading of its own, where it has none.

    Raises ValueError when only one marker is there, or they stand in the wrong order: nothing is guessed.
    """
    begin, end = marker("begin", name), marker("end", name)
    block = f"{begin}\n{body.strip()}\n{end}"
    begins, ends = page.count(begin), page.count(end)
    if begins == ends == 0:
        return f"{page.rstrip()}\n\n## {name.capitalize()}, measured by `{TOOL}`\n\n{block}\n"
    start, stop = page.find(begin), page.find(end)
    if begins != 1 or ends != 1 or stop < start:
        raise ValueError(f"the markers of {name} are damaged; leave one begin and one end, in this order")
    return page[:start] + block + page[stop + len(end) :]


def put(path: Path, name: str, body: str) -> None:
    """Writes `body` into a page. Raises ValueError as `replaced`, OSError."""
    path.write_text(replaced(path.read_text(encoding="utf-8"), name, body), encoding="utf-8")
