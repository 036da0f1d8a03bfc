"""Chooses thresholds, measures the exported files, and writes their card."""

import json
import random
from pathlib import Path

from scripts.evaluation.intervals import wilson
from scripts.training import sentry_card, sentry_data, sentry_inject, sentry_topics_eval, sentry_words
from scripts.training.sentry_eval import (
    calm_scores,
    entity_thresholds,
    held_scores,
    latency,
    memory,
    per_sentence,
    planted,
    summed,
    threshold,
)
from scripts.training.sentry_topics import Case
from tidegate.privacy.encoder import Encoder
from tidegate.privacy.package import read_package

MOST = 400  # sentences per source; the source held out whole is read whole


def set_thresholds(out: Path, **values: float | dict[str, float]) -> None:
    """Write measured thresholds into `sentry.json`."""
    path = out / "sentry.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings["thresholds"].update({k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()})
    path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")


def choose(out: Path, shared: Path, seed: int) -> None:
    """Thresholds, on development sentences and every second held-out benign text."""
    encoder = Encoder.load(out)
    rng = random.Random(seed)
    limit, least = entity_thresholds(rng.sample(sentry_data.dev(shared, rng), 500), encoder)
    everyday = [
        score for scores in calm_scores(shared, encoder, slice(0, 300, 2)).values() for score in scores
    ]
    suspect = min(0.9, max(0.05, threshold(everyday, 0.02)))
    attack = max(suspect, threshold(everyday, 0.005))
    set_thresholds(out, entity=limit, minimum=least, suspect=suspect, attack=attack)


def report(out: Path, shared: Path, proof: dict[str, float], known: list[Case], seed: int) -> None:
    """Choose thresholds, measure, print, and write `CARD.md`."""
    choose(out, shared, seed)
    encoder = Encoder.load(out)
    limits = encoder.settings
    attacks, calm = held_scores(shared, encoder)
    pools = calm_scores(shared, encoder, slice(1, 300, 2))
    tables = {}
    for name, examples in sentry_data.test(shared, random.Random(seed)).items():
        tables[name] = per_sentence(examples if name == sentry_data.HELD_OUT else examples[:MOST], encoder)
        print(name, {k: (round(c.f(1), 3), c.wanted) for k, c in summed(tables[name]).items()}, flush=True)
    held = sentry_words.build(shared, sentry_data.train(shared, random.Random(seed)))[1]
    cut = threshold(calm, 0.01)
    facts = sentry_card.Facts(
        tables=tables,
        planted=planted(held, encoder, MOST, seed + 1),
        subject=sentry_topics_eval.measure(encoder, known),
        proof=proof,
        latency=latency(encoder),
        held=(sum(score >= cut for score in attacks), len(attacks), len(calm), cut),
        held_at=tuple(
            (name, sum(s >= t for s in attacks), sum(s >= t for s in calm))
            for name, t in (("suspect", limits.suspect), ("attack", limits.attack))
        ),
        benign={
            name: (
                sum(s >= limits.suspect for s in scores),
                sum(s >= limits.attack for s in scores),
                len(scores),
            )
            for name, scores in pools.items()
        },
        settings=json.loads((out / "sentry.json").read_text(encoding="utf-8")),
        size=read_package(out).weights.stat().st_size,
        memory=memory(out),
        most=MOST,
    )
    (out / "CARD.md").write_text(sentry_card.card(facts), encoding="utf-8")
    hits, of = facts.held[:2]
    print(
        f"injection on {sentry_inject.HELD_OUT}, held out whole: {hits}/{of} at 1 % false positives "
        f"{tuple(round(x, 3) for x in wilson(hits, of).bounds)}"
    )
