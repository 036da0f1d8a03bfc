"""Measures the exported files through the code the device runs, sets the thresholds, writes the card.

Thresholds are chosen on development sentences and held-out benign texts; the held-out sets of the card are read once,
after that, and choose nothing.
"""

import json
import math
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scripts.training import sentry_data, sentry_inject, sentry_words
from scripts.training.sentry_data import Example
from scripts.training.sentry_synth import Writer
from tidegate.guard.injection import assess
from tidegate.privacy.encoder import Encoder, Window
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
    def f1(self) -> float:
        return 2 * self.right / max(self.found + self.wanted, 1)

    def row(self) -> str:
        return (
            f"{self.right / max(self.found, 1):.3f} | {self.right / max(self.wanted, 1):.3f} | {self.f1:.3f} | "
            f"{self.wanted}"
        )


def wilson(hits: int, of: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    if not of:
        return 0.0, 1.0
    z, p = 1.96, hits / of
    mid, half = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return (mid - half) / (1 + z * z / of), (mid + half) / (1 + z * z / of)


Found = set[tuple[int, int, str]]


def entities(examples: Iterable[Example], encoder: Encoder) -> dict[str, Count]:
    """Exact-boundary precision and recall per type, and `touched`: private stretches wholly found under any label."""
    counts: dict[str, Count] = defaultdict(Count)
    for example in examples:
        _tally(counts, example, {(s.start, s.end, s.label.value) for s in find(example.text, encoder)})
    return counts


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


def entity_threshold(examples: Sequence[Example], encoder: Encoder) -> float:
    """The threshold with the best F2 over PERSON on development sentences: a miss costs more than a mask too many."""
    scans = [(example, encoder.scan(example.text)) for example in examples]
    best, chosen = -1.0, 0.5
    for limit in (0.25, 0.35, 0.5, 0.6):
        counts: dict[str, Count] = defaultdict(Count)
        for example, scan in scans:
            got = spans(example.text, scan, encoder.settings.tags, limit)
            _tally(counts, example, {(s.start, s.end, s.label.value) for s in got})
        both = counts["PERSON"]
        p, r = both.right / max(both.found, 1), both.right / max(both.wanted, 1)
        f2 = 5 * p * r / max(4 * p + r, 1e-9)
        print(f"entity threshold {limit}: PERSON P {p:.3f} R {r:.3f} F2 {f2:.3f}", flush=True)
        if f2 > best:
            best, chosen = f2, limit
    return chosen


def latency(encoder: Encoder) -> tuple[float, float]:
    """Milliseconds of CPU time for one window of 128 pieces on one thread: median and 99th percentile of 100."""
    text = "Mrs Example of 12 Sample Street asks why error E42 shows on the heat pump. " * 12
    times = []
    for turn in range(100):
        shifted = f"{turn} {text}"
        pieces = encoder._wordpiece.encode(shifted)
        started = time.process_time()
        encoder._run(pieces, Window(0, 126, 0, 0))
        times.append(1000 * (time.process_time() - started))
    return sorted(times)[50], sorted(times)[98]


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


def set_thresholds(out: Path, **values: float) -> None:
    """Write measured thresholds into `sentry.json`."""
    path = out / "sentry.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings["thresholds"].update({name: round(value, 4) for name, value in values.items()})
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def report(out: Path, shared: Path, proof: dict[str, float], seed: int) -> None:
    """Choose thresholds, measure, print, and write `CARD.md`."""
    from scripts.training import sentry_card

    encoder = Encoder.load(out)
    rng = random.Random(seed)
    limit = entity_threshold(rng.sample(sentry_data.dev(shared, rng), 400), encoder)
    everyday = [score for scores in calm_scores(shared, encoder, slice(0, 150)).values() for score in scores]
    suspect = min(0.9, max(0.05, threshold(everyday, 0.02)))
    attack = max(suspect, threshold(everyday, 0.005))
    set_thresholds(out, entity=limit, suspect=suspect, attack=attack)
    encoder = Encoder.load(out)
    attacks, calm = held_scores(shared, encoder)
    pools = calm_scores(shared, encoder, slice(150, 300))
    held = sentry_words.build(shared, sentry_data.train(shared, random.Random(seed)))[1]
    tables = {}
    for name, examples in sentry_data.test(shared, random.Random(seed)).items():
        tables[name] = entities(examples[:400], encoder)
        print(name, {k: (round(c.f1, 3), c.wanted) for k, c in tables[name].items()}, flush=True)
    secrets = planted(held, encoder, 600, seed + 1)
    for key, count in sorted(secrets.items()):
        print(key, f"{count.right}/{count.wanted}", flush=True)
    cut = threshold(calm, 0.01)
    hits = sum(score >= cut for score in attacks)
    facts = sentry_card.Facts(
        tables=tables,
        planted=secrets,
        proof=proof,
        latency=latency(encoder),
        held=(hits, len(attacks), len(calm), cut),
        held_at=tuple(
            (name, sum(s >= t for s in attacks), sum(s >= t for s in calm))  # type: ignore[arg-type]
            for name, t in (("suspect", suspect), ("attack", attack))
        ),
        benign={
            name: (sum(s >= suspect for s in scores), sum(s >= attack for s in scores), len(scores))
            for name, scores in pools.items()
        },
        settings=json.loads((out / "sentry.json").read_text(encoding="utf-8")),
        size=(out / "sentry.onnx").stat().st_size,
        memory=memory(out),
    )
    (out / "CARD.md").write_text(sentry_card.card(facts), encoding="utf-8")
    print(
        f"injection on {sentry_inject.HELD_OUT}, held out whole: {hits}/{len(attacks)} at 1 % false positives "
        f"{tuple(round(x, 3) for x in wilson(hits, len(attacks)))}"
    )
