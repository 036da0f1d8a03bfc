"""What a sentry finds in sentences like the scorer's, for choosing between weights: python -m scripts.sentry_development FOLDER ... [--count 300]

Sentences are `scripts/training/scene_development.txt`: they train nothing and stand in no bench. Values come from Faker in the peers'
environment (`scripts/bench privacy --peers`); presidio-evaluator's SpanEvaluator scores the whole detector with each folder's weights.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.benchmarks.privacy.finders import reader
from scripts.benchmarks.privacy.peers import Peer
from scripts.benchmarks.privacy.scorer import score
from scripts.benchmarks.privacy.scoring import figures
from scripts.benchmarks.privacy.synthetic import made_by
from scripts.benchmarks.privacy.values import Mark, Row
from tidegate.chat import JSON
from tidegate.privacy.detect import Detector

SENTENCES = Path(__file__).with_name("training") / "scene_development.txt"
LATIN = "en_US en_GB en_CA en_AU en_IN en_NG de_DE fr_FR es_ES nl_NL it_IT pl_PL pt_BR sv_SE fi_FI tr_TR cs_CZ".split()
ENGLISH = ["en_US", "en_US", "en_US", "en_GB", "en_CA", "en_AU"]
# slot: (label, Faker's provider, locales)
SLOTS: dict[str, tuple[str, str, list[str]]] = {
    "first": ("PERSON", "first_name", LATIN),
    "last": ("PERSON", "last_name", LATIN),
    "prefix": ("TITLE", "prefix", ["en_US", "en_GB"]),
    "address": ("STREET_ADDRESS", "address", ENGLISH),
    "street": ("STREET_ADDRESS", "street_address", [*ENGLISH, "de_DE", "fr_FR", "nl_NL"]),
    "city": ("LOCATION", "city", [*ENGLISH, "de_DE", "fr_FR", "nl_NL", "es_ES"]),
    "state": ("LOCATION", "state", ["en_US"]),
    "abbr": ("LOCATION", "state_abbr", ["en_US"]),
    "country": ("LOCATION", "country", ["en_US"]),
    "org": ("ORGANIZATION", "company", [*ENGLISH, "de_DE", "fr_FR", "nl_NL", "es_ES"]),
}
LOWER = 0.07
BETA = 2.0
_SLOT = re.compile(r"\{([a-z]+)\}")


def sentences() -> list[str]:
    """The sentences, comments left out."""
    lines = SENTENCES.read_text("utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in lines if line.strip() and not line.startswith("#")]


def values(peer: Peer, seed: int, each: int = 24) -> dict[str, list[str]]:
    """Made-up values of every slot; a whole name is a first and a last one of the same locale."""
    wanted: list[JSON] = [
        {"key": f"{slot}/{at}", "provider": provider, "locales": [locale], "count": each}
        for slot, (_, provider, locales) in SLOTS.items()
        for at, locale in enumerate(locales)
    ]
    return made_by(peer, seed, wanted)


def fill(sentence: str, made: Mapping[str, Sequence[str]], rng: random.Random) -> Row:
    """A sentence with values and marks. An address comes on one line, or on several behind a line's end."""
    text, marks, at = "", [], 0
    for slot in _SLOT.finditer(sentence):
        text += sentence[at : slot.start()]
        value = rng.choice(made[slot[1]])
        if slot[1] == "address" and (text.endswith("\n") or rng.random() < 0.2):
            value = value.replace(", ", "\n", 1)
        label = "PERSON" if slot[1] == "name" else SLOTS[slot[1]][0]
        marks.append(Mark(len(text), len(text) + len(value), label))
        text += value
        at = slot.end()
    return Row(text + sentence[at:], tuple(marks))


def rows(made: Mapping[str, Sequence[str]], seed: int, count: int) -> list[Row]:
    """Every sentence in turn; a few in small letters."""
    rng = random.Random(seed)
    frames = sentences()
    found = [fill(frames[at % len(frames)], made, rng) for at in range(count)]
    return [
        Row(one.text.lower(), one.marks)
        if rng.random() < LOWER and len(one.text.lower()) == len(one.text)
        else one
        for one in found
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=21)
    given = parser.parse_args()
    with Peer.start("faker") as faker:
        wanted = rows(values(faker, given.seed), given.seed, given.count)
    with Peer.start("scorer") as scorer:
        for folder in given.folders:
            detector = Detector(ner=reader(folder))
            found = [
                tuple(
                    Mark(span.start, span.end, span.label.value, span.score)
                    for span in detector.find(row.text)
                )
                for row in wanted
            ]
            scored = score(scorer, wanted, found)
            spread = figures(scored.per_row, BETA).f
            print(
                f"{folder}: F2 {scored.f:.3f}, P {scored.precision:.3f}, R {scored.recall:.3f} {spread}",
                flush=True,
            )
            for kind, one in sorted(scored.per_type.items()):
                if one.wanted:
                    print(f"  {kind}: right {one.right} of {one.wanted} wanted, {one.found} found")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
