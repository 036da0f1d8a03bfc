"""This project's own synthetic sets: hand-written sentences filled with made-up values. Pure and seeded.

Two halves that share neither sentences nor seed nor forms of dates: rules are written against `sentences`, `held_sentences` is only
measured. Values come from Faker in the peers' environment (`WANTED` says which), so that what is measured shares no generator with what
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

ABROAD = "de_DE de_AT de_CH fr_FR fr_CH nl_NL nl_BE es_ES it_IT pl_PL pt_PT sv_SE da_DK".split()

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
    "datede": ("DATE_TIME", "date", ["de_DE"]),
    "moment": ("DATE_TIME", "date", ["en_US"]),  # as the development half writes it
    "instant": ("DATE_TIME", "date", ["en_US"]),  # as the held-out half does
    "stamp": ("DATE_TIME", "date", ["en_US"]),
    "age": ("AGE", "random_int", ["en_US"]),
    "job": ("TITLE", "job", ["en_US"]),
    "nationality": ("NRP", "", []),
    "faith": ("NRP", "", []),
    "abroad": ("STREET_ADDRESS", "address", ABROAD),
    "lines": ("STREET_ADDRESS", "", []),  # an address with its line breaks
    "number": ("STREET_ADDRESS", "building_number", ["en_US", "en_GB"]),
    "road": ("STREET_ADDRESS", "street_name", ["en_US", "en_GB", "en_AU"]),
    "unit": ("STREET_ADDRESS", "secondary_address", ["en_US", "en_GB", "en_CA"]),
    "town": ("LOCATION", "city", ["en_US", "en_GB", "en_CA"]),
    "state": ("LOCATION", "state", ["en_US"]),
    "abbr": ("LOCATION", "state_abbr", ["en_US"]),
    "zipus": ("POSTAL_CODE", "postcode", ["en_US"]),
    "apo": ("STREET_ADDRESS", "military_apo", ["en_US"]),
    "dpo": ("STREET_ADDRESS", "military_dpo", ["en_US"]),
    "area": ("STREET_ADDRESS", "military_state", ["en_US"]),
    "trade": ("", "job", ["en_US"]),  # a job in prose: filled in, not marked
    "aged": ("AGE", "", []),  # a number with what says that it is an age
    "handle": ("USERNAME", "", []),
    "body": ("ORGANIZATION", "", []),
}
_FORMS = {  # of dates, for strftime
    "date": ("%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%B %d, %Y", "%d %B %Y", "%d.%m.%Y"),
    "datede": ("%d.%m.%Y",),
    "moment": (
        "%Y-%m-%d", "%b %d, %Y", "%d %b %Y", "%A, %B %d, %Y", "%B %Y", "%d %B", "%B %d", "%m/%d/%y", "%d-%b-%Y", "%a %d %b %Y",
        "%Y-%m-%d %H:%M", "%B %d, %Y at %I:%M %p", "%d.%m.%Y, %H:%M", "%A %d %B",
    ),
    "instant": (
        "%d %B, %Y", "%Y/%m/%d", "%d/%m/%y", "%a, %d %b %Y %H:%M", "%-d. %B %Y", "%b. %-d, %Y", "%B of %Y", "%I:%M %p on %B %d, %Y",
        "%A %B %-d", "%m-%d-%Y", "%H:%M, %d %b %Y", "%d/%b/%Y",
    ),
    "stamp": ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M:%S"),
}  # fmt: skip
_NATIONALITIES = (
    "Dutch Kenyan Peruvian Korean Nigerian Swedish Turkish Canadian Vietnamese Greek Chilean Polish Egyptian Irish "
    "Indonesian Portuguese Moroccan Finnish Mexican Ukrainian"
).split()  # fmt: skip
_BODIES = ("University of {}", "Bank of {}", "{} City Council", "{} General Hospital", "{} High School")
_FAITHS = "Muslim Jewish Hindu Catholic Buddhist Sikh Protestant".split()
_SLOT = re.compile(r"\{([a-z]+)\}|<<|>>")
LOWER = 0.07  # the share of sentences that somebody typed without capitals


def made_by(peer: Peer, seed: int, asked: list[JSON]) -> dict[str, list[str]]:
    """What Faker in `peer` makes of what is asked, by kind (the key up to its slash); a whole name is a first and a last one."""
    answer = peer.ask("values", wanted=asked, seed=seed)
    assert isinstance(answer, dict)
    made: dict[str, list[str]] = {}
    for key, several in answer.items():
        assert isinstance(several, list)
        made.setdefault(key.partition("/")[0], []).extend(str(one) for one in several)
    made["name"] = [f"{first} {last}" for first, last in zip(made["first"], made["last"], strict=True)]
    return made


def values(peer: Peer, seed: int, count: int = 400) -> dict[str, list[str]]:
    """Made-up values for every kind, by Faker in `peer`. Raises Broken when the peer fails."""
    made = made_by(peer, seed, wanted(count))
    made["nationality"] = list(_NATIONALITIES)
    made["faith"] = list(_FAITHS)
    made["lines"] = [one.replace(", ", "\n", 1) for one in (*made["address"], *made["abroad"])]
    made["aged"] = [
        f"{one} {words}" for one in made["age"] for words in ("yo", "y/o", "years old", "yrs old")
    ]
    made["handle"] = [f"@{one}" for one in made["user"]]
    made["body"] = [form.format(town) for town in made["town"] for form in _BODIES]
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
            forms = _FORMS.get(kind, ())
            dated: list[JSON] = [
                {
                    **one,
                    "key": f"{kind}/{at}",
                    "count": share // len(forms),
                    "arguments": {"pattern": form},
                }
                for at, form in enumerate(forms)
            ]
            asked += dated or [one]
    return asked


def templates(name: str) -> list[str]:
    lines = (SETS / f"{name}.txt").read_text("utf-8").splitlines()
    return [line.replace("\\n", "\n") for line in lines if line.strip() and not line.startswith("#")]


def fill(template: str, made: Values, rng: random.Random, group: str = "") -> Row:
    """One sentence with fresh values; a shared first name may repeat, as in life."""
    text, marks, position = "", [], 0
    whole = -1  # where the address in parts began that is being written
    for slot in _SLOT.finditer(template):
        kind = slot[1]
        if kind is not None and kind not in KINDS:
            continue
        text += template[position : slot.start()]
        position = slot.end()
        if kind is None:
            if slot[0] == ">>":
                marks.append(Mark(whole, len(text), "STREET_ADDRESS"))
            whole = len(text) if slot[0] == "<<" else -1
            continue
        value = rng.choice(made[kind])
        if whole < 0 and KINDS[kind][0]:
            marks.append(Mark(len(text), len(text) + len(value), KINDS[kind][0]))
        text += value
    return Row(text + template[position:], tuple(marks), group)


def sentences(made: Values, seed: int, count: int) -> list[Row]:
    """The own synthetic set, development half: every template in turn, a small share in lower case."""
    return _filled("templates", made, seed, count)


def held_sentences(made: Values, seed: int, count: int) -> list[Row]:
    """The held-out half: other templates, and a seed of its own."""
    return _filled("templates_held", made, seed + 1000, count)


def _filled(name: str, made: Values, seed: int, count: int) -> list[Row]:
    rng = random.Random(seed)
    shapes = templates(name)
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
