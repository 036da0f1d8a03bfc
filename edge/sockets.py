"""Which sockets a process has to other machines: the self-test behind "nothing can leave". Reads /proc, changes nothing."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path

from edge.routing.mode import Mode
from tidegate.errors import Broken

_INET = ("tcp", "tcp6", "udp", "udp6", "raw", "raw6")


def prove_sealed(mode: Mode) -> None:
    """At start: a device that lets nothing out must have no way out. Raises Broken (not_local_only) when it has one.

    Where the kernel does not show a process its sockets (not Linux), nothing is proved and nothing is refused.
    """
    if mode is not Mode.LOCAL_ONLY:
        return
    try:
        foreign = foreign_sockets(os.getpid())
    except OSError:
        return
    if foreign:
        raise Broken(
            f"local-only, but this process has sockets to {len(foreign)} addresses beyond this machine; it ends here",
            code="not_local_only",
            hint="this is a defect: report it with your settings",
        )


def foreign_sockets(pid: int, proc: Path = Path("/proc")) -> list[str]:
    """Local or remote addresses beyond loopback of the process's sockets. Raises OSError when it cannot be looked at."""
    own = _inodes(proc / str(pid) / "fd")
    found: list[str] = []
    for kind in _INET:
        table = proc / str(pid) / "net" / kind
        if table.exists():
            found += foreign_rows(table.read_text().splitlines()[1:], own)
    return sorted(set(found))


def foreign_rows(rows: Iterable[str], own: frozenset[str]) -> list[str]:
    """The addresses in a table of /proc/net that belong to `own` inodes and are not loopback. Pure."""
    found: list[str] = []
    for row in rows:
        cells = row.split()
        if len(cells) > 9 and cells[9] in own:
            found += [address for address in map(_address, cells[1:3]) if address]
    return found


def _inodes(folder: Path) -> frozenset[str]:
    links = (str(entry.readlink()) for entry in folder.iterdir() if entry.is_symlink())
    return frozenset(
        link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")
    )


def _address(cell: str) -> str:
    """The address of `0100007F:1F90` when it is beyond loopback; empty for loopback and for "not connected"."""
    raw = bytes.fromhex(cell.partition(":")[0])
    words = b"".join(
        raw[at : at + 4][::-1] for at in range(0, len(raw), 4)
    )  # the kernel writes host order words
    address = ipaddress.ip_address(words)
    mapped = getattr(address, "ipv4_mapped", None) or address
    unconnected = mapped.is_unspecified and cell.endswith(":0000")
    return "" if mapped.is_loopback or unconnected else str(mapped)
