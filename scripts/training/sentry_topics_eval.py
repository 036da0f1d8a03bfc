"""How good the domain and complexity heads are, through the code the device runs, beside what length alone would say."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scripts.training.sentry_net import DOMAINS
from scripts.training.sentry_topics import HELD_OUT, Case, part_of
from tidegate.privacy.encoder import Encoder

_MOST, _MOST_HELD_OUT = 400, 2500  # texts per source


@dataclass(frozen=True, slots=True)
class Ranking:
    """AUROC of a sign and of the text's length, each with its 95 % interval, over `texts` texts."""

    sign: tuple[float, float, float]
    length: tuple[float, float, float]
    texts: int


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """`right` counts domains by source; the source held out whole comes first. `rankings` are of the complexity signs."""

    right: dict[str, tuple[int, int]]
    worst: tuple[tuple[str, float, int], ...]  # domains with the lowest recall on the source held out whole
    rankings: dict[str, Ranking]


def auroc(scores: Sequence[float], positive: Sequence[bool]) -> float:
    """Chance that a positive scores above a negative; ties count half. 0.5 when one side is empty."""
    values, flags = np.asarray(scores), np.asarray(positive)
    wins, losses = values[flags], values[~flags]
    if not len(wins) or not len(losses):
        return 0.5
    diff = wins[:, None] - losses[None, :]
    return float((diff > 0).mean() + 0.5 * (diff == 0).mean())


def interval(
    scores: Sequence[float], positive: Sequence[bool], draws: int = 200
) -> tuple[float, float, float]:
    """AUROC with the 95 % interval from drawing texts with replacement."""
    rng, values, flags = np.random.default_rng(1), np.asarray(scores), np.asarray(positive)
    drawn = []
    for _ in range(draws):
        picks = rng.integers(0, len(values), len(values))
        drawn.append(auroc(values[picks].tolist(), flags[picks].tolist()))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return auroc(scores, positive), float(low), float(high)


def measure(encoder: Encoder, known: list[Case]) -> SubjectFacts:
    """Everything on the test part of each source."""
    by_source: dict[str, list[Case]] = defaultdict(list)
    for case in known:
        if part_of(case) == "test" and len(by_source[case.source]) < (
            _MOST_HELD_OUT if case.source == HELD_OUT else _MOST
        ):
            by_source[case.source].append(case)
    right: dict[str, tuple[int, int]] = {}
    recall: dict[str, list[int]] = defaultdict(list)
    rankings: dict[str, Ranking] = {}
    for source in sorted(by_source, key=lambda name: (name != HELD_OUT, name)):
        cases = by_source[source]
        subjects = [
            (case, subject) for case in cases if (subject := encoder.scan(case.text).subject) is not None
        ]
        hits = [
            (case, subject.domain == DOMAINS[case.domain]) for case, subject in subjects if case.domain >= 0
        ]
        if hits:
            right[source] = sum(hit for _, hit in hits), len(hits)
        if source == HELD_OUT:
            for case, hit in hits:
                recall[DOMAINS[case.domain]].append(hit)
        failing = [(c.text, s.weak_fails, c.weak_fails >= 0.5) for c, s in subjects if c.weak_fails >= 0]
        several = [(c.text, s.several, c.several >= 0.5) for c, s in subjects if c.several >= 0]
        for name, rows in ((f"weak_fails on {source}", failing), (f"several on {source}", several)):
            if rows:
                texts, scores, flags = zip(*rows, strict=True)
                rankings[name] = Ranking(
                    interval(scores, flags), interval([float(len(text)) for text in texts], flags), len(rows)
                )
    shares = sorted((sum(hits) / len(hits), name, len(hits)) for name, hits in recall.items())
    return SubjectFacts(right, tuple((name, share, count) for share, name, count in shares[:3]), rankings)
