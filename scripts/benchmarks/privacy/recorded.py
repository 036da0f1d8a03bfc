"""What fuzzing and property runs have written down: read and shown, never run from here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks.privacy.parts import Part
from scripts.benchmarks.privacy.report import Detail, Line

_NOTE = "One record per target, as the run left it in build/fuzz: inputs tried, inputs that broke a promise, seconds it ran."


def measure(folder: Path) -> Part:
    """A line and a table of the records in `folder`: JSON objects with name, inputs, failures, seconds. Without any, a line that says so."""
    rows = list(_records(folder))
    if not rows:
        line = Line("fuzz and property inputs", "published", "–", None, "no records: run scripts/fuzz first")
        return Part((line,))
    inputs, failures = sum(one[1] for one in rows), sum(one[2] for one in rows)
    line = Line(
        "fuzz and property inputs, of which broke a promise",
        "published, 0",
        f"{inputs:,}, {failures}",
        failures == 0,
        "missed" if failures else "met",
        {},
        f"{len(rows)} targets",
    )
    table = [[name, f"{count:,}", str(failed), f"{seconds:.0f}"] for name, count, failed, seconds in rows]
    return Part((line,), (Detail("Fuzzing", _NOTE, ["target", "inputs", "failures", "seconds"], table),))


def _records(folder: Path) -> Iterator[tuple[str, int, int, float]]:
    """Files that cannot be read as a record are a failure of one input, so that they are not overlooked."""
    for path in sorted(folder.glob("*.json")):
        try:
            one = json.loads(path.read_bytes())
            yield str(one["name"]), int(one["inputs"]), int(one["failures"]), float(one["seconds"])
        except (ValueError, KeyError, TypeError):
            yield f"{path.name} (unreadable)", 0, 1, 0.0
