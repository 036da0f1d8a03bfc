"""Two pictures of one model's confidence, drawn as SVG by hand: does it mean what it says, and what does sending cost.

Left: drafts in ten groups by the P(right) claimed, against the share that was right, with Wilson's interval. Right: the
share of wrong answers among those kept, over the share kept, when the surest are kept first; the shipped threshold
marked. Pure; the same figures give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scripts.evaluation.certainty import Judged
from scripts.evaluation.intervals import Estimate, wilson

SIZE, LEFT, TOP, GAP = 260, 58, 46, 84
WIDTH, HEIGHT = 2 * SIZE + LEFT + GAP + 24, SIZE + TOP + 52
INK, SOFT, LINE, MARK = "#24292f", "#8c959f", "#d0d7de", "#0969da"
GROUPS = 10


@dataclass(frozen=True, slots=True)
class Group:
    """Drafts of like confidence: what they claimed on average, and what share was right."""

    claimed: float
    right: Estimate


@dataclass(frozen=True, slots=True)
class Point:
    """When this share is kept, this share of it is wrong."""

    kept: float
    wrong: float


def reliability(found: Judged) -> list[Group]:
    """Groups of equal count, the least sure first."""
    order = np.argsort(found.sure, kind="stable")
    groups = [part for part in np.array_split(order, GROUPS) if len(part)]
    return [
        Group(float(found.sure[part].mean()), wilson(int(found.right[part].sum()), len(part)))
        for part in groups
    ]


def risk_coverage(found: Judged) -> list[Point]:
    """One point for every confidence that occurs; requests of equal confidence are kept together."""
    order = np.argsort(-found.sure, kind="stable")
    if not len(order):
        return []
    wrong = np.cumsum(~found.right[order])
    ends = np.flatnonzero(np.append(np.diff(found.sure[order]) < 0, True))
    return [Point((int(at) + 1) / len(order), float(wrong[at]) / (int(at) + 1)) for at in ends]


def at_threshold(found: Judged) -> Point | None:
    """Where the shipped threshold lies on the curve; None when it keeps nothing."""
    kept = found.sure >= found.keep_at
    if not kept.any():
        return None
    return Point(float(kept.mean()), float((~found.right[kept]).mean()))


def svg(title: str, found: Judged) -> str:
    """The picture. `title` is shown and read out."""
    font = f'font-family="system-ui, sans-serif" font-size="11" fill="{INK}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" {font}>',
        f"<title>{_escaped(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="18" font-size="13" font-weight="600">{_escaped(title)}</text>',
        *_panel(LEFT, "P(right) claimed", "share right", _reliability(LEFT, reliability(found))),
        *_panel(
            LEFT + SIZE + GAP,
            "share of all requests kept",
            "wrong among those kept",
            _curve(LEFT + SIZE + GAP, risk_coverage(found), at_threshold(found)),
        ),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _panel(left: float, below: str, beside: str, inside: Sequence[str]) -> list[str]:
    """Axes from 0 to 1 with a grid, and what is drawn in them."""
    found = []
    for step in range(0, 11, 2):
        x, y = _place(left, step / 10, step / 10)
        found += [
            f'<path d="M{x:.1f} {TOP}V{TOP + SIZE}M{left} {y:.1f}H{left + SIZE}" stroke="{LINE}" fill="none"/>',
            f'<text x="{x:.1f}" y="{TOP + SIZE + 15}" text-anchor="middle">{step / 10:g}</text>',
            f'<text x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{step / 10:g}</text>',
        ]
    middle = left + SIZE / 2
    found.append(f'<text x="{middle:.1f}" y="{TOP + SIZE + 34}" text-anchor="middle">{below}</text>')
    found.append(f'<text x="{left}" y="{TOP - 9}" fill="{SOFT}">{beside}</text>')
    return [*found, *inside]


def _reliability(left: float, groups: Sequence[Group]) -> list[str]:
    x0, y0 = _place(left, 0, 0)
    x1, y1 = _place(left, 1, 1)
    found = [
        f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke="{SOFT}" stroke-dasharray="4 4" fill="none"/>'
    ]
    for group in groups:
        x, y = _place(left, group.claimed, group.right.value)
        _, low = _place(left, 0, group.right.low)
        _, high = _place(left, 0, group.right.high)
        found.append(
            f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{MARK}" stroke-opacity=".5" fill="none"/>'
        )
        found.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{MARK}"/>')
    return found


def _curve(left: float, points: Sequence[Point], chosen: Point | None) -> list[str]:
    places = [_place(left, point.kept, point.wrong) for point in points]
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    found = [f'<path d="M{path}" stroke="{MARK}" stroke-width="1.8" fill="none"/>'] if path else []
    if chosen is None:
        return [*found, f'<text x="{left + 8}" y="{TOP + 16}">the threshold keeps nothing</text>']
    x, y = _place(left, chosen.kept, chosen.wrong)
    words = f"threshold: {100 * chosen.kept:.0f} % kept, {100 * chosen.wrong:.0f} % of it wrong"
    return [
        *found,
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="#ffffff" stroke="{INK}" stroke-width="1.6"/>',
        f'<text x="{left + 8}" y="{TOP + 16}">{words}</text>',
    ]


def _place(left: float, x: float, y: float) -> tuple[float, float]:
    return left + SIZE * x, TOP + SIZE * (1 - y)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
