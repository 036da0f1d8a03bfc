"""What a fit does on outcomes it has not seen, as figures and pictures: does P(right) mean what it says, how wrong are the
answers kept, and what quality costs. Pure; drawn as SVG by hand and with characters for a terminal.

Intervals are 95 %: Wilson's for shares, bands by a seeded bootstrap over rows; where wrong ones are few, a bootstrap knows nothing
of those it has not seen, so the band of what is kept is never narrower than Wilson's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from tidegate.risk.fit import Floats, auroc, calibration_error

GROUPS, GRID, DRAWS = 10, 50, 300
SIZE, LEFT, TOP, GAP = 260, 56, 84, 76
INK, SOFT, LINE, MARK = "#16201f", "#5b6866", "#dedcd4", "#0e5f6b"  # the roles of the pages


@dataclass(frozen=True, slots=True)
class Point:
    """A figure at x with its interval."""

    x: float
    y: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Report:
    """`reliability`: claimed against right. `risk`: share kept against wrong among them. `quality`: share escalated against
    mean quality; empty without a strong model. `wrong`: share wrong when all is kept."""

    rows: int
    auroc: float
    ece: float
    wrong: float
    reliability: tuple[Point, ...]
    risk: tuple[Point, ...]
    quality: tuple[Point, ...]
    area: float = 0.0  # under the risk curve: the mean share wrong over all shares kept
    others: tuple[Point, ...] = ()  # the risk curve of another score, drawn beside; its `area` and AUROC
    others_area: float = 0.0
    others_auroc: float = 0.0


def report(sure: Floats, weak: Floats, strong: Floats | None, other: Floats | None = None) -> Report:
    """The figures of at least one row. `weak` and `strong`: quality 0..1. `other`: another score of the same rows, to compare."""
    right = weak >= 0.5
    parts = [p for p in np.array_split(np.argsort(sure, kind="stable"), GROUPS) if len(p)]
    groups = tuple(_group(float(sure[p].mean()), int(right[p].sum()), len(p)) for p in parts)
    escalating: tuple[Point, ...] = ()
    if strong is not None:
        escalating = _banded(lambda at: _quality(sure[at], weak[at], strong[at]), len(sure))
    return Report(
        rows=len(sure),
        auroc=auroc(sure, right),
        ece=calibration_error(sure, right),
        wrong=float((1 - weak).mean()),
        reliability=groups,
        risk=tuple(_honest(p, len(sure)) for p in _banded(lambda at: _risk(sure[at], weak[at]), len(sure))),
        quality=escalating,
        area=area(sure, weak),
        others=() if other is None else _banded(lambda at: _risk(other[at], weak[at]), len(sure)),
        others_area=0.0 if other is None else area(other, weak),
        others_auroc=0.0 if other is None else auroc(other, right),
    )


def _honest(point: Point, rows: int) -> Point:
    """A point of the risk curve whose interval admits that few were looked at: none wrong of ten is no proof of none."""
    kept = max(round(point.x * rows), 1)
    wilson = _group(point.x, min(round(point.y * kept), kept), kept)
    return Point(point.x, point.y, min(point.low, wilson.low), max(point.high, wilson.high))


def area(score: Floats, weak: Floats) -> float:
    """Under the risk-coverage curve (Geifman et al. 2019): the mean, over all shares kept, of the share wrong among them."""
    lost = np.cumsum(1 - weak[np.argsort(-score, kind="stable")])
    return float((lost / np.arange(1, len(lost) + 1)).mean())


@dataclass(frozen=True, slots=True)
class _Panel:
    """One picture: what it asks, its axes, and what the dashed line in it is."""

    asks: str
    below: str
    beside: str
    dashed: str
    points: tuple[Point, ...]
    top: float


def svg(title: str, found: Report) -> str:
    """The panels side by side; the same figures give the same bytes."""
    panels = _panels(found)
    width, height = len(panels) * (SIZE + GAP) + LEFT - GAP + 24, SIZE + TOP + 64
    font = f'font-family="system-ui, sans-serif" font-size="11.5" fill="{INK}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" {font}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" rx="8" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="24" font-size="14" font-weight="600">{escape(title)}</text>',
    ]
    for at, panel in enumerate(panels):
        left = LEFT + at * (SIZE + GAP)
        parts += _axes(left, panel)
        parts += _dots(left, panel.points) if at == 0 else _band(left, panel.points, panel.top)
        if found.others and panel.points is found.risk:
            parts += _beside(left, found.others, panel.top)
        if panel.points is found.quality:
            parts += _beside(left, (found.quality[0], found.quality[-1]), panel.top)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panels(found: Report) -> list[_Panel]:
    by_entropy = "dashed: by entropy alone" if found.others else ""
    top = _top((*found.risk, *found.others))
    panels = [
        _Panel(
            "Does P(right) mean what it says?",
            "P(right) claimed, %",
            "right, %",
            "dashed: it does",
            found.reliability,
            1.0,
        ),
        _Panel(
            "How wrong are the answers kept?",
            "kept on the device, surest first, %",
            "wrong of these, %",
            by_entropy,
            found.risk,
            top,
        ),
    ]
    if found.quality:
        panels.append(
            _Panel(
                "What does asking the cloud gain?",
                "escalated, least sure first, %",
                "quality, %",
                "dashed: by chance",
                found.quality,
                1.0,
            )
        )
    return panels


def terminal(found: Report) -> str:
    """The same in characters."""
    lines = [
        (
            f"{found.rows} outcomes: AUROC {found.auroc:.3f}, calibration error {found.ece:.3f}, wrong when all is kept"
            f" {100 * found.wrong:.1f} %"
        ),
        *_compared(found),
        "",
        "P(right) claimed   share right [95 %]",
    ]
    for point in found.reliability:
        bar = "█" * round(20 * point.y)
        lines.append(f"  {point.x:6.3f}   {bar:20} {point.y:.3f} [{point.low:.3f}, {point.high:.3f}]")
    lines += ["", "share kept   wrong among them [95 %]"]
    lines += [_line(point) for point in found.risk[GRID // 10 - 1 :: GRID // 10]]
    if found.quality:
        lines += ["", "share escalated   mean quality [95 %]"]
        lines += [_line(point) for point in found.quality[:: GRID // 10]]
    return "\n".join(lines)


def _compared(found: Report) -> list[str]:
    """The two areas, when there is something to compare with."""
    if not found.others:
        return []
    lower = 1 - found.area / found.others_area if found.others_area else 0.0
    return [
        (
            f"by entropy alone: AUROC {found.others_auroc:.3f}; area under the risk curve {found.area:.4f} against"
            f" {found.others_area:.4f}, {100 * lower:.0f} % lower"
        )
    ]


def _line(point: Point) -> str:
    return (
        f"  {100 * point.x:5.0f} %    {100 * point.y:6.2f} % [{100 * point.low:.2f}, {100 * point.high:.2f}]"
    )


def _group(claimed: float, hits: int, n: int, z: float = 1.959964) -> Point:
    """Wilson's score interval."""
    p, square = hits / n, z * z
    middle = (p + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * math.sqrt(p * (1 - p) / n + square / (4 * n * n))
    return Point(claimed, p, max(0.0, middle - half), min(1.0, middle + half))


def _risk(sure: Floats, weak: Floats) -> tuple[Floats, Floats]:
    """Wrong among the surest shares 1/GRID .. 1."""
    x = np.arange(1, GRID + 1) / GRID
    lost = np.cumsum(1 - weak[np.argsort(-sure, kind="stable")])
    count = np.maximum(np.round(x * len(sure)).astype(int), 1)
    return x, lost[count - 1] / count


def _quality(sure: Floats, weak: Floats, strong: Floats) -> tuple[Floats, Floats]:
    """Mean quality when the least sure share 0 .. 1 is escalated."""
    x = np.arange(GRID + 1) / GRID
    gained = np.concatenate([[0.0], np.cumsum((strong - weak)[np.argsort(sure, kind="stable")])])
    return x, weak.mean() + gained[np.round(x * len(sure)).astype(int)] / len(sure)


def _banded(
    curve: Callable[[np.ndarray[tuple[int], np.dtype[np.int64]]], tuple[Floats, Floats]], n: int
) -> tuple[Point, ...]:
    rng = np.random.default_rng(20_261_124)
    x, y = curve(np.arange(n))
    drawn = np.array([curve(rng.integers(0, n, n))[1] for _ in range(DRAWS)])
    low, high = np.quantile(drawn, (0.025, 0.975), axis=0)
    ends = zip(x, y, np.minimum(low, y), np.maximum(high, y), strict=True)
    return tuple(Point(*(float(v) for v in row)) for row in ends)


def _top(points: Sequence[Point]) -> float:
    """A round top for the axis."""
    most = max((p.high for p in points), default=1.0)
    return next(top for top in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if most <= top or top == 1.0)


def _axes(left: int, panel: _Panel) -> list[str]:
    found = [
        f'<text x="{left}" y="{TOP - 26}" font-weight="600">{panel.asks}</text>',
        f'<text x="{left}" y="{TOP - 9}" fill="{SOFT}">{panel.beside}</text>',
        f'<text x="{left + SIZE}" y="{TOP - 9}" fill="{SOFT}" text-anchor="end">{panel.dashed}</text>',
    ]
    for step in range(6):
        x, y = left + SIZE * step / 5, TOP + SIZE * (1 - step / 5)
        found += [
            f'<path d="M{x:.1f} {TOP}V{TOP + SIZE}M{left} {y:.1f}H{left + SIZE}" stroke="{LINE}" fill="none"/>',
            f'<text x="{x:.1f}" y="{TOP + SIZE + 17}" text-anchor="middle">{20 * step}</text>',
            f'<text x="{left - 7}" y="{y + 4:.1f}" text-anchor="end">{100 * panel.top * step / 5:.3g}</text>',
        ]
    return [
        *found,
        f'<text x="{left + SIZE / 2}" y="{TOP + SIZE + 37}" text-anchor="middle">{panel.below}</text>',
    ]


def _dots(left: int, points: Sequence[Point]) -> list[str]:
    found = [
        f'<path d="M{left} {TOP + SIZE}L{left + SIZE} {TOP}" stroke="{SOFT}" stroke-dasharray="4 4" fill="none"/>'
    ]
    for point in points:
        x, y = left + SIZE * point.x, TOP + SIZE * (1 - point.y)
        low, high = TOP + SIZE * (1 - point.low), TOP + SIZE * (1 - point.high)
        found.append(
            f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{MARK}" stroke-opacity=".55" stroke-width="1.6" fill="none"/>'
        )
        found.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{MARK}"/>')
    return found


def _band(left: int, points: Sequence[Point], top: float) -> list[str]:
    def place(x: float, y: float) -> str:
        return f"{left + SIZE * x:.1f} {TOP + SIZE * (1 - min(y / top, 1.0)):.1f}"

    edge = [place(p.x, p.high) for p in points] + [place(p.x, p.low) for p in reversed(points)]
    line = [place(p.x, p.y) for p in points]
    return [
        f'<path d="M{"L".join(edge)}Z" fill="{MARK}" fill-opacity=".18"/>',
        f'<path d="M{"L".join(line)}" stroke="{MARK}" stroke-width="2.2" fill="none"/>',
    ]


def _beside(left: int, points: Sequence[Point], top: float) -> list[str]:
    line = [f"{left + SIZE * p.x:.1f} {TOP + SIZE * (1 - min(p.y / top, 1.0)):.1f}" for p in points]
    return [
        f'<path d="M{"L".join(line)}" stroke="{SOFT}" stroke-dasharray="5 4" stroke-width="1.6" fill="none"/>'
    ]
