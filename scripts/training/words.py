"""python -m scripts.training.words: makes `models/words/words.bin`, the vectors by which `tidegate risk` reads words.

Each whole word of the sentry's vocabulary is read alone by the embedder built on this machine; the vectors are made narrow by
principal components, the strong ones damped, and rounded to signed bytes. A word counts for the components by the
square root of how common it is, and its vector's length says how much it tells: the rarer the more. How common: by its place in the
vocabulary, which is ordered by that (Zipf 1949). No outcome of any model is used. The embedder's runs are the cost: minutes on one core.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tidegate.engines.embedder import shipped
from tidegate.fs import write_durably
from tidegate.risk.words import FILE, WIDTH, packed

ROOT = Path(__file__).resolve().parents[2]
COMMON = 1_996  # the place of the first whole word of two letters and more, which is the commonest
DAMPED = 0.8  # 0: components as they are, 1: all alike
_WHOLE = re.compile(r"[^\W_]+")
Floats = NDArray[np.float64]


def chosen(vocabulary: Sequence[str]) -> list[tuple[int, str]]:
    """The whole words and numbers, with their places."""
    return [
        (at, word)
        for at, word in enumerate(vocabulary)
        if _WHOLE.fullmatch(word) and (word.isascii() or "α" <= word <= "ω")
    ]


def narrowed(vectors: Floats, places: Sequence[int]) -> Floats:
    """Principal components under common words' greater weight, damped, each row as long as its word is telling."""
    place = np.array(places)
    common = np.sqrt(1 / np.maximum(place - COMMON + 51.0, 50.0))
    common /= common.sum()
    middle = vectors - common @ vectors
    values, ways = np.linalg.eigh((middle * common[:, None]).T @ middle)
    strongest = np.argsort(-values)[:WIDTH]
    narrow: Floats = middle @ ways[:, strongest]
    narrow *= (values[strongest] / values[strongest[0]]) ** (-DAMPED / 2)
    return narrow * telling(place)[:, None]


def telling(place: NDArray[np.int64]) -> Floats:
    """How much a word says: by the logarithm of its place; letters and digits, which have none, half as much as a middling word."""
    found: Floats = 1 + np.log1p(np.maximum(place - COMMON + 6.0, 1.0) / 30)
    found[place < COMMON] = 0.5 * np.median(found[place >= COMMON])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "models" / "words" / FILE)
    asked = parser.parse_args()
    lines = (ROOT / "models" / "sentry" / "vocab.txt").read_text(encoding="utf-8").split("\n")
    words = chosen(lines)
    vectors = shipped().embed([word for _, word in words]).astype(np.float64)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    made = packed([word for _, word in words], narrowed(vectors, [at for at, _ in words]))
    write_durably(asked.out, made, mode=0o644)
    print(f"{asked.out.name}: {len(words)} words, {len(made)} bytes")


if __name__ == "__main__":
    main()
