"""Which network interface the way out goes through, and whether that one costs by the byte. Reads /proc alone; never raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from tidegate.clock import Clock

EVERY_S = 5.0
_UP, _GATEWAY = 0x1, 0x2  # RTF_UP, RTF_GATEWAY of <linux/route.h>


def default_interface(root: Path = Path("/")) -> str:
    """The interface of the default route with the lowest metric, IPv4 before IPv6; empty without one (or without /proc)."""
    routes = [*_v4(_lines(root / "proc/net/route")), *_v6(_lines(root / "proc/net/ipv6_route"))]
    return min(routes, default=((0, 0), ""))[1]


def is_metered(interface: str, patterns: Sequence[str]) -> bool:
    """Whether the interface's name is one of those that cost by the byte: `wwan*` fits `wwan0`."""
    return bool(interface) and any(fnmatchcase(interface, pattern) for pattern in patterns)


def watching(patterns: Sequence[str], clock: Clock, root: Path = Path("/")) -> Callable[[], bool]:
    """Whether the way out is metered now; looked up again when the last look is older than five seconds."""
    last: tuple[float, bool] = (float("-inf"), False)

    def metered() -> bool:
        nonlocal last
        now = clock.mono()
        if now - last[0] >= EVERY_S:
            last = (now, is_metered(default_interface(root), patterns))
        return last[1]

    return metered


def _lines(file: Path) -> list[list[str]]:
    try:
        return [line.split() for line in file.read_text(encoding="ascii", errors="replace").splitlines()]
    except OSError:
        return []


def _v4(rows: list[list[str]]) -> Iterator[tuple[tuple[int, int], str]]:
    """Iface Destination Gateway Flags RefCnt Use Metric Mask ..., in hexadecimal but for the metric."""
    for row in rows[1:]:
        if (
            len(row) >= 8
            and row[1] == "00000000"
            and row[7] == "00000000"
            and _usable(row[3])
            and row[6].isdigit()
        ):
            yield (0, int(row[6])), row[0]


def _v6(rows: list[list[str]]) -> Iterator[tuple[tuple[int, int], str]]:
    """destination length source length next-hop metric refcount use flags interface, all in hexadecimal."""
    for row in rows:
        if len(row) >= 10 and row[1] == "00" and set(row[0]) == {"0"} and _usable(row[8]) and row[9] != "lo":
            yield (1, _hex(row[5])), row[9]


def _usable(flags: str) -> bool:
    return _hex(flags) & (_UP | _GATEWAY) == _UP | _GATEWAY


def _hex(text: str) -> int:
    try:
        return int(text, 16)
    except ValueError:
        return 0
