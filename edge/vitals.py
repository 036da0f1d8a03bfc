"""Reads the machine: battery, heat, memory, pressure, queue. Thin; the rules are in edge.routing.vitals.

Only files of Linux are read. Where they are absent, unreadable or absurd the sign is not there, and nothing is ever raised.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from edge.routing.vitals import NONE, Habits, Levels, Reading, levels, strain
from edge.routing.world import VitalSignal
from tidegate.clock import Clock

EVERY_S = 5.0
_ABSURD_C = (-40.0, 150.0)


def read(root: Path, queue: int) -> Reading:
    """The machine now; `root` is `/`, or a folder that looks like it."""
    battery, on_mains = _battery(root / "sys/class/power_supply")
    return Reading(
        battery=battery,
        on_mains=on_mains,
        heat_c=max(_heats(root / "sys/class/thermal"), default=None),
        memory_mb=_memory(root),
        pressure=_pressure(root / "proc/pressure/memory"),
        queue=queue,
    )


class Vitals:
    """The machine as the plan sees it; looked at again when the last look is older than `every_s`. From any thread."""

    def __init__(
        self,
        clock: Clock,
        queue: Callable[[], int],
        *,
        habits: Callable[[], Habits] = Habits,
        root: Path = Path("/"),
        every_s: float = EVERY_S,
    ) -> None:
        self._clock, self._queue, self._root, self._every_s = clock, queue, root, every_s
        self._habits = habits
        self._levels: Levels = NONE
        self._read = Reading()
        self._at = float("-inf")
        self._lock = threading.Lock()

    def now(self) -> VitalSignal:
        """Takes no disk most times: the files are read again after `every_s`; the queue is looked at each time."""
        with self._lock:
            if self._clock.mono() - self._at >= self._every_s:
                self._read = read(self._root, 0)
                self._at = self._clock.mono()
            reading = Reading(
                self._read.battery,
                self._read.on_mains,
                self._read.heat_c,
                self._read.memory_mb,
                self._read.pressure,
                self._queue(),
            )
            habits = self._habits()
            self._levels = levels(self._levels, reading, habits)
            asked, sign = strain(self._levels, habits)
        return VitalSignal(reading, asked, sign, habits.shorter_tokens)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _folders(parent: Path) -> list[Path]:
    try:
        return sorted(parent.iterdir())
    except OSError:
        return []


def _battery(supplies: Path) -> tuple[float | None, bool | None]:
    """The emptiest battery of the machine itself (not of a mouse), and whether it is being filled."""
    found: list[tuple[float, bool]] = []
    for supply in _folders(supplies):
        if _text(supply / "type") != "Battery" or _text(supply / "scope") == "Device":
            continue
        share = _number(_text(supply / "capacity"))
        if share is not None and 0 <= share <= 100:
            found.append((share / 100, _text(supply / "status") in ("Charging", "Full", "Not charging")))
    return min(found, default=(None, None))


def _heats(zones: Path) -> Iterator[float]:
    for zone in _folders(zones):
        if zone.name.startswith("thermal_zone"):
            milli = _number(_text(zone / "temp"))
            if milli is not None and _ABSURD_C[0] < milli / 1000 < _ABSURD_C[1]:
                yield milli / 1000


def _memory(root: Path) -> float | None:
    """What is left of the machine, or of the control group this runs in when that is less. In MB (10^6 bytes)."""
    left: list[float] = []
    for line in _text(root / "proc/meminfo").splitlines():
        name, _, rest = line.partition(":")
        kib = _number(rest.replace("kB", "").strip()) if name == "MemAvailable" else None
        if kib is not None:
            left.append(kib * 1024 / 1e6)
    group = root / "sys/fs/cgroup"
    most, used = _number(_text(group / "memory.max")), _number(_text(group / "memory.current"))
    if most is not None and used is not None:
        left.append(max(most - used + _reclaimable(group), 0.0) / 1e6)
    return min(left, default=None)


def _reclaimable(group: Path) -> float:
    """Bytes of file cache the kernel gives back when asked."""
    for line in _text(group / "memory.stat").splitlines():
        name, _, value = line.partition(" ")
        if name == "inactive_file":
            return _number(value) or 0.0
    return 0.0


def _pressure(file: Path) -> float | None:
    """`some avg10=0.12 avg60=...`: the share of ten seconds, in %."""
    for line in _text(file).splitlines():
        if line.startswith("some "):
            for word in line.split():
                name, _, value = word.partition("=")
                if name == "avg10":
                    return _number(value)
    return None
