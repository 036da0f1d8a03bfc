"""Charts of the console, as SVG made of numbers and closed words. Pure."""

from __future__ import annotations

from cloud.observe.insight import Day, End
from cloud.observe.shares import Share

_WIDE, _HIGH, _LEFT, _BASE, _TOP = 900, 220, 40, 186, 12
_STEPS = (1, 2, 5)
ENDS = {
    End.RELEASED: "without a person",
    End.PERSON: "by a person",
    End.WAITING: "waiting",
    End.TURNED_DOWN: "turned down",
}


def ceiling(highest: int) -> int:
    """The round number at the top of the scale: 4 at least, then 5, 10, 20, 50, ..."""
    size = 1
    while True:
        for step in _STEPS:
            if step * size >= max(highest, 4):
                return max(step * size, 4)
        size *= 10


def days(found: tuple[Day, ...]) -> str:
    """Escalations per day, stacked by what became of them."""
    top = ceiling(max((day.total for day in found), default=0))
    step = (_WIDE - _LEFT) / max(len(found), 1)
    parts = [_grid(value, top) for value in (0, top // 2, top)]
    parts += [_bar(day, _LEFT + number * step, step, top) for number, day in enumerate(found)]
    total = sum(day.total for day in found)
    return (
        f'<svg class="days" viewBox="0 0 {_WIDE} {_HIGH}" role="img" aria-label="{total} escalations in {len(found)} days">'
        f"{''.join(parts)}</svg>"
    )


def interval(share: Share) -> str:
    """A share as a dot on a band from 0 to 100 %, with its interval as a line."""
    low, high, at = (round(100 * value, 1) for value in (share.low, share.high, share.value))
    label = f"{at:.0f} %, between {low:.0f} and {high:.0f} %"
    return (
        f'<svg class="interval" viewBox="0 0 100 10" role="img" aria-label="{label}"><title>{label}</title>'
        f'<rect class="room" width="100" height="10" rx="5"/><rect class="sure" x="{low}" y="3.5" '
        f'width="{max(high - low, 0.5):.1f}" height="3" rx="1.5"/><circle cx="{at}" cy="5" r="3.2"/></svg>'
    )


def _grid(value: int, top: int) -> str:
    y = _y(value, top)
    return (
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDE}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="scale" x="{_LEFT - 8}" y="{y + 4:.1f}">{value}</text>'
    )


def _bar(day: Day, x: float, step: float, top: int) -> str:
    below, drawn = 0, []
    for end in End:
        count = day.counts.get(end, 0)
        if count:
            y, high = _y(below + count, top), _y(below, top) - _y(below + count, top)
            drawn.append(
                f'<rect class="{end.value}" x="{x + step * 0.18:.1f}" y="{y:.1f}" width="{step * 0.64:.1f}" height="{high:.1f}"/>'
            )
            below += count
    said = ", ".join(f"{day.counts[end]} {ENDS[end]}" for end in End if day.counts.get(end))
    label = f'<text class="day" x="{x + step / 2:.1f}" y="{_BASE + 22}">{day.name}</text>'
    return f"<g><title>{day.name}: {said or 'none'}</title>{''.join(drawn)}{label}</g>"


def _y(value: float, top: int) -> float:
    return _BASE - (_BASE - _TOP) * value / top
