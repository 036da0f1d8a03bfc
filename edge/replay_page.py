"""A replay as a table, a chart in characters, and an SVG. Pure; the same figures give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from edge.routing.replay import By, Replay, Tally, hours
from tidegate.chat import JSON

INK, SOFT, LINE, MARK, PALE = "#24292f", "#57606a", "#d0d7de", "#0969da", "#8c959f"
_BAR = 24


def table(title: str, found: Replay, *, listed: int) -> str:
    """For people, in a terminal."""
    before, after = found.before, found.after
    lines = [
        title,
        f"{found.rows} requests; {found.faithful} of them are decided again just as it was written down",
        "",
        f"{'':28}{'as it was':>12}{'tried':>12}{'difference':>12}",
        *(_row(name, was, now, digits) for name, was, now, digits in _sums(before, after)),
    ]
    if after.by[By.UNKNOWN]:
        lines += [
            "",
            f"not known: {after.by[By.UNKNOWN]} requests would be drafted that never were; shared out as drafts of their kind were",
        ]
    lines += ["", f"what would have moved: {len(found.moved)} requests"]
    lines += [f"  {count:7}  {was} -> {now}  ({why})" for (was, now, why), count in found.ways.items()]
    if listed and found.moved:
        lines += ["", "answers that would have changed hands:"]
        lines += [
            f"  {one.request_id}  {one.task:8} {one.was.by}/{one.was.why} -> {one.now.by}/{one.now.why}{_sure(one.p_right)}"
            for one in found.moved[:listed]
        ]
        lines += [f"  and {len(found.moved) - listed} more (--list)"] if len(found.moved) > listed else []
    return "\n".join([*lines, "", *_chart(found)])


def told(found: Replay, *, listed: int) -> dict[str, JSON]:
    """For programs."""
    return {
        "object": "tidegate.replay",
        "requests": found.rows,
        "faithful": found.faithful,
        "before": _told(found.before),
        "after": _told(found.after),
        "moved": len(found.moved),
        "ways": [
            {"was": was, "now": now, "why": why, "count": count}
            for (was, now, why), count in found.ways.items()
        ],
        "changed": [
            {
                "request": one.request_id,
                "task": one.task,
                "was": [one.was.by, one.was.why],
                "now": [one.now.by, one.now.why],
                "p_right": one.p_right,
            }
            for one in found.moved[:listed]
        ],
    }


def svg(title: str, found: Replay) -> str:
    """Requests that ask the cloud, hour by hour: as it was, and under the other settings; below, the sums."""
    width, height, left, top, deep = 720, 330, 48, 48, 190
    most = max(max(was, now) for _, was, now in hours(found)) or 1.0
    step = (width - left - 20) / 24
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
            f' font-family="system-ui, sans-serif" font-size="11" fill="{INK}">'
        ),
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{left}" y="20" font-size="13" font-weight="600">{escape(title)}</text>',
        f'<text x="{left}" y="38" fill="{SOFT}">requests that ask the cloud, by hour</text>',
        *_key(width - 210, 34),
    ]
    for mark in (0.0, 0.5, 1.0):
        y = top + deep * (1 - mark)
        parts.append(f'<line x1="{left}" x2="{width - 20}" y1="{y:.1f}" y2="{y:.1f}" stroke="{LINE}"/>')
        parts.append(
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end" fill="{SOFT}">{most * mark:.0f}</text>'
        )
    for hour, was, now in hours(found):
        x = left + hour * step
        for offset, value, colour in ((0.1, was, PALE), (0.5, now, MARK)):
            tall = deep * value / most
            parts.append(
                f'<rect x="{x + offset * step:.1f}" y="{top + deep - tall:.1f}" width="{0.38 * step:.1f}" height="{tall:.1f}"'
                f' fill="{colour}"/>'
            )
        if hour % 3 == 0:
            parts.append(
                f'<text x="{x + step / 2:.1f}" y="{top + deep + 16}" text-anchor="middle" fill="{SOFT}">{hour}</text>'
            )
    for at, (name, was_sum, now_sum, digits) in enumerate(_sums(found.before, found.after)):
        x, y = left + (at % 3) * 225, top + deep + 42 + (at // 3) * 18
        parts.append(
            f'<text x="{x}" y="{y}">{escape(name)}: {was_sum:.{digits}f} → {now_sum:.{digits}f}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _key(x: int, y: int) -> Iterable[str]:
    for at, (colour, name) in enumerate(((PALE, "as it was"), (MARK, "tried"))):
        yield f'<rect x="{x + 100 * at}" y="{y - 9}" width="10" height="10" fill="{colour}"/>'
        yield f'<text x="{x + 100 * at + 15}" y="{y}">{name}</text>'


def _sums(before: Tally, after: Tally) -> list[tuple[str, float, float, int]]:
    return [
        ("answered here", before.kept, after.kept, 0),
        ("asked of the cloud", before.asked, after.asked, 0),
        ("answered by nobody", float(before.by[By.NOBODY]), float(after.by[By.NOBODY]), 0),
        ("expected wrong, kept", before.wrong, after.wrong, 1),
        ("cost of the cloud", before.money, after.money, 4),
        ("energy here, kJ (estimate)", before.joules / 1000, after.joules / 1000, 2),
        ("waited in all, min (estimate)", before.seconds / 60, after.seconds / 60, 1),
    ]


def _row(name: str, was: float, now: float, digits: int) -> str:
    return f"{name:28}{was:>12.{digits}f}{now:>12.{digits}f}{now - was:>+12.{digits}f}"


def _chart(found: Replay) -> list[str]:
    """Hours with requests, two bars each."""
    rows = [(hour, was, now) for hour, was, now in hours(found) if was or now]
    if not rows:
        return ["nothing was asked of the cloud"]
    most = max(max(was, now) for _, was, now in rows)
    lines = ["asked of the cloud, by hour (as it was ░, tried █)"]
    for hour, was, now in rows:
        lines.append(f"  {hour:02} {'░' * round(_BAR * was / most):{_BAR}} {was:6.0f}")
        lines.append(f"     {'█' * round(_BAR * now / most):{_BAR}} {now:6.0f}")
    return lines


def _sure(p_right: float | None) -> str:
    return "" if p_right is None else f"  P(right) {p_right:.3f}"


def _told(tally: Tally) -> dict[str, JSON]:
    return {
        "by": {str(by): tally.by[by] for by in By},
        "kept": round(tally.kept, 3),
        "asked": round(tally.asked, 3),
        "expected_wrong_kept": round(tally.wrong, 3),
        "money": round(tally.money, 6),
        "joules": round(tally.joules, 3),
        "seconds": round(tally.seconds, 3),
        "asked_by_hour": [round(one, 3) for one in tally.hours],
    }
