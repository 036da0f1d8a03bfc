"""Names, places, organisations and addresses from the encoder's word scores. `find` is pure but for the scan itself.

`spans` is what the scores say; `find` also asks the gates (`gates`), which know what is no name whatever its score.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from tidegate.privacy.encoder import Encoder, Scan, shipped
from tidegate.privacy.gates import kept
from tidegate.privacy.languages import language
from tidegate.privacy.package import Size
from tidegate.privacy.spans import Label, Span
from tidegate.privacy.wordpiece import Word

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

SOURCE: Final = "ner"
_LABELS: Final = {
    "PER": Label.PERSON,
    "LOC": Label.LOCATION,
    "ORG": Label.ORGANIZATION,
    "STREET": Label.STREET_ADDRESS,
    "ZIP": Label.POSTAL_CODE,
}
_TITLES: Final = frozenset(
    "mr mrs ms miss dr prof sir madam herr frau fräulein monsieur madame mme mlle meneer mevrouw dhr mevr".split()
)
# Between two marked words these are inside a name: O'Neil, Jean-Luc, J.R.
_BRIDGES: Final = frozenset("'’-‐.&/")
_ABBREVIATED: Final = 4  # "St.", "Ave." and "J." keep their full stop

# A value under such a key is private until proven otherwise: half the usual evidence is enough to mark it.
_KEYED: Final = re.compile(
    r"(?i)\b(?:[a-z]+[_.-])?(?:full[_ ]?name|first[_ ]?name|last[_ ]?name|surname|name|customer|user|holder|owner|contact|"
    r"recipient|patient|tenant|street|addr|address|line1|ship[_ ]?to|city|town|kunde|anschrift|nom|adresse|naam|adres)"
    r"\\?[\"']?\s{0,3}[:=]\s{0,3}\\?[\"']?(?=[^\s\"'{\[])"
)
_VALUE: Final = re.compile(r"[^\"'\n;&|<>{}\[\]]{1,80}")
_KEYED_SHARE: Final = 0.5
_NO_MINIMUM: Final[Mapping[str, float]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Run:
    """Words `first:last` marked as one thing of one kind."""

    first: int
    last: int
    kind: str
    score: float


def find(text: str, encoder: Encoder) -> tuple[Span, ...]:
    """Private stretches of `text`, in order, never overlapping, in code points of `text`.

    Raises BadRequest for a text beyond the encoder's limits and Broken when the encoder fails.
    """
    settings = encoder.settings
    keyed = tuple(keyed_values(text))
    scan = encoder.scan(text)
    raw = spans(text, scan, settings.tags, settings.entity_threshold, settings.minimum, keyed=keyed)
    return tuple(kept(text, raw, keyed, settings.least))


def load_ner(size: Size = Size.FULL, book: Path | None = None) -> Callable[[str], tuple[Span, ...]]:
    """`find` on a shipped encoder; `book` remembers which provider ran it fastest (see `providers`).

    Raises Broken when it is missing or fails its self-test.
    """
    encoder = shipped(size, book)
    return lambda text: find(text, encoder)


def spans(
    text: str,
    scan: Scan,
    tags: tuple[str, ...],
    threshold: float,
    minimum: Mapping[str, float] = _NO_MINIMUM,
    *,
    keyed: tuple[tuple[int, int], ...] | None = None,
) -> tuple[Span, ...]:
    """What the scores of `scan` say about `text`; `keyed` is what `keyed_values` finds in it, where that is known. Pure."""
    if not scan.words:
        return ()
    marked = _marked(text, scan, threshold, tuple(keyed_values(text)) if keyed is None else keyed)
    if not any(marked):
        return ()
    found = []
    for run in _runs(text, scan, tags, marked):
        foreign = _foreign(text, scan.words, run)
        if run.score < minimum.get(run.kind, 0.0) and not foreign:
            continue
        trimmed = _trim(text, scan.words, run)
        if trimmed is not None and foreign:
            trimmed = replace(trimmed, score=max(trimmed.score, _FOREIGN_SCORE))
        if trimmed is not None and _plausible(text, trimmed):
            found.append(trimmed)
    return tuple(span for span in found if span.label is not Label.POSTAL_CODE or _placed(text, span, found))


def _foreign(text: str, words: tuple[Word, ...], run: _Run) -> bool:
    """A capitalised word with a letter that English has not, in an English line, is a name of somebody or some place: `met Dřímal`, `in Siglufjörður`.

    The encoder, which has no such pieces, is unsure of its kind and so never sure enough of one.
    """
    word = text[words[run.first].start : words[run.last - 1].end]
    if run.last != run.first + 1 or word.isascii() or not word.istitle() or len(word) < _SHORTEST_NAME:
        return False
    start = text.rfind("\n", 0, words[run.first].start) + 1
    end = text.find("\n", words[run.first].end)
    line = text[
        max(start, words[run.first].start - _LINE) : len(text)
        if end < 0
        else min(end, words[run.first].end + _LINE)
    ]
    return language(line) == "en"


_FOREIGN_SCORE: Final = 0.6
_SHORTEST_NAME: Final = 4
_LINE: Final = 400


def _marked(text: str, scan: Scan, threshold: float, keyed: tuple[tuple[int, int], ...]) -> list[bool]:
    """Which words are private: by their own score, or as a bridge between two that are."""
    private = 1.0 - scan.tags[:, 0]
    marked: list[bool] = (private >= threshold).tolist()
    for start, end in keyed:
        for index, word in enumerate(scan.words):
            if word.start >= end:
                break
            if word.start >= start:
                marked[index] = bool(private[index] >= threshold * _KEYED_SHARE)
    for index in range(1, len(marked) - 1 if any(marked) else 0):
        word = scan.words[index]
        if (
            not marked[index]
            and marked[index - 1]
            and marked[index + 1]
            and text[word.start : word.end] in _BRIDGES
            and scan.words[index - 1].end == word.start
            and scan.words[index + 1].start == word.end
        ):
            marked[index] = True
    return marked


def keyed_values(text: str) -> Iterator[tuple[int, int]]:
    """Where values of fields stand that say so: `"customer": "anna"`."""
    if ":" not in text and "=" not in text:
        return
    for key in _KEYED.finditer(text):
        value = _VALUE.match(text, key.end())
        if value is not None:
            yield value.span()


@dataclass(frozen=True, slots=True)
class _Table:
    """Scores of the words as plain lists: a run is a few words long, and arrays cost more than they save there."""

    by_kind: list[list[float]]  # of each word, of each kind
    begins: list[bool]  # whether a word rather begins something than goes on

    def sums(self, first: int, last: int) -> list[float]:
        """Of each kind, over words `first:last`."""
        return [sum(column) for column in zip(*self.by_kind[first:last], strict=True)]

    def kind(self, first: int, last: int) -> int:
        """The kind with the largest sum, the first of several."""
        sums = self.sums(first, last)
        return sums.index(max(sums))


def _runs(text: str, scan: Scan, tags: tuple[str, ...], marked: list[bool]) -> Iterator[_Run]:
    """Consecutive marked words as runs: a new one where the scores say so or a line ends."""
    begins = scan.tags[:, [at for at, tag in enumerate(tags) if tag.startswith("B-")]]
    inside = scan.tags[:, [at for at, tag in enumerate(tags) if tag.startswith("I-")]]
    kinds = tuple(tag[2:] for tag in tags if tag.startswith("B-"))
    table = _Table((begins + inside).tolist(), (begins.sum(axis=1) > inside.sum(axis=1)).tolist())
    first: int | None = None
    for index, here in enumerate([*marked, False]):
        if first is not None and (not here or _starts_anew(text, scan, table, first, index)):
            yield _run(table, kinds, first, index)
            first = None
        if here and first is None:
            first = index


def _starts_anew(text: str, scan: Scan, table: _Table, first: int, index: int) -> bool:
    before, word = scan.words[index - 1], scan.words[index]
    if "\n" in text[before.end : word.start]:
        return True
    if text[word.start : word.end] in _BRIDGES or before.end == word.start:
        return False
    if not table.begins[index]:
        return False
    # Two first names in a row are one name; a new kind, or a new thing after a comma, is a new run.
    same = table.kind(index, index + 1) == table.kind(first, index)
    return not same or not text[before.start : before.end].isalnum()


def _run(table: _Table, kinds: tuple[str, ...], first: int, last: int) -> _Run:
    sums = table.sums(first, last)
    return _Run(first, last, kinds[sums.index(max(sums))], sum(sums) / (last - first))


def _trim(text: str, words: tuple[Word, ...], run: _Run) -> Span | None:
    """Without titles before, without punctuation around; a key of JSON or of a log line is not a value."""
    first, last = run.first, run.last

    def at(index: int) -> str:
        return text[words[index].start : words[index].end]

    while first < last and not at(first)[0].isalnum():
        first += 1
    while last > first and not at(last - 1)[0].isalnum() and not _belongs(words, at, first, last):
        last -= 1
    if run.kind == "PER":
        while first < last and at(first).lower() in _TITLES:
            first += 1
            while first < last and not at(first)[0].isalnum():
                first += 1
    if first >= last or _is_key(text, words[last - 1].end):
        return None
    return Span(words[first].start, words[last - 1].end, _LABELS[run.kind], min(1.0, run.score), SOURCE)


def _belongs(words: tuple[Word, ...], at: Callable[[int], str], first: int, last: int) -> bool:
    """Whether a closing mark is part of the name: the stop of an abbreviation, the bracket that was opened inside."""
    mark = at(last - 1)
    if mark == ")":
        return any(at(index) == "(" for index in range(first, last - 1))
    if mark != "." or last - 2 < first:
        return False
    before = words[last - 2]
    return (
        before.end == words[last - 1].start
        and before.end - before.start <= _ABBREVIATED
        and at(last - 2)[0].isupper()
    )


# Years and quantities look like postal codes; a real one stands beside its place or street, or is called one.
_POSTAL_KEY: Final = re.compile(r"(?i)(?:zip|post(?:al)?[ _-]?code|plz|code[ _-]postal|postleitzahl)\W{0,8}$")
_BESIDE: Final = 4


def _placed(text: str, code: Span, found: list[Span]) -> bool:
    beside = any(
        other.label in {Label.LOCATION, Label.STREET_ADDRESS}
        and (0 <= code.start - other.end <= _BESIDE or 0 <= other.start - code.end <= _BESIDE)
        for other in found
    )
    return beside or _POSTAL_KEY.search(text[max(0, code.start - 32) : code.start]) is not None


_AFTER_KEY: Final = re.compile(r"\\?[\"']\s{0,3}:|=|\\?[\"']\s{0,3}=>")


def _is_key(text: str, end: int) -> bool:
    return _AFTER_KEY.match(text, end) is not None


def _plausible(text: str, span: Span) -> bool:
    """A last look: a postal code has a digit, everything else a letter, and one letter alone names nothing."""
    value = text[span.start : span.end]
    letters = sum(character.isalpha() for character in value)
    match span.label:
        case Label.POSTAL_CODE:
            return any(character.isdigit() for character in value)
        case Label.PERSON:
            return letters >= 2 and not any(character.isdigit() for character in value[:1])
        case _:
            return letters >= 2
