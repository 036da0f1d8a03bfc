"""How this device does, as its fleet is told: counts of a day and the promises, without the name of an application. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edge.promise.keeper import Standing
from edge.promise.lines import CLASS, DEVICE
from edge.store.promises import Event, Happened
from tidegate.health import Health, PromiseLine, Scope

_SCOPES = {DEVICE: Scope.DEVICE, CLASS: Scope.CLASS}
_WAITING = ("queued", "sent", "held")


def health_of(
    answered: Mapping[tuple[str, str], int],
    spool: Mapping[str, int],
    standings: Iterable[Standing],
    events: Sequence[Event],
    now: float,
) -> Health:
    """`answered`: requests of the last day by (source, state); `events`: of the promise, the newest first."""
    by = {who: sum(n for (source, _), n in answered.items() if source == who) for who in _SOURCES}
    return Health(
        int(now),
        by["device"],
        by["cloud"],
        by["nobody"],
        sum(spool.get(state, 0) for state in _WAITING),
        spool.get("dead", 0),
        tuple(_line(one, events) for one in standings),
    )


_SOURCES = ("device", "cloud", "nobody")


def _line(one: Standing, events: Sequence[Event]) -> PromiseLine:
    alarms = [event for event in events if event.line == one.line.key and event.what is Happened.ALARM]
    saved = one.saved
    return PromiseLine(
        _SCOPES.get(one.line.scope, Scope.APPLICATION),
        one.line.task,
        one.watch.state,
        one.terms.holds,
        one.line.promise.wrong_at_most,
        saved.kept,
        saved.drawn,
        saved.right,
        saved.wrong,
        saved.undecided,
        len(alarms),
        int(alarms[0].at) if alarms else 0,
    )
