"""Charts of the console, as SVG made of numbers and closed words. Pure."""

from __future__ import annotations

from cloud.observe.insight import Day, End
from cloud.observe.shares import Share
from tidegate.look.bars import Frame, ceiling

_HIGH = 220
_FRAME = Frame(left=40, right=900, top=12, base=186, gap=0.18)
ENDS = {
    End.RELEASED: "without a person",
    End.PERSON: "by a person",
    End.WAITING: "waiting",
    End.TURNED_DOWN: "turned down",
}


def days(found: tuple[Day, ...]) -> str:
    """Escalations per day, stacked by what became of them."""
    top = ceiling(max((day.total for day in found), default=0))
    step = (_FRAME.right - _FRAME.left) / max(len(found), 1)
    parts = [_FRAME.grid(top)]
    parts += [_bar(day, _FRAME.left + number * step, step, top) for number, day in enumerate(found)]
    total = sum(day.total for day in found)
    return (
        f'<svg class="days" viewBox="0 0 {_FRAME.right} {_HIGH}" role="img" aria-label="{total} escalations in {len(found)} days">'
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


def _bar(day: Day, x: float, step: float, top: int) -> str:
    stack = _FRAME.stack(((end.value, day.counts.get(end, 0)) for end in End), x, step, top)
    said = ", ".join(f"{day.counts[end]} {ENDS[end]}" for end in End if day.counts.get(end))
    label = f'<text class="day" x="{x + step / 2:.1f}" y="{_FRAME.base + 22}">{day.name}</text>'
    return f"<g><title>{day.name}: {said or 'none'}</title>{stack}{label}</g>"
