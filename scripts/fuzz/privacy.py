"""Fuzzes redaction: python -m scripts.fuzz.privacy [--seconds 60] [--seed 1] [--encoder patterns|full|small].

Seeded mutation of a small corpus: every input can be made again from the seed. Prints the number of inputs; a failure is
printed with its input. scripts.fuzz.guided looks for new paths by coverage instead.
"""

from __future__ import annotations

import argparse
import random

from scripts.fuzz.properties import PLANTED, finder, holds, holds_as_json
from scripts.fuzz.tally import ENCODERS, Tally, dice, run
from tidegate.privacy.detect import Detector

CORPUS = (
    "Mr. Smith, 12 High Street, London SW1A 1AA, +44 7700 900123, smith@example.org, born 3.5.85",
    "Birkenweg 14, 80331 München, IBAN DE89 3704 0044 0532 0130 00, 4111 1111 1111 1111",
    '{"customer": {"name": "Anna Berg", "card": 4111111111111111, "tags": ["a", null, true, 1.5e10]}}',
    "GET /users/anna%20berg?token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc HTTP/1.1",
    "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
    "[PERSON_1·k3f9] and [PERSON_1] and \\[EMAIL\\_ADDRESS\\_2·abcd\\]",
    "J o h n  S m i t h, K.a.t.h.a.r.i.n.a, QW5uYSBCZXJnIGV2YUBleGFtcGxlLm9yZw==",
    "203.0.113.7 2001:db8::7 00:1A:2B:3C:4D:5E 10:22:31.123 v1.2.3.4 1.1.2024 2024-05-03T10:00:00Z",
    "Привет, мир; שלום; مرحبا ١٢٣٤; 日本語 e\u0301 \u202eabc\u202c A\u200bnna \U0001f600\U0001f468\u200d\U0001f469",
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
    "password = hunter2; api_key: 'sk-abcdefghijklmnopqrstuv123' user=jdoe pin 4421",
)
ODD = "\x00\n\t \u200b\u00ad\u202e\u0301\ufeff\ud800\udfff·[]\\%&;:@.-_/+()'\"{}0189aZéІ１🙂"
_LONGEST = {"patterns": 20_000, "full": 1_500, "small": 1_500}  # characters; the encoder takes its time


def mutated(rng: random.Random, longest: int) -> str:
    """A text of at most so many characters: pieces of the corpus cut, joined, repeated and sprinkled with odd characters."""
    text = rng.choice(CORPUS)
    for _ in range(rng.randrange(1, 8)):
        at = rng.randrange(len(text) + 1)
        match rng.randrange(7):
            case 0:
                text = text[:at] + rng.choice(ODD) * rng.choice((1, 1, 2, 40)) + text[at:]
            case 1:
                text = text[at:] + rng.choice(CORPUS)
            case 2:
                end = min(len(text), at + rng.randrange(1, 30))
                text = text[:at] + text[at:end] * rng.choice((2, 3, 200)) + text[end:]
            case 3:
                text = text[:at] + text[at + rng.randrange(1, 12) :]
            case 4:
                text = (
                    text[:at] + chr(rng.choice((rng.randrange(0x3000), rng.randrange(0x110000)))) + text[at:]
                )
            case 5:
                text = text.swapcase()
            case _:
                text = text.encode("utf-8", "surrogatepass").hex() if len(text) < 400 else text[::-1]
    return text[:longest]


def one(text: str, rng: random.Random, tally: Tally, detector: Detector) -> None:
    """One input, plain, with a value planted, and as JSON. Raises AssertionError."""
    planted = rng.choice(PLANTED)
    cuts = [rng.randrange(1 << 20) for _ in range(6)]
    at = rng.randrange(len(text) + 1)
    beside, sure = f"{text[:at]}\n\n{planted}\n\n{text[at:]}", planted if _clear(text, at) else ""
    tally.timed(text, lambda: holds(text, cuts, "", detector))
    tally.timed(beside, lambda: holds(beside, cuts, sure, detector))
    tally.timed(text, lambda: holds_as_json(text, "", detector))


def _clear(text: str, at: int) -> bool:
    """Whether a planted value stands by itself: no armour or odd mark before it, and it stands nowhere else in another form."""
    return not any(value in text for value in PLANTED) and "BEGIN" not in text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--encoder", choices=ENCODERS, default="patterns")
    given = parser.parse_args()
    tally, detector = Tally("seeded mutation", given.encoder), finder(given.encoder)

    def make(number: int) -> str:
        return mutated(dice(given.seed, number), _LONGEST[given.encoder])

    def attempt(number: int, text: str) -> None:
        one(text, dice(given.seed, -number), tally, detector)

    return run(tally, make, attempt, given.seconds)


if __name__ == "__main__":
    raise SystemExit(main())
