"""Many requests, one daemon, and its resident memory: flat, or not."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from scripts.benchmarks.edge.asked import Asker
from scripts.benchmarks.edge.bench import Bench
from scripts.benchmarks.edge.servers import daemon
from scripts.benchmarks.privacy.report import Line

BAR = 0.05
_WARM = 0.1  # of the requests: caches fill once
_EVERY = 25
_TOGETHER = 4


def measure(bench: Bench) -> Iterator[Line]:
    """Tool calls and short chats, four at a time, no two alike, through the door of a daemon with the embedded model."""
    wanted = bench.sizes.soak
    deadline = time.monotonic() + bench.soak_minutes * 60
    asker, done = Asker(bench.seed + 9), 0
    seen: list[tuple[int, float]] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tidegate-bench-")))
        running = stack.enter_context(daemon(folder, "[door]\nport = 0\n", stream=False))
        began = said = time.monotonic()
        while done < wanted and time.monotonic() < deadline:
            bodies = [asker.command() if at % 2 else asker.chat(12, 8) for at in range(_TOGETHER)]
            done += len(running.door.together(bodies)[1])
            if done % _EVERY < _TOGETHER:
                seen.append((done, running.resident_mb()))
            if time.monotonic() - said >= 10:
                said = time.monotonic()
                bench.said(f"soak: {done} of {wanted} requests, {seen[-1][1]:.1f} MB resident")
        spent = time.monotonic() - began
    yield _line(wanted, done, spent, seen)


def drift(seen: Sequence[tuple[int, float]], done: int) -> tuple[float, float, float]:
    """Mean resident MB of the first tenth after the warm-up and of the last tenth, and the change between them as a share."""
    warm = [mb for at, mb in seen if _WARM * done <= at <= 2 * _WARM * done] or [seen[0][1]]
    last = [mb for at, mb in seen if at >= (1 - _WARM) * done] or [seen[-1][1]]
    begun, ended = sum(warm) / len(warm), sum(last) / len(last)
    return begun, ended, ended / begun - 1


def _line(wanted: int, done: int, spent: float, seen: list[tuple[int, float]]) -> Line:
    begun, ended, change = drift(seen, done)
    whole = done >= wanted
    met = change <= BAR
    return Line(
        f"soak of {wanted:,} requests: change of resident memory",
        f"within {BAR:.0%}",
        f"{change:+.1%} ({begun:.1f} MB to {ended:.1f} MB)",
        met,
        ("met" if met else "missed") + ("" if whole else f", cut short after {done:,}"),
        {},
        f"{done:,} requests in {spent:.0f} s, {_TOGETHER} at a time; the first tenth warms up, means of tenths",
    )
