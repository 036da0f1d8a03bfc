"""scripts/bench risk [--draws 1000] [--runs 200] [--traces 1000] [--decisions 20000] [--months 40] [--no-ordering]: the bars of `tidegate risk`, with intervals."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks.risk import deciding, embedded, keeping, links, ordering
from scripts.evaluation.rows import Row
from scripts.evaluation.table import summary, text


def shared_folder() -> Path:
    """Where the outcomes are: `TIDEGATE_SHARED`, else `../shared`."""
    named = os.environ.get("TIDEGATE_SHARED")
    return Path(named) if named else Path(__file__).resolve().parents[4] / "shared"


def measured(asked: argparse.Namespace) -> Iterator[Row]:
    shared = shared_folder()
    if asked.ordering and not shared.is_dir():
        print(f"no outcomes in {shared.name}: the lines about ordering are left out")
    elif asked.ordering:
        yield from ordering.rows(shared)
    if asked.draws:
        yield from keeping.promise_rows(asked.draws)
    if asked.runs:
        yield from keeping.watch_rows(asked.runs)
    if asked.traces:
        yield from links.rows(asked.traces)
    if asked.decisions:
        yield from deciding.rows(asked.decisions)
        yield from embedded.cost_rows()
    yield from embedded.rows()
    if asked.months:
        yield from embedded.month_rows(asked.months)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--draws", type=int, default=1000, help="resampled calibrations at each level; 0: none"
    )
    parser.add_argument("--runs", type=int, default=200, help="watched runs; 0: none")
    parser.add_argument("--traces", type=int, default=1000, help="flapping links; 0: none")
    parser.add_argument("--decisions", type=int, default=20_000, help="decisions timed; 0: none")
    parser.add_argument("--months", type=int, default=40, help="made-up months with drift; 0: none")
    parser.add_argument("--no-ordering", dest="ordering", action="store_false")
    logging.disable(logging.CRITICAL)  # thousands of made-up outages are the subject here
    found: list[Row] = []
    for row in measured(parser.parse_args()):
        found.append(row)
        print(text([row]).splitlines()[1], flush=True)
    print("\n" + text(found) + "\n\n" + summary(found))


if __name__ == "__main__":
    main()
