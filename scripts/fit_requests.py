"""The held-out requests that P(right) is fitted and tested on: a seeded mixture, the same with other tools, and what is left over."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from scripts.training import homes
from scripts.training.data import Corpus, Example, topics
from scripts.training.data import held_out as unseen_of
from scripts.training.records import Fold

# Share of each source: what applications ask (SNIPS, homes), other intent sets, and requests that no tool serves.
SOURCES = {
    "snips": 0.34,
    "homes": 0.22,
    "hwu64": 0.12,
    "slurp": 0.06,
    "clinc150": 0.08,
    "clinc150-other": 0.1,
    "banking77": 0.08,
}
CROWDED = 0.5  # of the requests, so many are asked among tools of other sets
CROWDED_AGAIN = 0.6  # the same, when requests are asked again with other tools
ABSENT = 0.15  # of the requests that have a right tool, so many are asked without it
FURTHER = {
    "homes": 2000,
    "clinc150-other": 300,
    "banking77": 100,
}  # of what else is there; of other sources all
HOMES_AGAIN = range(21, 29)  # seeds of more homes


def examples(corpus: Corpus, which: Fold, count: int) -> list[Example]:
    """A seeded mixture of held-out requests, some with their right tool taken away."""
    rng = random.Random(f"confidence/{which}")
    found: list[Example] = []
    for source, share in SOURCES.items():
        pool = list(unseen_of(source, which, corpus))
        rng.shuffle(pool)
        found += [_absent(e) if rng.random() < ABSENT else e for e in pool[: round(count * share)]]
    found = [crowded(e, corpus, rng) if rng.random() < CROWDED else e for e in found]
    rng.shuffle(found)
    return found


def crowded(example: Example, corpus: Corpus, rng: random.Random) -> Example:
    """The same request among tools of other sets as well, none of which is about the same things.

    Applications mix tools; without this the number of tools would tell the fit which data set a request came from.
    """
    known = topics(" ".join([example.text, *(spec.name for spec in example.specs)]))
    names = {spec.name for spec in example.specs}
    pool = [
        spec
        for others in (homes.TOOLS, *(corpus.tools[source] for source in ("snips", "hwu64", "clinc150")))
        for spec in others.values()
        if spec.name not in names and topics(spec.name) and not topics(spec.name) & known
    ]
    more = {spec.name: spec for spec in rng.sample(pool, min(len(pool), rng.randrange(1, 7)))}
    specs = [*example.specs, *more.values()]
    if len(specs) > 3 and rng.random() < 0.4:  # and with fewer of its own beside the right one
        needed = {call.name for call in example.expected_calls or ()}
        specs = [spec for spec in specs if spec.name in needed or rng.random() < 0.6] or specs
    rng.shuffle(specs)
    return replace(example, specs=tuple(specs))


def _absent(example: Example) -> Example:
    """The same request without the tools that serve it; unchanged when nothing would be left to offer."""
    names = {call.name for call in example.expected_calls or ()}
    left = tuple(spec for spec in example.specs if spec.name not in names)
    return replace(example, specs=left, expected_calls=None) if left and names else example


def again(chosen: Sequence[Example], corpus: Corpus, which: Fold, draw: int) -> list[Example]:
    """The same requests with other tools beside theirs: what is learned of a draft should not hang on one list of tools."""
    own = {(source, e.text): e for source in SOURCES for e in unseen_of(source, which, corpus)}
    found = []
    for example in chosen:
        rng = random.Random(f"redraw/{draw}/{example.text}")
        plain_one = own[example.source, example.text]
        plain_one = _absent(plain_one) if rng.random() < ABSENT else plain_one
        found.append(crowded(plain_one, corpus, rng) if rng.random() < CROWDED_AGAIN else plain_one)
    return found


def further(chosen: Sequence[Example], corpus: Corpus, which: Fold) -> list[Example]:
    """What the fold holds beside the requests chosen: nothing else is done with them, so drafts of them may be learned from.

    Homes are drawn anew. They are other shares of the sources than the mixture has: no threshold is chosen on them.
    """
    known, found = {e.text for e in chosen}, []
    for source in SOURCES:
        pool = unseen_of(source, which, corpus)
        if source == "homes":
            pool = (e for seed in HOMES_AGAIN for e in unseen_of(source, which, corpus, seed))
        new: dict[str, Example] = {}
        for example in pool:
            if example.text not in known:
                new.setdefault(example.text, example)
        rng = random.Random(f"further/{source}/{which}")
        found += rng.sample(list(new.values()), min(len(new), FURTHER.get(source, len(new))))
    return [_beside_others(e, corpus, random.Random(f"further/{e.text}")) for e in found]


def _beside_others(example: Example, corpus: Corpus, rng: random.Random) -> Example:
    example = _absent(example) if rng.random() < ABSENT else example
    return crowded(example, corpus, rng) if rng.random() < CROWDED else example
