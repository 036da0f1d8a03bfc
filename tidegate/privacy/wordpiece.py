"""Words of a text with exact places, and their WordPiece ids and case features. Standard library only.

The trunk's vocabulary is uncased, so case comes back as a feature per piece: `shape` says how the word is written,
`glue` says whether it touches its neighbours, which is what tells a JSON value from a sentence. Training and the
device use this one module, so both see the same numbers.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

# A word is a run of letters and digits (with the marks that sit on them and the joiners that hide in them), one CJK
# character, or a run of one and the same symbol ("....." is one word). Each branch is a single loop: linear time.
_CJK: Final = "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_JOINERS: Final = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
_MARKS: Final = "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u064b-\u065f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
_WORD: Final = re.compile(rf"[{_CJK}]|(?:[^\W_{_CJK}]+|[{_MARKS}{_JOINERS}]+)+|([^\w\s]|_)\1*|\S")
_ASCII_WORD: Final = re.compile(
    r"[A-Za-z0-9]+|([^\w\s]|_)\1*"
)  # the same where all text is ASCII, at half the cost
_HIDDEN: Final = re.compile(f"[{_JOINERS}]")

# A longer run of letters is one [UNK], as in BERT: a megabyte without a space stays one piece.
MAX_WORD: Final = 100
MAX_PIECES_OF_WORD: Final = 24
_CACHE_WORDS: Final = 20_000

SHAPES: Final = 32  # shape of the word, and the same again for its second and later pieces
GLUES: Final = 9  # (space | line break | touching) before, times the same after


class Word(NamedTuple):
    """`text[start:end]` and the features shared by its pieces."""

    start: int
    end: int
    shape: int
    glue: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text as the encoder sees it: parallel lists over pieces, without [CLS] and [SEP]."""

    words: tuple[Word, ...]
    ids: list[int]
    shapes: list[int]
    glues: list[int]
    firsts: list[int]  # index in `ids` of the first piece of each word


def split(text: str) -> tuple[Word, ...]:
    """Every word of `text`, in order; what lies between two words is white space. Offsets are code points."""
    spans, glues = _places(text)
    return tuple(
        Word(start, end, shape_of(text[start:end]), glue)
        for (start, end), glue in zip(spans, glues, strict=True)
    )


def _places(text: str) -> tuple[list[tuple[int, int]], list[int]]:
    """Where each word stands, and how it touches its neighbours.

    On either side: 0 a space, 1 a line break or the edge of the text, 2 nothing at all.
    """
    spans = [match.span() for match in (_ASCII_WORD if text.isascii() else _WORD).finditer(text)]
    if not spans:
        return [], []
    between = [
        2 if end == start else 1 if "\n" in text[end:start] else 0 for (_, end), (start, _) in pairwise(spans)
    ]
    return spans, [before * 3 + after for before, after in zip([1, *between], [*between, 1], strict=True)]


def shape_of(word: str) -> int:
    """How a word is written, 1..15. 0 is kept for [CLS] and [SEP]."""
    if word.isdigit():
        # 6: up to two digits, 7: three, 8: four, 9: five, 10: six and more
        return 6 + min(4, max(0, len(word) - 2))
    if word.isalpha():
        return _case_of(word)
    if any(character.isalnum() for character in word):
        return 11 if any(character.isdigit() for character in word) else _case_of(word)
    return 12 if unicodedata.category(word[0]).startswith("P") else 14


def _case_of(word: str) -> int:
    if word.islower():
        return 1
    if word.isupper():
        return 3 if len(word) > 1 else 4
    if word[:1].isupper() and word[1:].islower():
        return 2
    return 5 if word.lower() != word else 13


def plain(word: str) -> str:
    """`word` as the uncased vocabulary spells it: lower case, no accents, no invisible joiners."""
    if word.isascii():
        return word.lower()
    bare = unicodedata.normalize("NFD", _HIDDEN.sub("", word).lower())
    return "".join(character for character in bare if unicodedata.category(character) != "Mn")


class WordPiece:
    """Greedy longest-match WordPiece over a fixed vocabulary (one piece per line, BERT's file format)."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self._ids: Mapping[str, int] = {piece: index for index, piece in enumerate(vocabulary)}
        self.cls = self._ids["[CLS]"]
        self.sep = self._ids["[SEP]"]
        self.unknown = self._ids["[UNK]"]
        self._seen: dict[str, tuple[tuple[int, ...], int]] = {}

    @classmethod
    def load(cls, path: Path) -> "WordPiece":
        """Read `vocab.txt`. Raises `OSError` when it is missing, `KeyError` when it is no BERT vocabulary."""
        return cls(path.read_text(encoding="utf-8").splitlines())

    def __len__(self) -> int:
        return len(self._ids)

    def encode(self, text: str) -> Pieces:
        """Words, ids and features of `text`; linear in its length."""
        words: list[Word] = []
        ids: list[int] = []
        shapes: list[int] = []
        glues: list[int] = []
        firsts: list[int] = []
        spans, joints = _places(text)
        seen = self._seen
        for (start, end), glue in zip(spans, joints, strict=True):
            word = text[start:end]
            cut, shape = seen.get(word) or self._of_word(word)
            words.append(Word(start, end, shape, glue))
            firsts.append(len(ids))
            ids += cut
            shapes.append(shape)
            glues.append(glue)
            if len(cut) > 1:
                shapes += [shape + 16] * (len(cut) - 1)
                glues += [glue] * (len(cut) - 1)
        return Pieces(tuple(words), ids, shapes, glues, firsts)

    def _of_word(self, word: str) -> tuple[tuple[int, ...], int]:
        """The ids of a word and how it is written; remembered for words of ordinary length."""
        if len(word) > MAX_WORD:
            return self._of_long(word), shape_of(word)
        found = self._cut(plain(word)), shape_of(word)
        if len(self._seen) >= _CACHE_WORDS:
            self._seen.clear()
        self._seen[word] = found
        return found

    def _of_long(self, word: str) -> tuple[int, ...]:
        if word[0].isalnum() or word[0] != word[-1]:
            return (self.unknown,)
        return self._of_word(word[0])[0]

    def _cut(self, word: str) -> tuple[int, ...]:
        if not word:
            return (self.unknown,)
        if word[0] == word[-1] and not word[0].isalnum():
            word = word[0]  # a run of one symbol reads as that symbol
        ids: list[int] = []
        start = 0
        while start < len(word):
            end = len(word)
            while end > start and (prefix := ("##" if start else "") + word[start:end]) not in self._ids:
                end -= 1
            if end == start or len(ids) == MAX_PIECES_OF_WORD:
                return (self.unknown,)
            ids.append(self._ids[prefix])
            start = end
        return tuple(ids)
