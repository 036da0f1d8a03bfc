"""240 secrets for the canary journey: 20 of each of 12 kinds, in prose, in JSON and in log lines. Seeded, made here.

Cards pass Luhn, IBANs pass mod 97; phones use ranges of five countries; names and streets are random pairs of common
words, so that no list in the detector holds them as they are.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass

FIRST = """Amelie Bastian Carla Dmitri Elena Farid Greta Hassan Ingrid Jamal Katarina Liam Mei Nadia Oscar Priya Quentin
Rosa Stefan Tamara""".split()
LAST = """Abernathy Brückner Castellano Dufresne Eriksen Fairweather Grabowski Hollingsworth Ivanovic Jansson Kowalczyk
Lindqvist Morgenstern Nakagawa Okonkwo Petrenko Quisenberry Rasmussen Silberstein Thackeray""".split()
STREETS = (
    "{n} Willowbrook Lane", "{n} North Harbour Street", "Birkenallee {n}", "Schlossgartenstraße {n}", "{n} rue des Tilleuls",
    "{n} Maple Hollow Road", "Lange Nieuwstraat {n}", "{n} Copperfield Avenue", "Am Mühlbach {n}", "{n} avenue Victor Basch",
)  # fmt: skip
PHONES = (
    "+1 415-555-{four}", "+44 20 7946 {four}", "+49 30 9018{four}", "+33 1 42 68 {two} {last}", "+31 20 794 {four}",
)  # fmt: skip
SPELLING = ("prose", "json", "log")
FORMATTED = (
    "card", "spaced card", "iban", "email", "phone", "ssn", "ipv4", "ipv6", "mac", "api key",
)  # fmt: skip
LOOSE = ("name", "street")


@dataclass(frozen=True)
class Secret:
    kind: str
    value: str
    text: str


def luhn(stem: str) -> str:
    """`stem` with its Luhn check digit (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(stem)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return stem + str(-total % 10)


def iban(country: str, account: str) -> str:
    """An IBAN with its check digits (ISO 13616)."""
    digits = "".join(str(int(c, 36)) for c in account + country + "00")
    return f"{country}{98 - int(digits) % 97:02d}{account}"


def secrets(seed: int = 7) -> list[Secret]:
    """All 240, in a fixed order."""
    rng = random.Random(seed)
    made: list[Secret] = []
    for kind in (*FORMATTED, *LOOSE):
        for number in range(20):
            value = _value(kind, number, rng)
            made.append(Secret(kind, value, _spell(kind, value, SPELLING[number % 3], number)))
    assert len(made) == 240
    assert len({s.value for s in made}) == 240
    return made


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _value(kind: str, number: int, rng: random.Random) -> str:
    match kind:
        case "card" | "spaced card":
            plain = luhn(rng.choice(("4", "51", "2221", "4026")).ljust(4, "7") + _digits(rng, 11))
            return plain if kind == "card" else " ".join(plain[i : i + 4] for i in range(0, 16, 4))
        case "iban":
            return iban("DE", _digits(rng, 18)) if number % 2 else iban("GB", "NWBK" + _digits(rng, 14))
        case "email":
            return f"{rng.choice(FIRST).lower()}.{_digits(rng, 3)}@{rng.choice(('example.org', 'example.net', 'example.com'))}"
        case "phone":
            four = _digits(rng, 4)
            return PHONES[number % 5].format(four=four, two=four[:2], last=10 + number)
        case "ssn":
            return f"{rng.randrange(100, 665)}-{rng.randrange(10, 99)}-{rng.randrange(1000, 9999)}"
        case "ipv4":
            return (
                f"{rng.randrange(11, 223)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
            )
        case "ipv6":
            return "2001:db8:" + ":".join(f"{rng.randrange(16, 65536):x}" for _ in range(6))
        case "mac":
            return ":".join(f"{rng.randrange(256):02x}" for _ in range(6))
        case "api key":
            body = "".join(
                rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789") for _ in range(36)
            )
            return rng.choice(("sk-", "ghp_", "xoxb-")) + body
        case "name":
            return f"{FIRST[number]} {LAST[(number * 7 + 3) % 20]}"
        case _:
            return STREETS[number % 10].format(n=11 + number * 3)


PROSE = {
    "card": "Please charge my card {v} for the spare part.",
    "spaced card": "My card number is {v}, it expires next year.",
    "iban": "Refund the deposit to {v} please.",
    "email": "You can write to {v} about the appointment.",
    "phone": "Call me back on {v} after five.",
    "ssn": "My social security number is {v}.",
    "ipv4": "The gateway answers at {v} but the pump does not.",
    "ipv6": "The gateway answers at {v} but the pump does not.",
    "mac": "The controller with the address {v} keeps dropping off the network.",
    "api key": "Our integration uses the key {v} and fails.",
    "name": "Hello, my name is {v} and my heat pump shows an error.",
    "street": "The unit is installed at {v}, please send somebody.",
}
FIELD = {
    "card": "card_number", "spaced card": "card", "iban": "iban", "email": "email", "phone": "phone", "ssn": "ssn",
    "ipv4": "client_ip", "ipv6": "peer", "mac": "mac", "api key": "api_key", "name": "customer_name", "street": "street",
}  # fmt: skip


def _spell(kind: str, value: str, spelling: str, number: int) -> str:
    match spelling:
        case "prose":
            return PROSE[kind].format(v=value)
        case "json":
            return json.dumps({"id": 1000 + number, FIELD[kind]: value, "status": "open"}, ensure_ascii=False)
        case _:
            return f'2026-03-0{1 + number % 9}T08:1{number % 10}:00Z WARN pump[{300 + number}]: {FIELD[kind]}="{value}" state=E42'
