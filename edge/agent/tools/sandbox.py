"""What confines a child of this daemon: bubblewrap or systemd-run where they work, else resource limits alone, and it says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from math import ceil
from pathlib import Path
from typing import assert_never

from edge.agent.values import Limits

_LAUNCH = Path(__file__).with_name("launch.py")
_PROBE_S = 5.0
_PROGRAM = "/bin/true"


class Sandbox(StrEnum):
    """How a child is confined. `LIMITS`: memory, processor, file size, no new privileges; it sees files and the network."""

    BUBBLEWRAP = "bubblewrap"
    SYSTEMD = "systemd-run"
    LIMITS = "limits"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one child may touch."""

    limits: Limits
    network: bool = False
    writable: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()


@cache
def available() -> Sandbox:
    """The strictest one that works on this machine, tried once: being installed is not enough."""
    if shutil.which("bwrap") and _works(Sandbox.BUBBLEWRAP):
        return Sandbox.BUBBLEWRAP
    if shutil.which("systemd-run") and _works(Sandbox.SYSTEMD):
        return Sandbox.SYSTEMD
    return Sandbox.LIMITS


def confined(vector: Sequence[str], cell: Cell, sandbox: Sandbox) -> list[str]:
    """The argument vector that starts `vector` inside its cell."""
    match sandbox:
        case Sandbox.BUBBLEWRAP:
            inner = _bubblewrap(vector, cell)
        case Sandbox.SYSTEMD:
            inner = _systemd(vector, cell)
        case Sandbox.LIMITS:
            inner = list(vector)
        case other:
            assert_never(other)
    cpu_s = ceil(cell.limits.seconds) + 1
    head = [
        sys.executable,
        "-I",
        "-S",
        str(_LAUNCH),
        str(cell.limits.memory_mb),
        str(cpu_s),
        str(os.getpid()),
    ]
    return [*head, "--", *inner]


def _bubblewrap(vector: Sequence[str], cell: Cell) -> list[str]:
    words = [shutil.which("bwrap") or "bwrap", "--die-with-parent", "--new-session", "--unshare-all"]
    if cell.network:
        words.append("--share-net")
    words += ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]  # noqa: S108
    for folder in cell.hidden:
        if folder.exists():
            words += ["--tmpfs", str(folder.resolve())]
    for folder in cell.writable:
        words += ["--bind", str(folder), str(folder)]
    return [*words, "--", *vector]


def _systemd(vector: Sequence[str], cell: Cell) -> list[str]:
    properties = [
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "PrivateTmp=yes",
        "PrivateDevices=yes",
        f"PrivateNetwork={'no' if cell.network else 'yes'}",
        f"MemoryMax={cell.limits.memory_mb}M",
        "TasksMax=64",
        f"RuntimeMaxSec={ceil(cell.limits.seconds) + 1}",
        *(f"ReadWritePaths={folder}" for folder in cell.writable),
        *(f"InaccessiblePaths=-{folder}" for folder in cell.hidden),
    ]
    whose = [] if os.geteuid() == 0 else ["--user"]
    words = [shutil.which("systemd-run") or "systemd-run", *whose, "--pipe", "--wait", "--collect", "--quiet"]
    for one in properties:
        words += ["-p", one]
    return [*words, "--", *vector]


def _works(sandbox: Sandbox) -> bool:
    words = confined([_PROGRAM], Cell(Limits()), sandbox)
    try:
        done = subprocess.run(words, capture_output=True, timeout=_PROBE_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
