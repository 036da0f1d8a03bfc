"""Memory of the whole layer above a daemon that has no detectors loaded: one real daemon, read before and after its first scans."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import httpx

from scripts.benchmarks.privacy.parts import Part
from scripts.benchmarks.privacy.report import Line, judged
from scripts.evaluation.intervals import middle
from tidegate.demo.process import Process
from tidegate.demo.world import World
from tidegate.errors import Broken

BARE = "[model]\nenabled = false\n"  # appended to the settings of the demo's device
BAR_MB = 120.0


def measure(texts: list[str], runs: int) -> Part:
    """Resident MB (10^6 bytes) that the detectors and the name model add, over fresh daemons."""
    grown = []
    for _ in range(runs):
        with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
            before, after = _once(Path(folder), texts)
            grown.append(after - before)
    one = middle(grown)
    met, verdict = judged(one, BAR_MB, at_least=False)
    text = f"{one.value:.0f} MB (min {min(grown):.0f}, max {max(grown):.0f})"
    over = f"{runs} fresh daemons, read before and after {len(texts)} previews"
    return Part(
        (Line("memory above the daemon, full name model", f"{BAR_MB:g} MB", text, met, verdict, {}, over),)
    )


def _once(folder: Path, texts: list[str]) -> tuple[float, float]:
    """A daemon without a language model but with a cloud it could send to: only such a one redacts."""
    world = World(folder, with_fleet=False, edge_toml=BARE)
    try:
        world.prepare()
        daemon = world.process("edge")
        time.sleep(1.0)  # what start-up still does in the background belongs to the bare daemon
        before = _resident_mb(daemon)
        headers = {"authorization": f"Bearer {world.door.key}"}
        with httpx.Client(base_url=world.door.url, headers=headers, timeout=60.0) as client:
            hidden = [_previewed(client, text) for text in texts]
        if not any(hidden):
            raise _refused("it hid nothing")
        return before, _resident_mb(daemon)
    finally:
        world.close()


def _previewed(client: httpx.Client, text: str) -> int:
    """How many private stretches the daemon hid. Raises Broken when it refuses."""
    body = {"model": "tidegate", "messages": [{"role": "user", "content": text}]}
    reply = client.post("/tidegate/preview", json=body)
    if reply.status_code != httpx.codes.OK:
        raise _refused(f"it answered {reply.status_code}")
    return sum(reply.json()["entities"].values())


def _refused(why: str) -> Broken:
    return Broken(
        f"the daemon gave no preview of redacted text: {why}",
        code="bench_preview",
        hint="run: tidegate edge doctor",
    )


def _resident_mb(process: Process) -> float:
    """VmRSS is in units of 1,024 bytes."""
    status = Path(f"/proc/{process.child.pid}/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / 1e6
