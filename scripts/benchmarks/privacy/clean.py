"""Text in which nothing is private: hand-written prose and code, and made-up numbers that look like somebody's. Pure and seeded.

Every find in it is a false one. Tokens are what spaces separate: fewer than other counts would give, so the rate is no flattery.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts.benchmarks.privacy.values import Row, read_set

Make = Callable[[random.Random], str]


def tokens(text: str) -> int:
    return len(text.split())


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("0123456789") for _ in range(count))


def _letters(rng: random.Random, count: int) -> str:
    return "".join(rng.choice("ABCDEFGHKLMNPQRSTUVWXYZ") for _ in range(count))


def _order(rng: random.Random) -> str:
    number = rng.choice(
        [
            f"{_digits(rng, 4)}-{_digits(rng, 4)}",
            _digits(rng, 8),
            f"PO-{_digits(rng, 6)}",
            f"{_letters(rng, 2)}{_digits(rng, 7)}",
            f"{_digits(rng, 3)}-{_digits(rng, 7)}-{_digits(rng, 7)}",
            f"#{_digits(rng, 10)}",
        ]
    )
    frame = rng.choice(
        (
            "Order {} has shipped and should arrive within three working days.",
            "where is my order {}? it was due last week",
            "Please cancel item two of order {} and refund the difference.",
            "invoice {} was paid twice, ticket still open",
            "Die Bestellung {} wurde heute verpackt.",
            "RMA {} approved, return within thirty days.",
        )
    )
    return frame.format(number)


def _part(rng: random.Random) -> str:
    number = rng.choice(
        [
            f"{_digits(rng, 3)}-{_digits(rng, 3)}-{_digits(rng, 4)}-{_letters(rng, 1)}",
            f"{_letters(rng, 3)}-{_digits(rng, 4)}/{_digits(rng, 2)}",
            f"{_digits(rng, 2)}.{_digits(rng, 4)}.{_digits(rng, 3)}",
            f"{_letters(rng, 1)}{_digits(rng, 3)} {_digits(rng, 3)} {_digits(rng, 2)} {_digits(rng, 2)}",
            f"{_digits(rng, 6)}-{_digits(rng, 2)}",
        ]
    )
    frame = rng.choice(
        (
            "Part number {} replaces the older bracket and fits both sides.",
            "Use bearing {} with the narrow seal only.",
            "Article {} is out of stock until further notice.",
            "The gasket ({}) must be changed every second service.",
            "Ersatzteil {} passt nicht zur neuen Pumpe.",
        )
    )
    return frame.format(number)


def _standard(rng: random.Random) -> str:
    names = "ISO IEC DIN EN RFC ASTM ANSI IEEE".split()
    number = f"{rng.choice(names)} {rng.randint(100, 60000)}"
    if rng.random() < 0.5:
        number += rng.choice(
            (
                f"-{rng.randint(1, 9)}",
                f":{rng.randint(1990, 2024)}",
                f" section {rng.randint(1, 9)}.{rng.randint(1, 20)}",
            )
        )
    frame = rng.choice(
        (
            "The housing complies with {} and needs no further test.",
            "See {} for the exact wording of the requirement.",
            "According to {} the cable must carry twice the load.",
            "Nach {} ist die Prüfung jährlich zu wiederholen.",
        )
    )
    return frame.format(number)


def _serial(rng: random.Random) -> str:
    number = rng.choice(
        [
            f"{_letters(rng, 2)}{_digits(rng, 2)}{_letters(rng, 3)}{_digits(rng, 5)}",
            f"SN-{_digits(rng, 12)}",
            "-".join(_letters(rng, 2) + _digits(rng, 3) for _ in range(3)),
            f"{_digits(rng, 5)}-{_digits(rng, 5)}-{_digits(rng, 5)}",
            f"0x{rng.randrange(16**8):08x}",
        ]
    )
    frame = rng.choice(
        (
            "The serial number {} is printed under the battery.",
            "Unit {} failed the burn-in after six hours.",
            f"firmware 2.{rng.randint(0, 40)} installed on device {{}}",
            "Lot {} was recalled because of a loose screw.",
        )
    )
    return frame.format(number)


def _price(rng: random.Random) -> str:
    euros, cents = rng.randint(1, 99_999), rng.randint(0, 99)
    amount = rng.choice(
        (
            f"${euros:,}.{cents:02}",
            f"{euros:,}.{cents:02} EUR".replace(",", " "),
            f"€{euros}",
            f"{euros}.{cents:02}",
            f"CHF {euros}.–",
        )
    )
    frame = rng.choice(
        (
            "The quote came to {} before tax, delivery included.",
            "It costs {} or three monthly payments.",
            "Total {} minus 15 % discount, 19 % VAT not included.",
            "We sold 1,284 units at {} each in the last quarter.",
        )
    )
    return frame.format(amount)


def _guid(rng: random.Random) -> str:
    value = uuid.UUID(int=rng.getrandbits(128), version=4)
    text = rng.choice((str(value), str(value).upper(), f"{{{value}}}", value.hex))
    frame = rng.choice(
        (
            "trace id {} took 812 ms",
            "The component {} is registered twice.",
            "correlation {} dropped after retry 3",
            "build {} passed",
        )
    )
    return frame.format(text)


def _measure(rng: random.Random) -> str:
    return rng.choice(
        (
            f"Version {rng.randint(1, 12)}.{rng.randint(0, 30)}.{rng.randint(0, 99)}.{rng.randint(0, 9)} fixes the crash on start.",
            f"The sample weighed {rng.randint(1, 999)}.{rng.randint(10, 99)} g at {rng.randint(10, 40)}.{rng.randint(0, 9)} degrees.",
            f"Rows {rng.randint(1000, 4999)} to {rng.randint(5000, 9999)} were skipped, {rng.randint(2, 60)} failed.",
            f"The ratio rose from 1:{rng.randint(2, 64)} to {rng.randint(2, 9)}:{rng.randint(10, 99)} in {rng.randint(2, 9)} runs.",
            f"Resolution {rng.choice((640, 1280, 1920, 3840))}x{rng.choice((480, 720, 1080, 2160))}, {rng.randint(24, 144)} Hz, gate {rng.randint(1, 60)}.",
            f"The match ended {rng.randint(0, 5)}-{rng.randint(0, 5)} after {rng.randint(90, 120)} minutes.",
            f"ISBN 978-{rng.randint(0, 9)}-{_digits(rng, 3)}-{_digits(rng, 5)}-{rng.randint(0, 9)} is out of print.",
        )
    )


def _log(rng: random.Random) -> str:
    return rng.choice(
        (
            f"[worker-{rng.randint(1, 64)}] job {_digits(rng, 9)} done in {rng.randint(3, 9000)} ms, {rng.randint(0, 4)} retries",
            f"HTTP {rng.choice((200, 301, 404, 502))} in {rng.randint(1, 900)} ms, {rng.randint(200, 90000)} bytes, cache miss",
            f"commit {rng.randbytes(20).hex()} touched {rng.randint(1, 40)} files",
            f"sha256:{rng.randbytes(32).hex()} verified",
            f"oom: process {rng.randint(300, 65000)} used {rng.randint(100, 9000)} MiB of {rng.randint(9001, 16000)}",
            f"retry {rng.randint(1, 5)} of 5 in {rng.randint(1, 60)}s, queue depth {rng.randint(0, 9999)}",
        )
    )


_MAKERS: dict[str, Make] = {
    "orders": _order,
    "parts": _part,
    "standards": _standard,
    "serials": _serial,
    "prices": _price,
    "guids": _guid,
    "measures": _measure,
    "logs": _log,
}


def rows(seed: int, each: int) -> Iterator[Row]:
    """The prose and code of sets/clean_prose.txt, then `each` made-up lines per kind."""
    yield from read_set("clean_prose")
    yield from made_up(seed, each)


def held_out(seed: int, each: int) -> Iterator[Row]:
    """The rows of sets/clean_held.txt, then made-up lines of another seed: nothing is chosen by what is found in them."""
    yield from read_set("clean_held")
    yield from made_up(seed, each)


def made_up(seed: int, each: int) -> Iterator[Row]:
    """`each` made-up lines per kind: order and part numbers, standards, prices, logs."""
    rng = random.Random(seed)
    for group, make in _MAKERS.items():
        for _ in range(each):
            yield Row(make(rng), (), group)


def encyclopedic(shared: Path | None, count: int) -> list[str]:
    """Paragraphs of XQuAD's English half, or none when the corpora are absent."""
    folder = shared / "data" / "qa" if shared is not None else None
    files = sorted(folder.rglob("xquad*.json")) if folder is not None and folder.is_dir() else []
    if not files:
        return []
    articles = json.loads(files[0].read_bytes())["data"]
    return [str(one["context"]) for article in articles for one in article["paragraphs"]][:count]
