"""Other values of the same kind: invented names and places, and addresses that standards give to nobody. Pure.

The same value gives the same pseudonym within a conversation and another one in the next. A surname keeps its pseudonym across
full names. Nothing here is anybody's: names are joined from syllables, hosts end in `.invalid` (RFC 2606), addresses are of class E
(RFC 1112) and of the discard prefix (RFC 6666), and no country has the code +999.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterator, Mapping

from tidegate.privacy.spans import Label

_TRIES = 400
_HEADS = "Al Bel Bran Cor Dal El Fal Gar Hal Il Jor Kel Lor Mar Nor Ol Per Quil Ros Sel Tal Ul Var Wel Yar Zel Ad Em In Or".split()
_MIDDLES = "a e i o u ia ei an el or in ar en ".split(" ")
_TAILS = "dan bert mir win ven rik las nor ta na lia rin dor wen sta ron lis vik mos den".split()
_TOWN_TAILS = "holm stedt brook field haven wick moor burgh dale sund".split()
_FIRM_TAILS = "Works Trading Group Partners Systems Supply".split()
_PARTICLES = frozenset("van von de der den del la le di da ten ter zu bin al el dos du".split())
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_HOST = r"(?:[\w-]+\.)+invalid"
_RESERVED = {
    Label.EMAIL_ADDRESS: re.compile(rf"[\w.+-]+@{_HOST}", re.IGNORECASE),
    Label.DOMAIN_NAME: re.compile(_HOST, re.IGNORECASE),
    Label.URL: re.compile(rf"https?://{_HOST}/[\w/-]*", re.IGNORECASE),
    Label.IP_ADDRESS: re.compile(r"240\.0\.0\.\d{1,3}|100::[0-9a-f]{1,4}", re.IGNORECASE),
    Label.PHONE_NUMBER: re.compile(r"\+999 ?\d{3} ?\d{4}"),
}

Taken = Callable[[str, str], bool]


def pseudonym(kind: str, value: str, seed: bytes, taken: Taken) -> str | None:
    """What to write instead of a value; None when the kind has no pseudonyms or none is free.

    `taken(fake, real)` says whether the conversation uses `fake` for something other than `real`.
    """
    if kind == Label.PERSON:
        return _person(value, seed, taken)
    if kind == Label.IP_ADDRESS and ":" in value:
        return _free(value, seed, taken, lambda n: f"100::{n % 0xFFFF:x}")
    make = _MAKERS.get(kind)
    return None if make is None else _free(value, seed, taken, make)


def parts(kind: str, made: str, value: str) -> Mapping[str, str]:
    """What each part of a pseudonym stands for: the whole, and each word of a name, because answers say `Ms Norwen`."""
    words = zip(_WORD.findall(made), _WORD.findall(value), strict=False) if kind == Label.PERSON else ()
    return {**{fake: real for fake, real in words if fake != real}, made: value}


def reserved(label: Label, value: str) -> bool:
    """Whether a value is one that standards give to nobody, as the structured pseudonyms are."""
    shape = _RESERVED.get(label)
    return shape is not None and shape.fullmatch(value) is not None


def _person(value: str, seed: bytes, taken: Taken) -> str | None:
    """Word by word; particles and initials stay."""
    made: dict[str, str] = {}  # real to invented, so that no two words of one name get the same
    for word in _WORD.findall(value):
        if word.lower() not in _PARTICLES and len(word) > 1 and word not in made:
            used = set(made.values())
            fake = _free(word, seed, lambda fake, real: taken(fake, real) or fake in used, _name)  # noqa: B023
            if fake is None:
                return None
            made[word] = fake
    return _WORD.sub(lambda m: made.get(m[0], m[0]), value) if made else None


def _free(value: str, seed: bytes, taken: Taken, make: Callable[[int], str]) -> str | None:
    return next((fake for fake in map(make, _numbers(value, seed)) if not taken(fake, value)), None)


def _numbers(value: str, seed: bytes) -> Iterator[int]:
    """Numbers that only the holder of the seed can tell, the same for the same value in any case."""
    for attempt in range(_TRIES):
        digest = hmac.digest(seed, f"{attempt}\0{value.casefold()}".encode(), "sha256")
        yield int.from_bytes(digest[:6], "big")


def _name(number: int) -> str:
    return _pick(_HEADS, number) + _pick(_MIDDLES, number // 31) + _pick(_TAILS, number // 997)


def _pick(words: list[str], number: int) -> str:
    return words[number % len(words)]


_MAKERS: Mapping[str, Callable[[int], str]] = {
    Label.LOCATION: lambda n: _name(n) + _pick(_TOWN_TAILS, n // 7),
    Label.ORGANIZATION: lambda n: f"{_name(n)} {_pick(_FIRM_TAILS, n // 7)}",
    Label.USERNAME: lambda n: f"{_name(n).lower()}{n % 90 + 10}",
    Label.EMAIL_ADDRESS: lambda n: f"{_name(n).lower()}.{_name(n // 9).lower()}@mail.invalid",
    Label.DOMAIN_NAME: lambda n: f"{_name(n).lower()}.invalid",
    Label.URL: lambda n: f"https://{_name(n).lower()}.invalid/{n % 1000}",
    Label.IP_ADDRESS: lambda n: f"240.0.0.{n % 254 + 1}",
    Label.PHONE_NUMBER: lambda n: f"+999 {n % 900 + 100} {n // 900 % 10000:04d}",
}
