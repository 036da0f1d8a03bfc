"""What a prompt is about, as numbers: the weighed mean of its words' vectors out of a table that ships.

The table (`models/words`, made by `python -m scripts.training.words`) holds one short vector for each common English word, so
that words of one meaning lie near each other; reading a prompt is a look-up, no network runs. A count c weighs 1 + ln c;
how much a word says beside others is in the length of its vector. Words that the table lacks are tried without a common
ending, and are left out otherwise.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from tidegate.assets import model_dir
from tidegate.errors import Broken
from tidegate.risk.fit import Floats
from tidegate.risk.shape import HEAD, TAIL

FILE = "words.bin"
FORMAT = "tidegate-words-1"
WIDTH = 128
ENDINGS = ("s", "es", "ed", "d", "ing", "ly")
SHORTEST = 3  # letters that a word keeps when an ending is taken off
_WORD = re.compile(r"\w+")


class Table(msgspec.Struct, frozen=True):
    """The file: words, one row of WIDTH signed bytes for each, and what a row is multiplied by (little-endian float32)."""

    format: str
    words: tuple[str, ...]
    rows: bytes
    scales: bytes


@dataclass(frozen=True, slots=True)
class Words:
    """The table, ready to look up. `digest`: SHA-256 of the file; a fit names the table that it was made with."""

    digest: str
    places: Mapping[str, int] = field(repr=False)
    vectors: NDArray[np.float32] = field(repr=False)

    def of(self, prompts: Sequence[str]) -> Floats:
        """One row of length 1 per prompt; zeros where no word is known. A long prompt is read at its beginning and end."""
        found = np.zeros((len(prompts), WIDTH))
        for at, prompt in enumerate(prompts):
            found[at] = self._of(prompt)
        return found

    def _of(self, prompt: str) -> Floats:
        text = prompt if len(prompt) <= HEAD + TAIL else prompt[:HEAD] + "\n" + prompt[-TAIL:]
        counts = Counter(_WORD.findall(text.casefold()))
        known = [(place, n) for word, n in counts.items() if (place := self._place(word)) is not None]
        if not known:
            return np.zeros(WIDTH)
        weights = 1 + np.log(np.array([n for _, n in known], dtype=np.float64))
        total: Floats = weights @ self.vectors[[place for place, _ in known]].astype(np.float64)
        return total / max(float(np.linalg.norm(total)), 1e-12)

    def _place(self, word: str) -> int | None:
        place = self.places.get(word)
        if place is not None:
            return place
        for ending in ENDINGS:
            stem = word.removesuffix(ending)
            if stem != word and len(stem) >= SHORTEST and stem in self.places:
                return self.places[stem]
        return None


def read_words(path: Path) -> Words:
    """Raises Broken: missing or malformed."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _broken(f"the table of words {path.name} cannot be read: {error.strerror}") from error
    try:
        table = msgspec.msgpack.decode(raw, type=Table)
    except msgspec.MsgspecError as error:
        raise _broken(f"{path.name} is not a table of words") from error
    count = len(table.words)
    if table.format != FORMAT or len(table.rows) != count * WIDTH or len(table.scales) != 4 * count:
        raise _broken(f"{path.name} is not a table of words as this version reads it")
    rows = np.frombuffer(table.rows, np.int8).reshape(count, WIDTH).astype(np.float32)
    vectors = rows * np.frombuffer(table.scales, "<f4")[:, None]
    places = {word: at for at, word in enumerate(table.words)}
    return Words(hashlib.sha256(raw).hexdigest(), places, vectors)


def shipped() -> Words | None:
    """The table that came with this installation; None where there is none. Raises Broken when it is malformed."""
    try:
        folder = model_dir("words")
    except Broken:
        return None
    return read_words(folder / FILE)


def packed(words: Sequence[str], vectors: Floats) -> bytes:
    """The file for these words: each row is rounded to signed bytes by its own scale."""
    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-12) / 127
    rows = np.round(vectors / scales[:, None]).astype(np.int8)
    return msgspec.msgpack.encode(Table(FORMAT, tuple(words), rows.tobytes(), scales.astype("<f4").tobytes()))


def _broken(message: str) -> Broken:
    return Broken(message, code="words_broken", hint="reinstall, or fit again without it")
