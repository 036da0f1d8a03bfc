"""The ledger of the promise: what was promised, what was kept, what the checks found, each alarm, and the threshold now.

Read from the state folder, beside a running daemon or without one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from rich.console import Console, Group, JustifyMethod
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
_WIDE = 24  # of a bar: with its name and its number it fits a terminal of 80 columns
_EVENTS = 8  # shown for people


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
    def alarmed(self) -> bool:
        """Whether an alarm rang that no new fit has ended."""
        return self.terms.holds and self.state is not State.KEEPING

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
    console = console or Console(highlight=False)
    if not found:
        console.print(
            "nothing is promised on this device; `promise.wrong_at_most` in its settings does (docs/promise.md)"
        )
    for sheet in found:
        console.print(drawn(sheet))


def drawn(sheet: Sheet) -> Panel:
    """A sheet as a panel: the promise in a sentence, the counts as bars, the way to an alarm, what happened."""
    colour = _COLOUR[sheet.state] if sheet.terms.holds else "dim"
    parts: list[Text | Table] = [Text(spoken(sheet.line.task, sheet.terms))]
    saved = sheet.saved
    if saved is not None and saved.kept:
        parts += [Text(), _bars(sheet, saved)]
    elif sheet.terms.holds:
        parts.append(Text("no answer has been kept under it yet", style="dim"))
    heard = _heard(sheet.outcomes)
    if heard is not None:
        parts += [Text(), heard]
    if sheet.events:
        parts += [Text(), _history(sheet.events[:_EVENTS])]
    if len(sheet.events) > _EVENTS:
        parts.append(Text(f"and {len(sheet.events) - _EVENTS} earlier ones: --json", style="dim"))
    return Panel(Group(*parts), title=_title(sheet, colour), title_align="left", border_style=colour)


def _title(sheet: Sheet, colour: str) -> str:
    keep = "nothing is kept" if sheet.keep_at > 1 else f"kept from P(right) {sheet.keep_at:.4f} on"
    state = str(sheet.state) if sheet.terms.holds else "not possible"
    return f"{sheet.line.key}: [{colour}]{state}[/], {keep}"


def _bars(sheet: Sheet, saved: Watching) -> Table:
    """Counts of answers, each bar on its own scale: what was kept, and what became of those that were checked."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in _LEFT_THEN_NUMBERS[:2]:
        table.add_column(no_wrap=True, justify=justify)
    table.add_column(no_wrap=True)
    checked = saved.right + saved.wrong
    heard = max(sum(one.origin is Origin.AUDIT for one in sheet.outcomes), checked)
    waiting = max(saved.drawn - heard - saved.undecided, 0)
    of_kept, of_drawn = max(saved.kept, 1), max(saved.drawn, 1)
    for name, count, most, colour in (
        ("kept", saved.kept, of_kept, "green"),
        ("  drawn for a check", saved.drawn, of_kept, "blue"),
        ("checked: right", saved.right, of_drawn, "green"),
        ("checked: wrong", saved.wrong, of_drawn, "red"),
        ("checked: no verdict", saved.undecided, of_drawn, "dim"),
        ("checked: of an older threshold", heard - checked, of_drawn, "dim"),
        ("check under way", waiting, of_drawn, "dim"),
    ):
        if count or name in _ALWAYS:
            table.add_row(name, str(count), Text("█" * _length(count, most), style=colour))
    allowed = sheet.line.promise.wrong_at_most
    if sheet.seen is not None:
        over = "red" if sheet.seen > allowed else "green"
        shown = Text(f"{100 * sheet.seen:.2f} %", style=over)
        table.add_row("wrong of all kept, by checks", shown, f"of {100 * allowed:g} % allowed")
    towards = _length(sheet.towards_alarm, 1.0)
    bar = Text("█" * towards + "·" * (_WIDE - towards), style="red" if sheet.towards_alarm > 0.5 else "")
    table.add_row("evidence towards an alarm", f"{100 * sheet.towards_alarm:.0f} %", bar)
    return table


_ALWAYS = ("kept", "checked: right", "checked: wrong")


def _heard(outcomes: Sequence[Outcome]) -> Table | None:
    """Who judged drafts of this line, and how; None when nobody did."""
    counts = Counter((str(one.origin), bool(one.wrong)) for one in outcomes)
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in _LEFT_THEN_NUMBERS:
        table.add_column(no_wrap=True, justify=justify)
    for origin in Origin:
        right, wrong = counts[str(origin), False], counts[str(origin), True]
        if right + wrong:
            table.add_row(f"heard from {_ORIGINS[origin]}", f"{right} right", f"{wrong} wrong")
    return table if table.rows else None


_LEFT_THEN_NUMBERS: tuple[JustifyMethod, ...] = ("left", "right", "right")
_ORIGINS = {
    Origin.AUDIT: "checks by chance",
    Origin.CLOUD: "the cloud, on what was escalated",
    Origin.REVIEWER: "reviewers, on what was escalated",
    Origin.FEEDBACK: "applications (feedback)",
}


def _history(events: Sequence[Event]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column(ratio=1)
    for event in events:
        said, colour = _said(event)
        table.add_row(f"{rfc3339(event.at)[:16].replace('T', ' ')} UTC", Text(said, style=colour))
    return table


def _length(count: float, most: float) -> int:
    return max(round(_WIDE * min(count / most, 1.0)), 1 if count else 0)


def _said(event: Event) -> tuple[str, str]:
    """An event in words, and its colour."""
    keep = "nothing is kept" if event.keep_at > 1 else f"kept from {event.keep_at:.4f} on"
    match event.what:
        case "alarm":
            return f"ALARM: checks showed {100 * event.seen:.2f} % wrong; {event.state}, {keep}", "red"
        case "audits_stopped":
            said = "no more checks: a budget for the cloud is spent; answers kept meanwhile are not watched"
            return said, "yellow"
        case "audits_resumed":
            return "checks go on", "cyan"
        case "new_fit":
            return f"a new fit: {event.state}, {keep}", "cyan"
        case _:
            return f"begun: {keep}", "dim"


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
