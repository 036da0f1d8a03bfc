"""Measures the exported files through the code the device runs. Every figure comes with its 95 % interval.

Thresholds are chosen on development sentences and held-out benign texts; the held-out sets of the card are read once,
after that, and choose nothing.
"""

import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.training import sentry_inject, sentry_words
from scripts.training.sentry_data import Example
from scripts.training.sentry_synth import Writer
from tidegate.guard.injection import assess
from tidegate.privacy.encoder import Encoder
from tidegate.privacy.ner import find, spans
from tidegate.privacy.spans import Label

_LABEL = {
    "PER": Label.PERSON,
    "LOC": Label.LOCATION,
    "ORG": Label.ORGANIZATION,
    "STREET": Label.STREET_ADDRESS,
    "ZIP": Label.POSTAL_CODE,
}


@dataclass
class Count:
    """Matches of one type on one source."""

    right: int = 0
    found: int = 0
    wanted: int = 0

    @property
    def precision(self) -> float:
        return self.right / max(self.found, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.wanted, 1)

    def f(self, beta: float) -> float:
        """F-beta: recall weighs `beta` times as much as precision."""
        p, r = self.precision, self.recall
        return (1 + beta * beta) * p * r / max(beta * beta * p + r, 1e-9)


Found = set[tuple[int, int, str]]
Rows = list[dict[str, Count]]  # one per sentence


def entities(examples: Iterable[Example], encoder: Encoder) -> dict[str, Count]:
    """Exact-boundary matches per type, and `touched`: private stretches wholly found under any label."""
    return summed(per_sentence(examples, encoder))


def per_sentence(examples: Iterable[Example], encoder: Encoder) -> Rows:
    """`entities` of each sentence on its own, for intervals."""
    rows = []
    for example in examples:
        counts: dict[str, Count] = defaultdict(Count)
        _tally(counts, example, {(s.start, s.end, s.label.value) for s in find(example.text, encoder)})
        rows.append(dict(counts))
    return rows


def summed(rows: Iterable[dict[str, Count]]) -> dict[str, Count]:
    """All sentences together."""
    total: dict[str, Count] = defaultdict(Count)
    for row in rows:
        for kind, count in row.items():
            total[kind].right += count.right
            total[kind].found += count.found
            total[kind].wanted += count.wanted
    return dict(total)


def f1_interval(rows: Rows, kind: str, seed: int = 1, draws: int = 400) -> tuple[float, float]:
    """95 % interval of F1 by drawing sentences with replacement."""
    table = np.array(
        [[getattr(row.get(kind, Count()), name) for name in ("right", "found", "wanted")] for row in rows]
    )
    picks = np.random.default_rng(seed).integers(0, len(rows), (draws, len(rows)))
    right, found, wanted = table[picks].sum(axis=1).T
    low, high = np.quantile(2 * right / np.maximum(found + wanted, 1), (0.025, 0.975))
    return float(low), float(high)


def _tally(counts: dict[str, Count], example: Example, got: Found) -> None:
    want = {(s, e, _LABEL[k].value) for s, e, k in example.spans}
    for start, end, label in got:
        counts[label].found += 1
        counts[label].right += (start, end, label) in want
    for start, end, label in want:
        counts[label].wanted += 1
        counts["touched"].wanted += 1
        counts["touched"].right += _covered(example.text, start, end, got)


def _covered(text: str, start: int, end: int, got: Found) -> bool:
    hidden = {at for a, b, _ in got for at in range(a, b)}
    return all(at in hidden or not text[at].isalnum() for at in range(start, end))


def planted(lexicon: sentry_words.Lexicon, encoder: Encoder, count: int, seed: int) -> dict[str, Count]:
    """Names and streets of the held-out lexicon in made-up prose, JSON and log lines: how many are wholly covered."""
    writer = Writer(lexicon, random.Random(seed))
    counts: dict[str, Count] = defaultdict(Count)
    for _ in range(count):
        example = writer.one()
        got = {(s.start, s.end, s.label.value) for s in find(example.text, encoder)}
        for start, end, kind in example.spans:
            key = f"{kind} in {example.source}"
            counts[key].wanted += 1
            counts[key].right += _covered(example.text, start, end, got)
    return counts


def held_scores(shared: Path, encoder: Encoder) -> tuple[list[float], list[float]]:
    """Scores of the held-out source: its attacks and its benign texts."""
    held = sentry_inject.held_out(shared)
    scored = [(sample.attack, assess(sample.text, encoder).injection) for sample in held]
    return [s for attack, s in scored if attack], [s for attack, s in scored if not attack]


def calm_scores(shared: Path, encoder: Encoder, part: slice) -> dict[str, list[float]]:
    """Scores of held-out benign texts per source; thresholds and the card read different parts."""
    pools = sentry_inject.parts(sentry_inject.benign(shared, random.Random(0)))[1]
    return {name: [assess(text, encoder).injection for text in texts[part]] for name, texts in pools.items()}


def threshold(scores: Sequence[float], rate: float) -> float:
    """The lowest score that at most `rate` of `scores` reach."""
    ordered = sorted(scores, reverse=True)
    allowed = int(rate * len(ordered))
    return float(np.nextafter(ordered[min(allowed, len(ordered) - 1)], 2.0))


def entity_thresholds(examples: Sequence[Example], encoder: Encoder) -> tuple[float, dict[str, float]]:
    """The marking threshold and the least mean score per kind, chosen on development sentences.

    For persons the best F2 decides, since a miss costs more than a mask too many; for places and organisations, which are
    rarely private on their own, the best F1.
    """
    scans = [(example, encoder.scan(example.text)) for example in examples]

    def counted(limit: float, minimum: dict[str, float]) -> dict[str, Count]:
        counts: dict[str, Count] = defaultdict(Count)
        for example, scan in scans:
            got = spans(example.text, scan, encoder.settings.tags, limit, minimum)
            _tally(counts, example, {(s.start, s.end, s.label.value) for s in got})
        return counts

    limit = max((0.25, 0.35, 0.45, 0.55), key=lambda limit: counted(limit, {})["PERSON"].f(2))
    least: dict[str, float] = {}
    for kind in ("LOC", "ORG"):
        label = _LABEL[kind].value
        least[kind] = max(
            (0.4, 0.5, 0.6, 0.7, 0.8), key=lambda least: counted(limit, {kind: least})[label].f(1)
        )
    final = counted(limit, least)
    print(
        f"thresholds {limit} {least}: "
        + "  ".join(
            f"{k} P {final[k].precision:.3f} R {final[k].recall:.3f}"
            for k in ("PERSON", "LOCATION", "ORGANIZATION")
        ),
        flush=True,
    )
    return limit, least


def latency(encoder: Encoder) -> tuple[float, float]:
    """Milliseconds of CPU time for one window of 128 pieces on one thread: median and 99th percentile of 100."""
    text = "Mrs Example of 12 Sample Street asks why error E42 shows on the heat pump. " * 12
    times = []
    for turn in range(100):
        clipped = _one_window(encoder, f"{turn} {text}")
        started = time.process_time()
        encoder.scan(clipped)
        times.append(1000 * (time.process_time() - started))
    return sorted(times)[50], sorted(times)[98]


def _one_window(encoder: Encoder, text: str) -> str:
    """As much of `text` as fills one window to the last piece."""
    words = text.split(" ")
    while len(encoder.pieces(" ".join(words))) > encoder.settings.window - 2:
        words.pop()
    return " ".join(words)


_WEIGH = """
import sys
from pathlib import Path
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
before = resident()
from tidegate.privacy.encoder import Encoder
encoder = Encoder.load(Path(sys.argv[1]))
encoder.scan("Mrs Example of 12 Sample Street asks why error E42 shows. " * 40)
print(resident() - before)
"""


def memory(out: Path) -> float:
    """Megabytes a fresh process grows by when it loads the model and reads a page (runtime and numpy included)."""
    done = subprocess.run(
        [sys.executable, "-c", _WEIGH, str(out)], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    return float(done.stdout)
