"""Memory of the whole layer above a daemon that has no detectors loaded: one real daemon, read before and after its first scans."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import httpx

from scripts.benchmarks.privacy.parts import Part
from scripts.benchmarks.privacy.report import Line, judged
from scripts.evaluation.intervals import middle
from tidegate.demo.process import Process, start, tidegate_command

BARE = "[model]\nenabled = false\n"
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
    settings = folder / "edge.toml"
    settings.write_text(f'state = "{folder / "state"}"\n[door]\nport = 0\n{BARE}', "utf-8")
    daemon = start("edge", tidegate_command("edge", "run", "--config", str(settings)), logs=folder)
    try:
        time.sleep(1.0)  # what start-up still does in the background belongs to the bare daemon
        before = _resident_mb(daemon)
        headers = {"authorization": f"Bearer {daemon.ready['api_key']}"}
        with httpx.Client(base_url=daemon.url().removesuffix("/v1"), headers=headers, timeout=60.0) as client:
            for text in texts:
                body = {"messages": [{"role": "user", "content": text}]}
                client.post("/v1/tidegate/preview", json=body).raise_for_status()
        return before, _resident_mb(daemon)
    finally:
        daemon.stop()


def _resident_mb(process: Process) -> float:
    """VmRSS is in units of 1,024 bytes."""
    status = Path(f"/proc/{process.child.pid}/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / 1e6
