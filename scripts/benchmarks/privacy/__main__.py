"""The privacy layer against its bars, beside Presidio, DataFog and scrubadub, in one run.

    scripts/bench privacy --peers            makes the peers' environment (build/peers, about 1 GB, once)
    scripts/bench privacy [--quick] [--only NAME ...] [--json FILE] [--write] [--errors FILE]

Every figure has a 95 % interval (Wilson for shares, else bootstrap over rows) and every recall its precision. Seeds are fixed. Sets
are this project's own unless a line says otherwise. `--write` puts the tables into docs/privacy-bench.md; `--errors` writes what
was missed and what was taken for private without reason, for whoever works on the detectors.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from scripts.benchmarks.privacy import peers
from scripts.benchmarks.privacy.plan import MEASURES, Bench, run
from scripts.benchmarks.privacy.report import Report, as_json, columns, written
from tidegate.errors import Broken

PAGE = peers.ROOT / "docs" / "privacy-bench.md"


def show(console: Console, report: Report, title: str = "privacy") -> None:
    """The bar table, then the tables behind it, then the scorer's words."""
    names = columns(report)
    table = Table("measure", "bar", "Tidegate", "", *names, title=title, show_lines=True)
    for line in report.lines:
        colour = {True: "green", False: "red", None: "white"}[line.met]
        cells = (line.peers.get(name, "–") for name in names)
        table.add_row(line.measure, line.bar, line.ours, f"[{colour}]{line.verdict}[/]", *cells)
    console.print(table)
    for detail in report.details:
        console.print(f"\n[bold]{detail.title}[/]\n{detail.note}")
        inner = Table(*detail.columns)
        for row in detail.rows:
            inner.add_row(*row)
        console.print(inner)
    if report.output:
        console.print(report.output, markup=False, highlight=False)
    console.print_json(json.dumps(dict(report.facts)))


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="scripts/bench privacy",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--peers", action="store_true", help="make or refresh build/peers, then stop")
    parser.add_argument(
        "--quick", action="store_true", help="small sets and short timings: minutes to seconds"
    )
    parser.add_argument("--only", nargs="+", choices=list(MEASURES), help="these measures alone")
    parser.add_argument("--sentry", type=Path, help="another name model's folder")
    parser.add_argument(
        "--their-file", type=Path, help="a set in presidio-research's JSON format, scored as well"
    )
    parser.add_argument("--json", type=Path, help="write everything there")
    parser.add_argument("--write", action="store_true", help=f"write the tables into docs/{PAGE.name}")
    parser.add_argument("--errors", type=Path, help="write misses and false finds of own sets there")
    given = parser.parse_args()
    console = Console()
    try:
        if given.peers:
            console.print("making build/peers (about 1 GB, a few minutes) …")
            peers.install()
            return 0
        bench = Bench(
            quick=given.quick,
            only=tuple(given.only or MEASURES),
            sentry=given.sentry,
            their_file=given.their_file,
            said=lambda words: console.print(f"[dim]{words}[/]"),
        )
        report = run(bench)
    except Broken as broken:
        print(f"bench: {broken.message}; {broken.hint or ''}".rstrip("; "), file=sys.stderr)
        return 1
    show(console, report)
    if given.json is not None:
        given.json.write_text(json.dumps(as_json(report), indent=1, ensure_ascii=False), "utf-8")
    if given.errors is not None:
        given.errors.write_text(bench.errors_text(), "utf-8")
    if given.write:
        PAGE.write_text(written(PAGE.read_text("utf-8"), report), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
