"""The rows of the sentry: names in text, prompt injection, time. The measuring itself is `scripts.training.sentry_eval`."""

from __future__ import annotations

import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.evaluation.footprint import once
from scripts.evaluation.intervals import Matches, f_measure, middle, wilson
from scripts.evaluation.peer import PIECES, onnx_times
from scripts.evaluation.progress import Progress
from scripts.evaluation.rows import Bar, Row, Unit
from scripts.training import sentry_data, sentry_eval, sentry_inject
from scripts.training.sentry_data import Example
from tidegate.guard.injection import Verdict, assess
from tidegate.privacy.encoder import Encoder
from tidegate.privacy.package import read_package
from tidegate.privacy.wordpiece import WordPiece

KINDS = ("PERSON", "LOCATION", "ORGANIZATION", "STREET_ADDRESS", "POSTAL_CODE")
LEAST = 10  # entities a kind needs in a source before it gets a row
SEED = 7
LOOK_ALIKES = "notinject"


def planned(count: int) -> int:
    """How many texts will be read at most, about: ten sources of sentences, one of attacks, calm ones."""
    return 10 * count + min(4 * count, 700) + 5 * (count // 3) + 63


def sentences(shared: Path, count: int) -> dict[str, list[Example]]:
    """Test sentences by source, at most `count` of each, drawn with a seed."""
    found = {}
    for name, examples in sentry_data.test(shared, random.Random(SEED)).items():
        random.Random(f"{SEED}/{name}").shuffle(examples)
        found[name] = examples[:count]
    return found


def trained_on(shared: Path) -> frozenset[str]:
    """Sources of which other sentences were trained on.

    Wikigold is among them: the trainer leaves it out today, but the trunk that is shipped was trained before it did.
    """
    found = frozenset(example.source for example in sentry_data.train(shared, random.Random(SEED)))
    return found | {"wikigold"}


def entity_rows(
    model: str, source: str, examples: Sequence[Example], encoder: Encoder, *, seen: bool, progress: Progress
) -> Iterator[Row]:
    """F1 by kind over one source: exact boundaries and type."""
    matches: dict[str, list[Matches]] = defaultdict(list)
    hidden = wanted = 0
    for example in examples:
        counts = sentry_eval.entities([example], encoder)
        for kind in KINDS:
            count = counts.get(kind, sentry_eval.Count())
            matches[kind].append(Matches(count.right, count.found, count.wanted))
        touched = counts.get("touched", sentry_eval.Count())
        hidden, wanted = hidden + touched.right, wanted + touched.wanted
        progress.step()
    where = "other sentences of it were trained on" if seen else "held out whole"
    for kind, found in matches.items():
        if sum(m.wanted for m in found) >= LEAST:
            bar = Bar(0.85) if kind == "PERSON" else None
            yield Row(model, f"{source}: {kind} F1", f_measure(found), Unit.SCORE, bar, where)
    yield Row(model, f"{source}: private stretch wholly marked", wilson(hidden, wanted), detail=True)


def injection_rows(
    model: str, shared: Path, encoder: Encoder, count: int, progress: Progress
) -> Iterator[Row]:
    """Recall at 1 % false positives on every source that training never saw, and everyday texts let through."""
    sources: dict[str, list[sentry_inject.Sample]] = defaultdict(list)
    for sample in sentry_inject.held_out(shared):
        sources[sample.source].append(sample)
    for source, samples in sources.items():
        attacks: list[float] = []
        calm: list[float] = []
        for sample in _some(samples, 4 * count):
            (attacks if sample.attack else calm).append(assess(sample.text, encoder).injection)
            progress.step()
        cut = sentry_eval.threshold(calm, 0.01)
        hits = sum(score >= cut for score in attacks)
        yield Row(
            model,
            f"injection, {source.split(' (')[0]}: recall at 1 % false positives",
            wilson(hits, len(attacks)),
            bar=Bar(0.35),
            note=f"held out whole; {len(calm)} of its own calm texts set the bar at {cut:.3f}",
        )
        alarms = sum(score >= encoder.settings.attack for score in attacks)
        yield Row(model, "at the shipped threshold for attacks", wilson(alarms, len(attacks)), detail=True)
        false = sum(score >= encoder.settings.attack for score in calm)
        yield Row(model, "its calm texts called attacks", wilson(false, len(calm)), detail=True)
    yield from _calm(model, shared, encoder, count, progress)


def _some(samples: Sequence[sentry_inject.Sample], count: int) -> list[sentry_inject.Sample]:
    chosen = list(samples)
    random.Random(SEED).shuffle(chosen)
    return chosen[:count]


def _calm(model: str, shared: Path, encoder: Encoder, count: int, progress: Progress) -> Iterator[Row]:
    """Held-out texts nobody attacks with; the half of them that no threshold was chosen on."""
    held = sentry_inject.parts(sentry_inject.benign(shared, random.Random(0)))[1]
    verdicts: dict[str, list[Verdict]] = {}
    for name, texts in held.items():
        chosen = texts[1:300:2][: max(count, 63)] if name == LOOK_ALIKES else texts[1:300:2][: count // 3]
        verdicts[name] = [assess(text, encoder).verdict for text in chosen]
        progress.step(len(chosen))
    tricky = verdicts.pop(LOOK_ALIKES, [])
    yield Row(
        model,
        "benign look-alikes (NotInject): let through, not even suspect",
        wilson(sum(v is Verdict.CLEAN for v in tricky), len(tricky)),
        bar=Bar(0.85),
        note="other texts of it were trained on",
    )
    everyday = [v for found in verdicts.values() for v in found]
    yield Row(
        model,
        "everyday texts: let through, not even suspect",
        wilson(sum(v is Verdict.CLEAN for v in everyday), len(everyday)),
        note=", ".join(verdicts),
        detail=True,
    )


def time_rows(model: str, folder: Path, encoder: Encoder) -> Iterator[Row]:
    """Milliseconds of one window on one thread, memory, size."""
    window = encoder.settings.window
    times = window_times(encoder, WordPiece.load(folder / "vocab.txt"))
    small = distilled(folder)
    bar, most = Bar(5.0 if small else 17.0, at_least=False), Bar(6 if small else 25, at_least=False)
    title = f"one window of {window} pieces, one thread"
    yield Row(model, title, middle(times), Unit.MS, bar, "CPU time, median; words cut included")
    yield Row(model, "slowest of a hundred", once(max(times)), Unit.MS, detail=True)
    yield Row(model, "memory it adds to a fresh process", once(sentry_eval.memory(folder)), Unit.MB)
    size = read_package(folder).weights.stat().st_size / 1e6
    yield Row(model, "file", once(size), Unit.MB, most, detail=True)


def distilled(folder: Path) -> bool:
    """Whether the settings of a sentry call it the small one."""
    training = json.loads((folder / "sentry.json").read_bytes()).get("training", {})
    return bool(training.get("distilled"))


def window_times(encoder: Encoder, wordpiece: WordPiece) -> list[float]:
    """Milliseconds of CPU time for texts that just fill one window, a hundred times after a warm-up."""
    body = encoder.settings.window - 2
    words = ("Mrs Example of 12 Sample Street asks why error E42 shows on the heat pump. " * 12).split()
    count = next(
        n for n in range(len(words), 0, -1) if len(wordpiece.encode(f"100 {' '.join(words[:n])}").ids) <= body
    )
    times = []
    for turn in range(101):
        text = (
            f"{turn} {' '.join(words[:count])}"  # another text each time: the last few scans are remembered
        )
        began = time.process_time()
        encoder.scan(text)
        times.append(1000 * (time.process_time() - began))
    return times[1:]


def peer_rows(model: str, path: Path) -> Iterator[Row]:
    """A plain encoder of the same family on the same number of pieces, by the runtime alone. Raises Broken."""
    times = onnx_times(path)
    name = f"a plain encoder beside it ({path.parent.name}/{path.name}), {PIECES} pieces"
    yield Row(model, name, middle(times), Unit.MS, note="CPU time, median; no words cut", detail=True)


def rows(model: str, folder: Path, shared: Path, count: int, progress: Progress) -> Iterator[Row]:
    """Everything about one sentry."""
    encoder = Encoder.load(folder)
    seen = trained_on(shared)
    for source, examples in sentences(shared, count).items():
        progress.begin(f"{model} {source}")
        yield from entity_rows(
            model, source, examples, encoder, seen=examples[0].source in seen, progress=progress
        )
    progress.begin(f"{model} injection")
    yield from injection_rows(model, shared, encoder, count, progress)
    yield from time_rows(model, folder, encoder)
