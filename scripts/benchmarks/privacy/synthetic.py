"""This project's own synthetic sets: hand-written sentences filled with made-up values. Pure and seeded.

Values come from Faker in the peers' environment (`WANTED` says which), so that what is measured shares no generator with what
trains the name model. Own set, own templates: comparable over time and between the finders of one run, not with published figures.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scripts.benchmarks.privacy.peers import Peer
from scripts.benchmarks.privacy.values import SETS, Mark, Row
from tidegate.chat import JSON

Values = Mapping[str, Sequence[str]]

LATIN = "en_US en_GB en_CA en_AU en_IN en_NG de_DE fr_FR es_ES nl_NL it_IT pl_PL pt_BR sv_SE fi_FI tr_TR cs_CZ hr_HR".split()
ENGLISH = "en_US en_GB en_CA en_AU en_IN".split()
REGIONS = "en_US en_GB en_CA en_AU en_IN de_DE de_AT de_CH fr_FR es_ES nl_NL nl_BE it_IT pl_PL pt_BR pt_PT sv_SE no_NO da_DK fi_FI cs_CZ".split()

# kind in a template: (label, Faker's provider, locales)
KINDS: dict[str, tuple[str, str, list[str]]] = {
    "name": ("PERSON", "", LATIN),  # first and last of one locale, without the titles that Faker adds
    "first": ("PERSON", "first_name", LATIN),
    "last": ("PERSON", "last_name", LATIN),
    "prefix": ("TITLE", "prefix", ["en_US", "en_GB"]),
    "address": ("STREET_ADDRESS", "address", ENGLISH),
    "street": ("STREET_ADDRESS", "street_address", [*ENGLISH, "de_DE", "fr_FR", "nl_NL", "es_ES", "it_IT"]),
    "city": ("LOCATION", "city", [*ENGLISH, "de_DE", "fr_FR", "nl_NL", "it_IT", "pl_PL"]),
    "country": ("LOCATION", "country", ["en_US"]),
    "zip": ("POSTAL_CODE", "postcode", ["en_US", "en_GB", "de_DE", "fr_FR", "nl_NL"]),
    "org": ("ORGANIZATION", "company", [*ENGLISH, "de_DE", "fr_FR", "nl_NL", "it_IT"]),
    "phone": ("PHONE_NUMBER", "phone_number", REGIONS),
    "email": ("EMAIL_ADDRESS", "ascii_email", LATIN),
    "card": ("CREDIT_CARD", "credit_card_number", ["en_US"]),
    "iban": (
        "IBAN_CODE",
        "iban",
        "en_GB de_DE de_AT de_CH fr_FR es_ES nl_NL it_IT pl_PL pt_PT fi_FI no_NO".split(),
    ),
    "ssn": ("US_SSN", "ssn", ["en_US"]),
    "ip": ("IP_ADDRESS", "ipv4_public", ["en_US"]),
    "url": ("URL", "url", LATIN),
    "user": ("USERNAME", "user_name", LATIN),
    "date": ("DATE_TIME", "date", ["en_US"]),
    "age": ("AGE", "random_int", ["en_US"]),
    "job": ("TITLE", "job", ["en_US"]),
    "nationality": ("NRP", "", []),
}
_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%B %d, %Y", "%d %B %Y", "%d.%m.%Y")
_NATIONALITIES = (
    "Dutch Kenyan Peruvian Korean Nigerian Swedish Turkish Canadian Vietnamese Greek Chilean Polish Egyptian Irish "
    "Indonesian Portuguese Moroccan Finnish Mexican Ukrainian"
).split()  # fmt: skip
_SLOT = re.compile(r"\{([a-z]+)\}")
LOWER = 0.07  # the share of sentences that somebody typed without capitals


def values(peer: Peer, seed: int, count: int = 400) -> dict[str, list[str]]:
    """Made-up values for every kind, by Faker in `peer`. Raises Broken when the peer fails."""
    answer = peer.ask("values", wanted=wanted(count), seed=seed)
    assert isinstance(answer, dict)
    made: dict[str, list[str]] = {}
    for key, several in answer.items():
        assert isinstance(several, list)
        made.setdefault(key.partition("/")[0], []).extend(str(one) for one in several)
    made["name"] = [f"{first} {last}" for first, last in zip(made["first"], made["last"], strict=True)]
    made["nationality"] = list(_NATIONALITIES)
    return made


def wanted(count: int) -> list[JSON]:
    """What to ask Faker for: kinds spread over their locales, dates in several forms."""
    asked: list[JSON] = []
    for kind, (_, provider, locales) in KINDS.items():
        if not provider:
            continue
        for number, locale in enumerate(locales):
            share = max(1, count // len(locales))
            one: dict[str, JSON] = {
                "key": f"{kind}/{number}",
                "provider": provider,
                "locales": [locale],
                "count": share,
            }
            if kind == "age":
                one["arguments"] = {"min": 18, "max": 99}
            if kind == "date":
                asked += [
                    {
                        **one,
                        "key": f"date/{at}",
                        "count": share // len(_DATES),
                        "arguments": {"pattern": form},
                    }
                    for at, form in enumerate(_DATES)
                ]
                continue
            asked.append(one)
    return asked


def templates(name: str) -> list[str]:
    lines = (SETS / f"{name}.txt").read_text("utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in lines if line.strip() and not line.startswith("#")]


def fill(template: str, made: Values, rng: random.Random, group: str = "") -> Row:
    """One sentence with fresh values; a shared first name may repeat, as in life."""
    text, marks, position = "", [], 0
    for slot in _SLOT.finditer(template):
        kind = slot[1]
        if kind not in KINDS:
            continue
        text += template[position : slot.start()]
        value = rng.choice(made[kind])
        marks.append(Mark(len(text), len(text) + len(value), KINDS[kind][0]))
        text += value
        position = slot.end()
    return Row(text + template[position:], tuple(marks), group)


def sentences(made: Values, seed: int, count: int) -> list[Row]:
    """The own synthetic set: every template in turn, a small share in lower case."""
    rng = random.Random(seed)
    shapes = templates("templates")
    rows = [fill(shapes[at % len(shapes)], made, rng) for at in range(count)]
    return [_lowered(row) if rng.random() < LOWER else row for row in rows]


def of_kind(name: str, made: Values, seed: int, count: int) -> list[Row]:
    """Sentences of `sets/NAME.txt` alone: telephone numbers, cards."""
    rng = random.Random(seed)
    shapes = templates(name)
    return [fill(shapes[at % len(shapes)], made, rng, name) for at in range(count)]


def _lowered(row: Row) -> Row:
    """In small letters, where that keeps every offset."""
    lower = row.text.lower()
    return Row(lower, row.marks, row.group) if len(lower) == len(row.text) else row


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many rows each made-up set has."""

    sentences: int
    theirs: int
    kind: int
    ids: int
    clean: int
    names: int


FULL = Sizes(sentences=600, theirs=600, kind=400, ids=40, clean=150, names=60)
QUICK = Sizes(sentences=60, theirs=40, kind=60, ids=4, clean=20, names=8)
