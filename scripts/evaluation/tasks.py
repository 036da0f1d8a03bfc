"""Which held-out requests are asked, with which tools. Seeded: the same data and count give the same requests.

Everything here comes from the test half that `scripts.training.data.held_out` keeps, except the task "calibration",
which fits P(right) for a file that has no calibration of its own.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

from scripts.evaluation.runner import Mode, Task
from scripts.evaluation.scoring import several_calls
from scripts.fit_requests import examples
from scripts.training.data import Corpus, held_out
from scripts.training.records import Call, Example, Fold, ToolSpec

SEED = 15
BY_NAME = ("slurp", "hwu64", "clinc150")
ORDERS = 4  # in which the tools of a whole set are offered, so that no place in the list decides

MIXTURE = 6  # times `count`: with two hundred calls a calibration error of .06 is what exactly true claims show by chance


def tasks(corpus: Corpus, count: int) -> tuple[Task, ...]:
    """Everything a language model is asked; about sixteen times `count` requests, fewer where a set has no more."""
    snips = drawn("snips", corpus, 2 * count)
    homes = drawn("homes", corpus, count)
    return (
        Task("snips", snips),
        Task("snips-greedy", snips[: count // 2], Mode.GREEDY),
        Task("homes", homes),
        Task("homes-greedy", homes[: count // 2], Mode.GREEDY),
        Task("homes-several", several(corpus, count // 4)),
        *_by_name(corpus, count),
        Task("other", drawn("clinc150-other", corpus, count)),
        Task("banking", drawn("banking77", corpus, count // 2)),
        Task("mixture", tuple(examples(corpus, "test", MIXTURE * count))),
    )


def calibration(corpus: Corpus, count: int) -> Task:
    """Requests of the other half, to fit P(right) on."""
    return Task("calibration", tuple(examples(corpus, "calibration", 2 * count)))


def _by_name(corpus: Corpus, count: int) -> Iterator[Task]:
    """All intents of a set offered by name alone. 150 names make long prompts, so CLINC150 gets half as many."""
    for source in BY_NAME:
        asked = named(corpus, source, count // 2 if source == "clinc150" else count)
        yield Task(source, asked)
        if source == "slurp":
            yield Task("slurp-required", asked, Mode.REQUIRED)


def drawn(source: str, corpus: Corpus, count: int, which: Fold = "test") -> tuple[Example, ...]:
    """`count` requests of a held-out half, at random and in random order; all of them for -1."""
    pool = list(held_out(source, which, corpus))
    random.Random(f"{SEED}/{source}/{which}").shuffle(pool)
    return tuple(pool[:count] if count >= 0 else pool)


def several(corpus: Corpus, count: int) -> tuple[Example, ...]:
    """Requests in homes that need more than one call: too few of them turn up in a random draw."""
    return tuple(e for e in drawn("homes", corpus, -1) if several_calls(e))[:count]


def named(corpus: Corpus, source: str, count: int) -> tuple[Example, ...]:
    """Requests of a set with every intent of the set offered by name, in a few orders."""
    names = sorted(corpus.tools[source])
    orders = []
    for order in range(ORDERS):
        random.Random(f"{SEED}/{source}/{order}").shuffle(names)
        orders.append(tuple(ToolSpec(name) for name in names))
    asked = [e for e in drawn(source, corpus, count) if e.expected_calls]
    # One order after another, not in turns: the engine keeps what it has read of a prompt's beginning.
    return tuple(
        replace(example, specs=orders[at * ORDERS // len(asked)], expected_calls=bare(example.expected_calls))
        for at, example in enumerate(asked)
    )


def bare(calls: Sequence[Call] | None) -> tuple[Call, ...]:
    """The same calls without arguments."""
    return tuple(Call(call.name) for call in calls or ())
