"""Names and towns of fifty countries from the `faker` package (MIT), and everyday sentences that carry them.

A detector that has seen the names of four countries masks no others. First and last names are drawn from one country at a
time, as they occur. Development only: nothing of `faker` is shipped but what the weights learnt.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_LOCALES = """en_US en_GB en_IE en_IN en_NZ en_KE en_PK de_DE de_AT de_CH fr_FR fr_BE fr_CA fr_CH nl_NL nl_BE es_ES es_MX
it_IT pt_BR pl_PL cs_CZ sk_SK da_DK sv_SE no_NO fi_FI tr_TR hu_HU ro_RO hr_HR id_ID is_IS
az_AZ en_NG en_TH es_AR es_CL es_CO et_EE fr_DZ ga_IE ha_NG ig_NG lt_LT lv_LV pt_PT sl_SI sw tw_GH uz_UZ yo_NG zu_ZA ja_JP zh_CN""".split()
# English first; the other languages the sentries promise next.
_WEIGHT = {"en": 5, "de": 3, "fr": 3, "nl": 4}
_FIRSTS = ("first_names", "first_names_male", "first_names_female", "first_romanized_names")
_LASTS = ("last_names", "last_names_male", "last_names_female", "last_romanized_names")
_NAME = re.compile(r"[A-ZÀ-ÖØ-ÞĀ-Ž][a-zß-öø-ÿā-ž]{1,14}(?:[-'’][A-ZÀ-Þ]?[a-zß-ÿ]+)?$")

EVERYDAY = [
    "I've been a customer for {num} years, {PER} here, and the app keeps logging me out.",
    "can you tell me whether {PER} has already paid {amount}?",
    "Who wrote the song that {PER} sang last night?",
    "As {PER} put it: nothing works before coffee.",
    "{PER} (born {date}) is a painter from {LOC}.",
    "The match was won by {PER}, who beat {PER} in three sets.",
    "My colleague {FIRST} moved to {LOC} and now works for {ORG}.",
    "I would like to change the name on my card to {PER}.",
    "We have received an application from {PER}, currently employed at {ORG}.",
    "Could somebody from {ORG} ring {FIRST} {LAST} back before {time}?",
    "{LAST} said on {date} that {ORG} would close its office in {LOC}.",
    "{PER} and {LAST} disagreed about the bill.",
    "The flat belongs to {PER}; the keys are with {FIRST}.",
    "Write an e-mail to {PER} saying that I will be late.",
    "summarise the meeting notes: {FIRST} wants more budget, {FIRST} does not",
    "The defendant, {PER}, lives in {LOC}.",
    "In {LOC}, {LAST} founded {ORG} together with {PER}.",
    "Nurse {LAST} gave {PER} the wrong leaflet.",
    "Is {PER} related to {PER}?",
    "{PER} has left the group",
    "I lent {FIRST} {amount} and never saw it again.",
    "Her brother {FIRST} is {num}.",
    "please forward this to {FIRST}, {FIRST} and {PER}",
    "On {date} {PER} signed for the parcel {ref}.",
    "A man named {PER} called about {ref}.",
    "{PER}, a lawyer at {ORG}, declined to comment.",
    "According to {LAST}, {LOC} is too expensive.",
    "Hi! {FIRST} from {LOC}. Loving the new heater, thanks!",
    "yo {FIRST} u coming to {LOC} or what",
    "lol {FIRST} did it again",
    "@support this is {PER}, ticket {ref}, any news?",
    "RT {FIRST} {LAST}: greetings from {LOC}!",
    "Der Schlüssel liegt bei {PER} in der {STREET}.",
    "{PER} (geboren {date}) lebt in {LOC}.",
    "Gestern hat {LAST} in {LOC} gewonnen.",
    "Kann {FIRST} am {date} zu {ORG} kommen?",
    "Der Vertrag mit {PER} läuft am {date} aus.",
    "{PER} vient de {LOC} et travaille pour {ORG}.",
    "Pouvez-vous rappeler {PER} avant {time} ?",
    "Le dossier de {FIRST} {LAST} est incomplet.",
    "{PER} komt uit {LOC} en werkt bij {ORG}.",
    "Kunt u {PER} terugbellen voor {time}?",
    "Gisteren zei {LAST} dat {ORG} uit {LOC} vertrekt.",
]


@dataclass(frozen=True)
class World:
    """Pools per country; `held` names are left out of training."""

    firsts: Mapping[str, Sequence[str]]
    lasts: Mapping[str, Sequence[str]]
    towns: Sequence[str]

    def country(self, rng: random.Random) -> str:
        names = sorted(self.firsts)
        return rng.choices(names, [_WEIGHT.get(name[:2], 1) for name in names])[0]

    def pair(self, rng: random.Random) -> tuple[str, str]:
        """A first and a last name that go together."""
        country = self.country(rng)
        return rng.choice(self.firsts[country]), rng.choice(self.lasts[country])


def held_out(word: str) -> bool:
    """One name in ten never trains, the same one in every list."""
    return sum(word.encode()) % 10 == 0


def build() -> tuple[World, World]:
    """The training world and the held-out one."""
    try:
        from faker import Faker  # type: ignore[import-not-found, unused-ignore]
    except ImportError as missing:
        raise SystemExit("names are missing: pip install faker (MIT), then run this again") from missing
    raw = {locale: Faker(locale) for locale in _LOCALES}
    firsts = {at: _pool(fake, "person", _FIRSTS) for at, fake in raw.items()}
    lasts = {at: _pool(fake, "person", _LASTS) for at, fake in raw.items()}
    towns = sorted(
        {town for fake in raw.values() for town in _pool(fake, "address", ("cities", "city_names"))[:400]}
    )

    def part(held: bool) -> World:
        def keep(words: Sequence[str]) -> list[str]:
            return [word for word in words if held_out(word) is held]

        usable = [at for at in _LOCALES if keep(firsts[at]) and keep(lasts[at])]
        return World(
            {at: keep(firsts[at]) for at in usable}, {at: keep(lasts[at]) for at in usable}, keep(towns)
        )

    return part(False), part(True)


def _pool(fake: object, provider: str, fields: Sequence[str]) -> list[str]:
    found: set[str] = set()
    for source in fake.get_providers():  # type: ignore[attr-defined]
        if type(source).__module__.startswith(f"faker.providers.{provider}"):
            for name in fields:
                values = getattr(source, name, None) or ()
                found |= {word for word in values if isinstance(word, str) and _NAME.match(word)}
    return sorted(found)
