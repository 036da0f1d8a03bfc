"""The ledger of the promise: what was promised, what was kept, what the checks found, each alarm, and the threshold now.

Read from the state folder, beside a running daemon or without one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from edge.config import EdgeConfig
from edge.promise.judgement import Line
from edge.promise.keeper import left, watching_id
from edge.promise.settings import stance_of
from edge.promise.stand import Stand
from edge.store.promises import Event, Origin, Outcome, PromiseStore, Watching
from tidegate.chat import JSON
from tidegate.clock import rfc3339
from tidegate.risk.calibrate import Calibration
from tidegate.risk.monitor import State, Watch
from tidegate.risk.terms import Terms, spoken, terms

_COLOUR = {State.KEEPING: "green", State.TIGHTENED: "yellow", State.STOPPED: "red"}
_WIDE = 30


@dataclass(frozen=True, slots=True)
class Sheet:
    """One line. `watch` is None while no request has come under it; then it stands on its terms alone."""

    line: Line
    terms: Terms
    saved: Watching | None
    watch: Watch | None
    events: tuple[Event, ...]
    outcomes: tuple[Outcome, ...]
    at_least: float = 0.0  # a threshold that was set beside the promise

    @property
    def stand(self) -> Stand:
        """The same as a request meets it."""
        return Stand(self.line, self.terms, self.state, self.keep_at)

    @property
    def state(self) -> State:
        if self.watch is not None:
            return self.watch.state
        return State.KEEPING if self.terms.holds else State.STOPPED

    @property
    def keep_at(self) -> float:
        return max(self.watch.keep_at if self.watch is not None else self.terms.keep_at, self.at_least)

    @property
    def alarms(self) -> int:
        return sum(1 for event in self.events if event.what == "alarm")

    @property
    def seen(self) -> float | None:
        """The wrong share that the audits show since the watch began; None before the first."""
        wealth = self.watch.wealth if self.watch is not None else None
        return wealth.estimate if wealth is not None and wealth.audits else None

    @property
    def towards_alarm(self) -> float:
        """0: no sign of a breach. 1: the alarm rings. The evidence against the promise on a logarithmic scale."""
        if self.watch is None:
            return 0.0
        return min(max(log(max(self.watch.wealth.total, 1.0)) / log(1 / self.watch.level), 0.0), 1.0)


def sheets(
    config: EdgeConfig, store: PromiseStore | None, calibration: Calibration | None
) -> tuple[Sheet, ...]:
    """A sheet for each line that was promised, with the watch of the model in use. Without a store nothing was kept yet."""
    events, found = store.events(1000) if store is not None else [], []
    stance = stance_of(config)
    for line in stance.promises.lines():
        on = terms(calibration, line.task, line.promise)
        saved = store.watching(watching_id(line, on)) if store is not None else None
        watch = left(saved, line, on, stance.audit) if saved is not None else None
        mine = tuple(event for event in events if event.line == line.key)
        outcomes = tuple(store.outcomes(line.key)) if store is not None else ()
        found.append(Sheet(line, on, saved, watch, mine, outcomes, stance.at_least))
    return tuple(found)


def told(sheet: Sheet) -> dict[str, JSON]:
    """For programs."""
    saved = sheet.saved
    return {
        **sheet.stand.told(),
        "kept": saved.kept if saved is not None else 0,
        "drawn": saved.drawn if saved is not None else 0,
        "found": {
            "right": saved.right if saved is not None else 0,
            "wrong": saved.wrong if saved is not None else 0,
            "undecided": saved.undecided if saved is not None else 0,
        },
        "wrong_share_seen": None if sheet.seen is None else round(sheet.seen, 4),
        "towards_alarm": round(sheet.towards_alarm, 3),
        "outcomes": _by_origin(sheet.outcomes),
        "events": [_told_event(event) for event in sheet.events],
    }


def show(found: Sequence[Sheet], console: Console | None = None) -> None:
    """For people."""
    console = console or Console()
    if not found:
        console.print(
            "nothing is promised on this device; `promise.wrong_at_most` in its settings does (docs/promise.md)"
        )
    for sheet in found:
        console.print(drawn(sheet))


def drawn(sheet: Sheet) -> Panel:
    """A sheet as a panel: the promise in a sentence, the counts as bars, the way to an alarm, what happened."""
    colour = _COLOUR[sheet.state]
    parts: list[Text | Table] = [Text(spoken(sheet.line.task, sheet.terms))]
    saved = sheet.saved
    if saved is not None and saved.kept:
        parts.append(_bars(sheet, saved))
    elif sheet.terms.holds:
        parts.append(Text("no answer has been kept under it yet", style="dim"))
    counts = Counter((str(o.origin), bool(o.wrong)) for o in sheet.outcomes)
    heard = [
        f"{origin}: {counts[str(origin), False]} right, {counts[str(origin), True]} wrong"
        for origin in Origin
        if counts[str(origin), False] + counts[str(origin), True]
    ]
    if heard:
        parts.append(Text("heard from " + "; ".join(heard)))
    parts += [_said(event) for event in sheet.events[:8]]
    keep = "nothing is kept" if sheet.keep_at > 1 else f"kept from P(right) {sheet.keep_at:.4f} on"
    title = f"{sheet.line.key}: [{colour}]{sheet.state}[/], {keep}"
    return Panel(Group(*parts), title=title, title_align="left", border_style=colour)


def _bars(sheet: Sheet, saved: Watching) -> Table:
    table = Table.grid(padding=(0, 2))
    most = max(saved.kept, 1)
    for name, count, colour in (
        ("kept", saved.kept, "green"),
        ("drawn for an audit", saved.drawn, "blue"),
        ("found right", saved.right, "green"),
        ("found wrong", saved.wrong, "red"),
        ("no verdict", saved.undecided, "dim"),
    ):
        table.add_row(name, Text("█" * _length(count, most), style=colour), f"{count}")
    allowed = sheet.line.promise.wrong_at_most
    if sheet.seen is not None:
        over = "red" if sheet.seen > allowed else "green"
        told = f"[{over}]{100 * sheet.seen:.2f} %[/] of {100 * allowed:g} % allowed"
        table.add_row("wrong, as audits show", "", told)
    table.add_row(
        "towards an alarm",
        Text("█" * _length(sheet.towards_alarm, 1.0) + "·" * (_WIDE - _length(sheet.towards_alarm, 1.0))),
        f"{100 * sheet.towards_alarm:.0f} %",
    )
    return table


def _length(count: float, most: float) -> int:
    return max(round(_WIDE * count / most), 1 if count else 0)


def _said(event: Event) -> Text:
    keep = "nothing is kept" if event.keep_at > 1 else f"kept from {event.keep_at:.4f} on"
    match event.what:
        case "alarm":
            said = f"ALARM: audits showed {100 * event.seen:.2f} % wrong; {event.state}, {keep}"
            return Text(f"{rfc3339(event.at)}  {said}", style="red")
        case "audits_stopped":
            said = "nothing more is audited: a budget for the cloud is spent; answers kept meanwhile are not watched"
            return Text(f"{rfc3339(event.at)}  {said}", style="yellow")
        case "audits_resumed":
            return Text(f"{rfc3339(event.at)}  audits go on", style="cyan")
        case "new_fit":
            return Text(f"{rfc3339(event.at)}  a new fit: {event.state}, {keep}", style="cyan")
        case _:
            return Text(f"{rfc3339(event.at)}  begun: {keep}", style="dim")


def _by_origin(outcomes: Sequence[Outcome]) -> dict[str, JSON]:
    counts: dict[str, JSON] = {}
    for origin in Origin:
        mine = [o for o in outcomes if o.origin is origin]
        wrong = sum(o.wrong for o in mine)
        counts[str(origin)] = {"right": len(mine) - int(wrong), "wrong": int(wrong)}
    return counts


def _told_event(event: Event) -> dict[str, JSON]:
    return {
        "at": rfc3339(event.at),
        "what": event.what,
        "state": event.state,
        "keep_at": None if event.keep_at > 1 else round(event.keep_at, 4),
        "wrong_share_seen": round(event.seen, 4),
    }
