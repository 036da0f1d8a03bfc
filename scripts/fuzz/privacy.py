"""Fuzzes redaction: python -m scripts.fuzz.privacy [--seconds 60] [--seed 1].

Seeded mutation of a small corpus: every input can be made again from the seed. Prints the number of inputs; a failure is
printed with its input. scripts.fuzz.guided looks for new paths by coverage instead.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path

from scripts.fuzz.properties import PLANTED, holds, holds_as_json

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
RECORD = Path(__file__).resolve().parents[2] / "build" / "fuzz" / "privacy.json"
_SLOWEST = 60e-6  # seconds a character may cost beyond the first half second; ordinary text takes 2e-6


@dataclass
class Tally:
    inputs: int = 0
    characters: int = 0
    refused: int = 0
    worst: float = 0.0  # seconds a character, of texts over 1,000


def mutated(rng: random.Random) -> str:
    """A text of up to 20,000 characters: pieces of the corpus cut, joined, repeated and sprinkled with odd characters."""
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
    return text[:20_000]


def one(text: str, rng: random.Random, tally: Tally) -> None:
    """One input, plain, with a value planted, and as JSON. Raises AssertionError."""
    planted = rng.choice(PLANTED)
    cuts = [rng.randrange(1 << 20) for _ in range(6)]
    began = time.process_time()
    holds(text, cuts)
    spent = time.process_time() - began
    at = rng.randrange(len(text) + 1)
    holds(f"{text[:at]}\n\n{planted}\n\n{text[at:]}", cuts, planted if _clear(text, at) else "")
    holds_as_json(text)
    tally.inputs += 3
    tally.characters += 3 * len(text)
    if len(text) > 1000:
        tally.worst = max(tally.worst, spent / len(text))
    assert spent < 0.5 + _SLOWEST * len(text), f"{spent:.2f} s for {len(text)} characters"


def _clear(text: str, at: int) -> bool:
    """Whether a planted value stands by itself: no armour or odd mark before it, and it stands nowhere else in another form."""
    return not any(value in text for value in PLANTED) and "BEGIN" not in text


def record(tally: Tally, failures: int, seconds: float) -> None:
    """What this run did, where the bench publishes it."""
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    found = {
        "name": "redaction, seeded mutation",
        "inputs": tally.inputs,
        "failures": failures,
        "seconds": seconds,
    }
    RECORD.write_text(json.dumps(found) + "\n", encoding="utf-8")


def mutational(seconds: float, seed: int) -> int:
    """Seeded mutation for a while. Returns the exit status."""
    tally = Tally()
    end = time.monotonic() + seconds
    number = 0
    while time.monotonic() < end:
        rng = random.Random(f"{seed}/{number}")
        text = mutated(rng)
        try:
            one(text, rng, tally)
        except Exception as wrong:  # noqa: BLE001  whatever it is, it is a find
            print(f"FAILED: input {number} of seed {seed}: {wrong!r}\n{text!r}")
            record(tally, 1, seconds)
            return 1
        number += 1
    record(tally, 0, seconds)
    print(
        f"{tally.inputs:,} inputs, {tally.characters:,} characters, seed {seed}, {seconds:.0f} s: every property held; "
        f"slowest {tally.worst * 1e6:.1f} us a character (redacted, restored twice and looked at again)"
    )
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    return mutational(given.seconds, given.seed)


if __name__ == "__main__":
    raise SystemExit(main())
