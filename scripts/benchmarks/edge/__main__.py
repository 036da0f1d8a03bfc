"""The edge daemon against the bars of its design, beside llama.cpp's own server, in one run.

    scripts/bench edge --peers               makes the server's environment (build/servers, about 130 MB, once)
    scripts/bench edge [--quick] [--only NAME ...] [--threads N] [--soak-minutes N] [--json FILE] [--write]

Comparisons are ratios taken round by round, in rounds that alternate, with the same file, threads and questions; intervals are 95 %
bootstraps. `--quick` makes everything small, for a look. `--write` puts the table into docs/bench-edge.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from scripts.benchmarks.edge import crowd, door, models, soak, speed
from scripts.benchmarks.edge.bench import Bench
from scripts.benchmarks.edge.servers import HOME, LOCK, MODELS
from scripts.benchmarks.privacy import peers
from scripts.benchmarks.privacy.__main__ import show
from scripts.benchmarks.privacy.report import Line, Report, as_json, machine, written
from tidegate.chat import JSON
from tidegate.engines.native import file_digest
from tidegate.errors import Broken

PAGE = peers.ROOT / "docs" / "bench-edge.md"
MEASURES: dict[str, Callable[[Bench], Iterator[Line]]] = {
    "speed": speed.measure,
    "prefix": speed.prefix,
    "first": door.first_token,
    "start": door.start,
    "idle": crowd.idle,
    "slow": crowd.slow,
    "soak": soak.measure,
}


def run(bench: Bench, only: tuple[str, ...]) -> Report:
    """Every part asked for, in order. A part that breaks is a line that says so, and hides no other."""
    facts, lines = machine(), list[Line]()
    for name in only:
        bench.said(f"measuring {name}")
        try:
            lines += MEASURES[name](bench)
        except Broken as broken:
            lines.append(Line(name, "", "–", False, f"not measured: {broken.message}"))
    return Report({**facts, **_facts(bench)}, lines, ())


def _facts(bench: Bench) -> dict[str, JSON]:
    drawn = file_digest(models.drawn(MODELS))[:12]
    return {
        "threads": bench.threads,
        "seed": bench.seed,
        "quick": bench.quick,
        "versions": f"tidegate {version('tidegate')}, llama-cpp-python {version('llama-cpp-python')}",
        "drawn model": f"{models.weights(models.DRAWN) / 1e6:.0f}M weights, sha256 {drawn}…",
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/bench edge", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", action="store_true", help="make or refresh build/servers, then stop")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes: about three minutes on a quiet machine"
    )
    parser.add_argument("--only", nargs="+", choices=list(MEASURES), help="these parts alone")
    parser.add_argument("--threads", type=int, default=1, help="of every engine that is compared (default 1)")
    parser.add_argument("--soak-minutes", type=float, default=30.0, help="when the soak ends at the latest")
    parser.add_argument("--json", type=Path, help="write everything there")
    parser.add_argument("--write", action="store_true", help=f"write the table into docs/{PAGE.name}")
    given = parser.parse_args()
    console = Console()
    if given.peers:
        console.print("making build/servers (about 130 MB) …")
        peers.install(HOME, LOCK)
        return 0
    bench = Bench(
        quick=given.quick,
        threads=given.threads,
        soak_minutes=given.soak_minutes,
        said=lambda words: console.print(f"[dim]{words}[/]"),
    )
    report = run(bench, tuple(given.only or MEASURES))
    show(console, report, "edge")
    if given.json is not None:
        given.json.write_text(json.dumps(as_json(report), indent=1, ensure_ascii=False), "utf-8")
    if given.write:
        PAGE.write_text(written(PAGE.read_text("utf-8"), report, "edge"), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
