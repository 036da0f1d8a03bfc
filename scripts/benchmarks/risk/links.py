"""Flapping links in figures: nobody waits past a deadline, the state settles, nothing is told to strangers; and what that costs."""

from __future__ import annotations

from collections.abc import Iterator

from edge.routing.link import Habits
from scripts.benchmarks.risk.flapping import HABITS, runs
from scripts.evaluation.intervals import wilson
from scripts.evaluation.rows import Bar, Row, Unit

NEVER = 10**9
TRUSTING = Habits(
    few=NEVER, many=NEVER, settle_s=0.0
)  # without the table: whatever happens, the cloud is asked


def rows(traces: int) -> Iterator[Row]:
    """Of so many traces of a minute each."""
    seen = [told for _, told in runs(traces)]
    asked = sum(len(told.waits) for told in seen)
    note = f"{traces} seeded traces, {asked} requests"
    none = Bar(0.0, at_least=False)
    late, moves = sum(told.late for told in seen), sum(len(told.moves) for told in seen)
    yield Row("link", "requests past their deadline", wilson(late, asked), Unit.SHARE, none, note)
    hasty = sum(told.hasty(HABITS.settle_s) for told in seen)
    yield Row("link", "changes of state too soon", wilson(hasty, moves), Unit.SHARE, none, f"{moves} changes")
    calls, leaks = sum(told.calls for told in seen), sum(told.leaks for told in seen)
    yield Row(
        "link", "sent after a stranger's answer", wilson(leaks, calls), Unit.SHARE, none, f"{calls} calls"
    )
    plain = [told for _, told in runs(traces, habits=TRUSTING)]
    for name, found in (("with the table", seen), ("without it", plain)):
        vain = wilson(sum(told.in_vain for told in found), asked)
        waited = sum(wait for told in found for wait, _ in told.waits) / max(asked, 1)
        came = sum(told.answered for told in found) / max(asked, 1)
        about = f"mean wait {waited:.2f} s, {100 * came:.0f} % answered by the cloud in time"
        yield Row("link", f"waited in vain, {name}", vain, Unit.SHARE, None, about, detail=True)
