"""Pictures as SVG: answers by source over the hours, and the life of the link. Pure; colours are classes of the style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from edge.pages.seen import Hour, LinkSeen
from tidegate.clock import local_time
from tidegate.engines.seats import Seats
from tidegate.look.bars import Frame, ceiling

SOURCES = ("device", "cloud", "nobody")
_WIDTH, _HEIGHT = 720, 270
_FRAME = Frame(left=34, right=_WIDTH, top=12, base=240, gap=0.19)


def bars(hours: Sequence[Hour]) -> str:
    """Stacked bars, one per hour, oldest on the left."""
    top = ceiling(max((hour.total for hour in hours), default=0))
    wide = (_FRAME.right - _FRAME.left) / max(len(hours), 1)
    parts = [_FRAME.grid(top)]
    for place, hour in enumerate(hours):
        parts.append(_bar(hour, _FRAME.left + place * wide, wide, top))
    total = sum(hour.total for hour in hours)
    label = f"{total} answers in the last {len(hours)} hours, by who gave them"
    return (
        f'<svg class="bars" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def _bar(hour: Hour, x: float, wide: float, top: int) -> str:
    stack = _FRAME.stack(((source, hour.counts.get(source, 0)) for source in SOURCES), x, wide, top)
    when = local_time(hour.start)
    said = ", ".join(
        f"{hour.counts.get(source, 0)} {source}" for source in SOURCES if hour.counts.get(source)
    )
    label = f'<text class="hour" x="{x + wide / 2:.1f}" y="{_FRAME.base + 20}">{when}</text>'
    return f"<g><title>{when}: {said or 'none'}</title>{stack}{label}</g>"


def strip(link: LinkSeen, start: float, now: float) -> str:
    """The link from `start` to `now` as one band, a piece per state."""
    span = max(now - start, 1.0)
    moments = [(max(at, start), state) for at, state in link.changes]
    pieces = []
    for (at, state), (until, _) in zip(moments, [*moments[1:], (now, "")], strict=True):
        if until > at:
            x, wide = (at - start) / span * _WIDTH, (until - at) / span * _WIDTH
            pieces.append(
                f'<rect class="{escape(state)}" x="{x:.1f}" y="0" width="{max(wide, 1):.1f}" height="10">'
                f"<title>{escape(state)} from {local_time(at)}</title></rect>"
            )
    return (
        f'<svg class="strip" viewBox="0 0 {_WIDTH} 10" preserveAspectRatio="none" role="img" '
        f'aria-label="the link since {local_time(start)}: now {escape(link.state)}">{"".join(pieces)}</svg>'
    )


_ROW, _SLOT_HIGH, _BAND = 22, 14, 300


def slots(seats: Seats) -> str:
    """One band per sequence of the engine: filled as far as it holds tokens, the prompt that is still being read in a lighter tone."""
    rows = []
    for place, one in enumerate(seats.slots):
        y, size = place * _ROW, max(seats.context_tokens, 1)
        held = min(one.held / size, 1.0) * _BAND
        left = min(one.left / size, 1.0) * _BAND
        state = "spare" if one.spare else "busy" if one.busy else "idle"
        said = "keeps a prefix" if one.spare else state
        reads = f", {one.left} to be read" if one.left else ""
        rows.append(
            f"<g><title>{said}: {one.held} of {size} tokens{reads}</title>"
            f'<rect class="room" x="0" y="{y}" width="{_BAND}" height="{_SLOT_HIGH}" rx="4"/>'
            f'<rect class="held {state}" x="0" y="{y}" width="{held:.1f}" height="{_SLOT_HIGH}" rx="4"/>'
            f'<rect class="coming" x="{held:.1f}" y="{y}" width="{left:.1f}" height="{_SLOT_HIGH}"/>'
            f'<text x="{_BAND + 10}" y="{y + 11}">{one.held}</text></g>'
        )
    high = max(len(seats.slots) * _ROW - (_ROW - _SLOT_HIGH), _SLOT_HIGH)
    label = f"{seats.at_work} of {seats.places} slots are at work, {seats.waiting} requests wait"
    return (
        f'<svg class="slots" viewBox="0 0 {_BAND + 46} {high}" role="img" aria-label="{escape(label)}">'
        f"{''.join(rows)}</svg>"
    )
