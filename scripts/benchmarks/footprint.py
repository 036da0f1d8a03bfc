"""Memory and start-up of the edge daemon: without a model, and with the embedded model and the detectors at work.

    scripts/bench footprint [--runs 5]

Resident memory is VmRSS of the daemon's process from /proc, in MiB; ready is from exec to the ready line. The second
configuration has answered ten requests and escalated one to a real cloud before it is read.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tidegate.demo import script
from tidegate.demo.process import Process, start, tidegate_command
from tidegate.demo.world import World

BARE = "[model]\nenabled = false\n"


def rss_mib(process: Process) -> float:
    status = Path(f"/proc/{process.child.pid}/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def bare(folder: Path) -> tuple[float, float]:
    """(seconds to ready, MiB) of an idle daemon without a model."""
    settings = folder / "edge.toml"
    settings.write_text(f'state = "{folder / "state"}"\n[door]\nport = 0\n{BARE}')
    began = time.perf_counter()
    daemon = start("edge", tidegate_command("edge", "run", "--config", str(settings)), logs=folder)
    ready = time.perf_counter() - began
    time.sleep(1.0)
    try:
        return ready, rss_mib(daemon)
    finally:
        daemon.stop()


def at_work(folder: Path) -> tuple[float, float]:
    """(seconds to ready, MiB) of a daemon that has answered locally and redacted and sent to a real cloud."""
    world = World(folder, with_fleet=False)
    try:
        world.prepare()
        world.process("edge").stop()
        began = time.perf_counter()
        world.start_edge()
        ready = time.perf_counter() - began
        for utterance in script.UTTERANCES:
            world.door.ask(utterance.text, tools=script.tools_for(utterance))
        world.door.ask(script.CUSTOMER)
        return ready, rss_mib(world.process("edge"))
    finally:
        world.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    shown = Table("configuration", "ready s: median [min-max]", "MiB: median [min-max]", title="edge daemon")
    for name, measure in (
        ("without a model, idle", bare),
        ("embedded model and detectors, at work", at_work),
    ):
        found = []
        for _ in range(given.runs):
            with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as folder:
                found.append(measure(Path(folder)))
        columns = [[one[at] for one in found] for at in (0, 1)]
        shown.add_row(name, *(f"{statistics.median(c):.2f} [{min(c):.2f}-{max(c):.2f}]" for c in columns))
    Console().print(shown)


if __name__ == "__main__":
    main()
