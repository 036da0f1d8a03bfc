"""What a run of one target did: counted, printed, and left in build/fuzz, where the bench publishes it."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "build" / "fuzz"
ENCODERS = ("patterns", "full", "small")
# Processor seconds that a character may cost beyond the first: ordinary text takes 2e-6 by patterns, and a piece of a word
# 5e-4 in the encoder, where a text of single signs has a piece for each and is read three times.
SLOWEST = {"patterns": 60e-6, "full": 2.5e-3, "small": 1.5e-3}


@dataclass
class Tally:
    """`worst`: processor seconds a character, of texts over 1,000."""

    target: str
    encoder: str = "patterns"
    inputs: int = 0
    failures: int = 0
    characters: int = 0
    worst: float = 0.0
    began: float = 0.0

    @property
    def name(self) -> str:
        return self.target if self.encoder == "patterns" else f"{self.target}, {self.encoder} encoder"

    def timed(self, text: str, work: Callable[[], None]) -> None:
        """One input; it may take time in proportion to its length. Raises AssertionError."""
        began = time.process_time()
        work()
        spent = time.process_time() - began
        self.inputs += 1
        self.characters += len(text)
        if len(text) > 1000:
            self.worst = max(self.worst, spent / len(text))
        assert spent < 1.0 + SLOWEST[self.encoder] * len(text), f"{spent:.2f} s for {len(text)} characters"

    def record(self) -> None:
        """One file per target and encoder."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        found = {
            "name": f"redaction, {self.name}",
            "inputs": self.inputs,
            "failures": self.failures,
            "seconds": round(time.monotonic() - self.began, 1),
        }
        file = FOLDER / f"{self.target.replace(' ', '-')}-{self.encoder}.json"
        file.write_text(json.dumps(found) + "\n", encoding="utf-8")

    def told(self) -> str:
        return (
            f"{self.name}: {self.inputs:,} inputs, {self.characters:,} characters, {self.failures} failures, "
            f"slowest {self.worst * 1e6:.1f} us a character (redacted, restored twice and looked at again)"
        )


def run(
    tally: Tally,
    make: Callable[[int], str],
    attempt: Callable[[int, str], None],
    seconds: float,
    most: int = 1 << 30,
) -> int:
    """`make` gives the text of a number, `attempt` tries it. Stops at the first failure. Returns the exit status."""
    tally.began = time.monotonic()
    end = tally.began + seconds
    number = 0
    while number < most and not tally.failures and time.monotonic() < end:
        text = make(number)
        try:
            attempt(number, text)
        except Exception as wrong:  # noqa: BLE001  whatever it is, it is a find
            tally.failures += 1
            print(f"FAILED: {tally.name}, input {number}: {wrong!r}\n{text[:5000]!r}")
        number += 1
    tally.record()
    print(tally.told())
    return 1 if tally.failures else 0


def dice(seed: int, number: int) -> random.Random:
    """The same for the same seed and number, on any machine."""
    return random.Random(f"{seed}/{number}")
