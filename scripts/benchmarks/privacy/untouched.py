"""Text in which nothing is private: how often something is taken for private all the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks.privacy.clean import tokens
from scripts.benchmarks.privacy.finders import OURS, Finder
from scripts.benchmarks.privacy.labels import classed
from scripts.benchmarks.privacy.parts import Errors, Part, ask
from scripts.benchmarks.privacy.report import Detail, Line, judged, shown
from scripts.benchmarks.privacy.values import Row
from scripts.evaluation.intervals import Estimate, bootstrap

Counts = NDArray[np.float64]


def clean(finders: Sequence[Finder], rows: Sequence[Row], errors: Errors | None, *, half: str = "") -> Part:
    """Text without anything private: every find is a false one. `half` names the part of it; without `errors` none is listed."""
    found = ask(finders, rows)
    counts = np.array([tokens(row.text) for row in rows], dtype=np.float64)
    for row, marks in zip(rows, found[OURS], strict=True) if errors is not None else ():
        errors.note("clean text", row, marks)
    rates = {
        who: _rate(np.array([len(m) for m in marks], dtype=np.float64), counts)
        for who, marks in found.items()
    }
    groups = list(dict.fromkeys(row.group for row in rows))
    table = []
    for group in groups:
        inside = [at for at, row in enumerate(rows) if row.group == group]
        table.append(
            [
                group,
                f"{int(counts[inside].sum())}",
                *(
                    shown(
                        _rate(np.array([len(marks[at]) for at in inside], dtype=np.float64), counts[inside]),
                        1,
                    )
                    for marks in found.values()
                ),
            ]
        )
    mine = rates.pop(OURS)
    met, verdict = judged(mine, 2.0, at_least=False)
    line = Line(
        f"text without private parts{half}: false finds per 1,000 tokens",
        "under 2",
        shown(mine, 2),
        met,
        verdict,
        {who: shown(one, 2) for who, one in rates.items()},
        f"own, {int(counts.sum())} tokens in {len(groups)} kinds of text",
    )
    note = "False finds per 1,000 tokens (what spaces separate), per kind of text."
    return Part((line,), (Detail(f"False finds{half}", note, ["kind of text", "tokens", *found], table),))


def structured_only(finders: Sequence[Finder], texts: Sequence[str], over: str) -> Part:
    """Encyclopedic prose full of real names: only structured kinds can be false there, so only those are counted."""
    open_kinds = {"person", "place", "organisation", "nationality", "date", "age"}
    counts = np.array([tokens(text) for text in texts], dtype=np.float64)
    rates = {}
    for finder in finders:
        finds = [[m for m in classed(marks) if m.label not in open_kinds] for marks in finder.find(texts)]
        rates[finder.name] = _rate(np.array([len(one) for one in finds], dtype=np.float64), counts)
    mine = rates.pop(OURS)
    met, verdict = judged(mine, 2.0, at_least=False)
    line = Line(
        "encyclopedic prose: false structured finds per 1,000 tokens",
        "under 2",
        shown(mine, 2),
        met,
        verdict,
        {who: shown(one, 2) for who, one in rates.items()},
        over,
    )
    return Part((line,))


def _rate(
    finds: Counts,
    counts: Counts,
) -> Estimate:
    return bootstrap(len(finds), lambda rows: float(1000 * finds[rows].sum() / max(1.0, counts[rows].sum())))
