"""Rows of mixed private text: written by hand for this benchmark, and DataFog's own cases when the shared corpora are at hand.

DataFog's rows are its project's tests; whoever works on the detectors can read them, so they are a development set and stand apart.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from scripts.benchmarks.privacy.values import Mark, Row, read_set

# Their files, and what the rows of each are in the words of the bar.
_FILES = {
    "edge_cases": "DataFog adversarial",
    "unstructured_pii": "DataFog ambiguous",
    "negative_cases": "DataFog ambiguous",
    "mixed_pii": "DataFog contextual",
}
_LONGEST = 10_000  # its one row of 100 kB is about endurance, not about finding


def own() -> tuple[Row, ...]:
    return read_set("mixed")


def chat(seed: int) -> tuple[Row, ...]:
    """Chat prompts: each hand-written prompt with two of the asks that people put behind theirs, drawn by `seed`."""
    rng = random.Random(seed)
    rows = read_set("chat")
    asks = [row.text for row in rows if row.group == "asks"]
    return tuple(
        replace(row, text=f"{row.text}\n\n{' '.join(rng.sample(asks, 2))}")
        for row in rows
        if row.group != "asks"
    )


def datafog(shared: Path | None) -> tuple[Row, ...]:
    """DataFog's cases, or none when the corpora are absent. Rows whose letters were lost to '?' in the corpus are left out."""
    folder = shared / "data" / "pii" / "datafog-corpus" if shared is not None else None
    if folder is None or not folder.is_dir():
        return ()
    return tuple(row for name, group in _FILES.items() for row in _rows(folder / f"{name}.json", group))


def _rows(path: Path, group: str) -> Iterator[Row]:
    for case in json.loads(path.read_bytes()):
        text = str(case["input"])
        if not text or len(text) > _LONGEST or "??" in text or "S?o" in text or "Jos?" in text:
            continue
        marks = tuple(Mark(int(m["start"]), int(m["end"]), str(m["type"])) for m in case["expected_entities"])
        yield Row(text, marks, group)
