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
    def precision(self) -> float:
        return self.right / max(self.found, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.wanted, 1)

    def f(self, beta: float) -> float:
        """F-beta: recall weighs `beta` times as much as precision."""
        p, r = self.precision, self.recall
        return (1 + beta * beta) * p * r / max(beta * beta * p + r, 1e-9)

    def row(self) -> str:
        return f"{self.precision:.3f} | {self.recall:.3f} | {self.f(1):.3f} | {self.wanted}"


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


def set_thresholds(out: Path, **values: float | dict[str, float]) -> None:
    """Write measured thresholds into `sentry.json`."""
    path = out / "sentry.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings["thresholds"].update({k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()})
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def report(out: Path, shared: Path, proof: dict[str, float], seed: int) -> None:
    """Choose thresholds, measure, print, and write `CARD.md`."""
    from scripts.training import sentry_card

    encoder = Encoder.load(out)
    rng = random.Random(seed)
    limit, least = entity_thresholds(rng.sample(sentry_data.dev(shared, rng), 500), encoder)
    everyday = [
        score for scores in calm_scores(shared, encoder, slice(0, 300, 2)).values() for score in scores
    ]
    suspect = min(0.9, max(0.05, threshold(everyday, 0.02)))
    attack = max(suspect, threshold(everyday, 0.005))
    set_thresholds(out, entity=limit, minimum=least, suspect=suspect, attack=attack)
    encoder = Encoder.load(out)
    attacks, calm = held_scores(shared, encoder)
    pools = calm_scores(shared, encoder, slice(1, 300, 2))
    held = sentry_words.build(shared, sentry_data.train(shared, random.Random(seed)))[1]
    tables = {}
    for name, examples in sentry_data.test(shared, random.Random(seed)).items():
        tables[name] = entities(examples[:400], encoder)
        print(name, {k: (round(c.f(1), 3), c.wanted) for k, c in tables[name].items()}, flush=True)
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
