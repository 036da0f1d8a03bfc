"""How fast, on one core: patterns beside the peers' in alternating rounds, the whole layer at 128 tokens, restore, and memory.

Patterns are timed in CPU seconds, so that a neighbour on the machine does not slow one finder and not the other; latencies in wall time.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from scripts.benchmarks.privacy.finders import PATTERNS, TITLES, reader
from scripts.benchmarks.privacy.parts import Part
from scripts.benchmarks.privacy.peers import Peer
from scripts.benchmarks.privacy.report import Line, judged, shown
from scripts.benchmarks.privacy.values import Row
from scripts.evaluation.intervals import Estimate, bootstrap, middle
from tidegate.privacy.detect import Detector
from tidegate.privacy.spans import Label
from tidegate.privacy.vault import Vault
from tidegate.privacy.wordpiece import WordPiece

MESSAGE = 500  # characters, about what a message of a chat has
TOKENS = 128
SHIPPED_BARS = (20.0, 40.0)  # p50 and p99 in ms with the full name model
SMALL_BARS = (8.0, 16.0)  # and with the distilled one


@contextmanager
def one_core() -> Iterator[None]:
    """This process, and the children it starts meanwhile, on one core."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def messages(rows: Sequence[Row], seed: int, characters: int) -> list[str]:
    """Rows put together to messages of about MESSAGE characters, up to so many characters in all."""
    rng = random.Random(seed)
    made: list[str] = []
    total = 0
    while total < characters:
        message = ""
        while len(message) < MESSAGE:
            message += rng.choice(rows).text + " "
        made.append(message)
        total += len(message)
    return made


def patterns(peers: Sequence[Peer], corpus: Sequence[str], rounds: int) -> Part:
    """Characters per CPU second of the patterns alone, and how many times Presidio's that is, round by round."""
    characters = sum(map(len, corpus))
    detector = Detector()
    rates: dict[str, list[float]] = {PATTERNS: [], **{TITLES[peer.name]: [] for peer in peers}}
    _timed(detector, corpus[:5])
    for peer in peers:
        peer.timed(corpus[:5])
    for _ in range(rounds):
        rates[PATTERNS].append(characters / _timed(detector, corpus))
        for peer in peers:
            rates[TITLES[peer.name]].append(characters / max(1e-9, peer.timed(corpus).cpu_s))
    mine = middle(rates[PATTERNS])
    met, verdict = judged(mine, 500_000)
    others = {who: f"{statistics.median(r):,.0f}" for who, r in rates.items() if who != PATTERNS}
    over = f"{characters:,} characters in messages of {MESSAGE}, {rounds} rounds in turn"
    lines = [
        Line(
            "patterns only, characters per second of one core",
            "500,000",
            _spread(rates[PATTERNS]),
            met,
            verdict,
            others,
            over,
        )
    ]
    presidio = rates.get(TITLES["presidio"])
    if presidio:
        ratios = [a / b for a, b in zip(rates[PATTERNS], presidio, strict=True)]
        met, verdict = judged(middle(ratios), 10.0)
        text = f"{statistics.median(ratios):.1f} (min {min(ratios):.1f}, max {max(ratios):.1f})"
        lines.append(Line("the same, times Presidio's patterns", "10", text, met, verdict, {}, over))
    return Part(tuple(lines))


def _timed(detector: Detector, corpus: Sequence[str]) -> float:
    began = time.process_time()
    for text in corpus:
        detector.structured(text)
    return max(1e-9, time.process_time() - began)


def _spread(rates: Sequence[float]) -> str:
    return f"{statistics.median(rates):,.0f} (min {min(rates):,.0f}, max {max(rates):,.0f})"


def whole_layer(folder: Path, name: str, rows: Sequence[Row], seed: int, repeats: int) -> Part:
    """Milliseconds of a whole `find` (patterns, name model, merge) on distinct texts of 128 tokens, one thread."""
    detector = Detector(ner=reader(folder))
    texts = tokens_long(rows, WordPiece.load(folder / "vocab.txt"), seed, repeats + 5)
    took: list[float] = []
    cpu: list[float] = []
    for number, text in enumerate(texts):
        wall, used = time.perf_counter(), time.process_time()
        detector.find(text)
        if number >= 5:
            took.append((time.perf_counter() - wall) * 1000)
            cpu.append((time.process_time() - used) * 1000)
    bars = SHIPPED_BARS if name == "sentry" else SMALL_BARS  # its folder says which one it is
    lines = []
    for share, bar in zip((0.5, 0.99), bars, strict=True):
        one = _quantile(took, share)
        met, verdict = judged(one, bar, at_least=False)
        text = f"{shown(one, 1)} ms (CPU {np.quantile(cpu, share):.1f} ms)"
        measure = f"whole layer, {TOKENS} tokens, one core, p{share * 100:.0f}, name model {name}"
        lines.append(Line(measure, f"{bar:g} ms", text, met, verdict, {}, f"{repeats} distinct texts"))
    return Part(tuple(lines))


def tokens_long(rows: Sequence[Row], pieces: WordPiece, seed: int, count: int) -> list[str]:
    """Distinct texts of at most TOKENS pieces with the two ends counted, and no more than a word short of it."""
    rng = random.Random(seed)
    texts = []
    for _ in range(count):
        words: list[str] = []
        while len(pieces.encode(" ".join(words)).ids) < TOKENS:
            words += rng.choice(rows).text.split()
        while len(pieces.encode(" ".join(words)).ids) > TOKENS - 2:
            words.pop()
        texts.append(" ".join(words))
    return texts


def _quantile(values: Sequence[float], share: float) -> Estimate:
    array = np.array(values)
    return bootstrap(len(array), lambda rows: float(np.quantile(array[rows], share)))


def restore(rounds: int, megabytes: int) -> Part:
    """Megabytes (of UTF-8) per second through a vault's restore; beside it one str.replace per value."""
    vault = Vault.open("bench", bytes(32), 0.0)
    values = {vault.hide(Label.PERSON, f"Person Number {n}"): f"Person Number {n}" for n in range(100)}
    text = _reply(list(values), megabytes)
    size = len(text.encode()) / 1e6
    ours, naive = [], []
    for _ in range(rounds):
        ours.append(size / _seconds(lambda: vault.restore(text)))
        naive.append(size / _seconds(lambda: _replaced(text, values)))
    assert vault.restore(text) == _replaced(text, values)
    mine = middle(ours)
    met, verdict = judged(mine, 50.0)
    over = f"{size:.1f} MB, a placeholder every 250 characters or so, 100 values, {rounds} rounds in turn"
    line = Line(
        "restore, MB/s of one core",
        "50",
        shown(mine, 0),
        met,
        verdict,
        {"str.replace per value": f"{statistics.median(naive):.0f}"},
        over,
    )
    return Part((line,))


def _reply(placeholders: Sequence[str], megabytes: int) -> str:
    rng = random.Random(4)
    words = "the answer goes on with words that say nothing about anyone and then some more of them".split()
    pieces: list[str] = []
    size = 0
    while size < megabytes * 1_000_000:
        cited = (
            " [1]" if rng.random() < 0.33 else ""
        )  # brackets that are no placeholders, as answers with citations have
        piece = " ".join(rng.choice(words) for _ in range(45)) + f"{cited} {rng.choice(placeholders)} "
        pieces.append(piece)
        size += len(piece)
    return "".join(pieces)


def _replaced(text: str, values: dict[str, str]) -> str:
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return max(1e-9, time.process_time() - began)
