"""The figures as values, and as text: a table for the terminal, Markdown for the page, JSON for machines."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.evaluation.intervals import Estimate
from tidegate.chat import JSON


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bar table. `met` is None where the line is only shown."""

    measure: str
    bar: str
    ours: str
    met: bool | None
    verdict: str
    peers: Mapping[str, str] = field(default_factory=dict)
    over: str = ""  # the set, and how large it is


@dataclass(frozen=True, slots=True)
class Detail:
    """A table behind a line of the bar table."""

    title: str
    note: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Report:
    facts: Mapping[str, JSON]
    lines: Sequence[Line]
    details: Sequence[Detail]
    output: str = ""  # what the field's own scorer said, word for word


def shown(one: Estimate, digits: int = 3) -> str:
    """`0.912 [0.900, 0.925]`; a figure that does not exist is a dash."""
    if math.isnan(one.value):
        return "–"
    bounds = "" if math.isnan(one.low) else f" [{one.low:.{digits}f}, {one.high:.{digits}f}]"
    return f"{one.value:.{digits}f}{bounds}"


def judged(one: Estimate, bar: float, *, at_least: bool = True) -> tuple[bool, str]:
    """Whether the figure is on the right side of the bar, and whether its whole interval is."""
    if math.isnan(one.value):
        return False, "not measured"
    good = one.value >= bar if at_least else one.value <= bar
    low, high = (one.low, one.high) if not math.isnan(one.low) else (one.value, one.value)
    spans = low < bar < high
    return good, ("met" if good else "missed") + (", interval spans the bar" if spans else "")


def machine() -> dict[str, JSON]:
    """What the figures were made on, without naming the machine."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    return {
        "cpu": model,
        "cpus": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load": [round(one, 2) for one in os.getloadavg()],
    }


def columns(report: Report) -> list[str]:
    """Peers in the order in which they first appear."""
    return list(dict.fromkeys(name for line in report.lines for name in line.peers))


def markdown(report: Report, bench: str = "privacy") -> str:
    """Everything of a report as a page's text; `bench` is the command that made it."""
    peers = columns(report)
    heads = ["measure", "bar", "Tidegate", "", *peers, "over"]
    rows = [
        [
            line.measure,
            line.bar,
            line.ours,
            line.verdict,
            *(line.peers.get(name, "–") for name in peers),
            line.over,
        ]
        for line in report.lines
    ]
    facts = ", ".join(f"{key} {_plain(value)}" for key, value in report.facts.items())
    pieces = [f"Made by `scripts/bench {bench}`; {facts}.", _grid(heads, rows)]
    for detail in report.details:
        pieces += [f"### {detail.title}", detail.note, _grid(detail.columns, detail.rows)]
    if report.output:
        pieces += ["### The scorer's own output", f"```text\n{report.output}\n```"]
    return "\n\n".join(piece for piece in pieces if piece) + "\n"


def markers(bench: str) -> tuple[str, str]:
    """What stands around the figures in a page."""
    return f"<!-- bench {bench}: begin -->", f"<!-- bench {bench}: end -->"


def written(page: str, report: Report, bench: str = "privacy") -> str:
    """`page` with everything between the markers replaced. Raises ValueError when it has no such markers."""
    opening, closing = markers(bench)
    before, begin, rest = page.partition(opening)
    _, end, after = rest.partition(closing)
    if not begin or not end:
        raise ValueError("the page has no markers for the figures")
    return f"{before}{opening}\n\n{markdown(report, bench)}\n{closing}{after}"


def as_json(report: Report) -> dict[str, JSON]:
    return {
        "facts": dict(report.facts),
        "lines": [
            {
                "measure": line.measure,
                "bar": line.bar,
                "tidegate": line.ours,
                "met": line.met,
                "verdict": line.verdict,
                "peers": dict(line.peers),
                "over": line.over,
            }
            for line in report.lines
        ],
        "details": [
            {
                "title": one.title,
                "note": one.note,
                "columns": list(one.columns),
                "rows": [list(row) for row in one.rows],
            }
            for one in report.details
        ],
        "scorer": report.output,
    }


def _grid(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return "\n".join([line(heads), "|" + "---|" * len(heads), *map(line, rows)])


def _plain(value: JSON) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
