"""Find what is private in a text: patterns with checksums, then names by the encoder, then one merge.

`Detector` is frozen and shared; it keeps no text. A detector without its encoder says so in `degraded`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

from tidegate.errors import Broken
from tidegate.privacy import identifiers, views
from tidegate.privacy.compose import composed
from tidegate.privacy.document import Document
from tidegate.privacy.memory import Memory
from tidegate.privacy.merge import Loss, Merged, merge, strongest
from tidegate.privacy.patterns import DETECTORS
from tidegate.privacy.patterns.base import Pattern
from tidegate.privacy.rules import NO_RULES, OwnRules
from tidegate.privacy.spans import Label, Span
from tidegate.privacy.wanted import wanted

# What people write before a value. The encoder sees a capitalised word beside private text and takes it for a name.
_NAMES_OF_KINDS = frozenset(
    "iban bic swift ssn vin imei ip mac dob mrn pin cvv url email e-mail tel fax phone id api".split()
)
_ENDING = re.compile(r"(?:(?<=\w)['’]s|(?<=s)['’]|(?<=\w{3})['’][a-zçğıöşü]{1,5})$")
_AFTER_ESCAPE = re.compile(r"\\[nrt][A-ZÀ-Þ]")  # in `\\nAnna` the n is no part of the name
_DEEPEST = 2

Ner = Callable[[str], tuple[Span, ...]]


@runtime_checkable
class Sparing(Protocol):
    """A finder that leaves some words of a text alone."""

    def free(self, text: str) -> Sequence[tuple[int, int]]:
        """Where they stand."""
        ...


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the result is what it is: the spans kept, and each claim that gave way with the one it gave way to."""

    spans: tuple[Span, ...]
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class Detector:
    """`degraded` is None, or the reason why names may be missed (shown by doctor and on every answer).

    With a `memory`, a text that was looked at before is not looked at again.
    """

    patterns: tuple[Pattern, ...] = DETECTORS
    ner: Ner | None = None
    degraded: str | None = None
    rules: OwnRules = NO_RULES
    memory: Memory | None = None

    def find(self, text: str) -> tuple[Span, ...]:
        """What is private, in order, never overlapping, in code points of `text`. Raises Broken when a finder fails."""
        return self._recalled(text, ("find", self.ner, self.rules), lambda: self._merged(text).spans)

    def structured(self, text: str) -> tuple[Span, ...]:
        """What the patterns alone find: cheap, used to check a finished redaction."""
        return self._recalled(
            text,
            ("structured", self.rules),
            lambda: merge(self.rules.spared(self._claims(text, None), text), text).spans,
        )

    def explain(self, text: str) -> Explanation:
        """`find` with the claims that lost."""
        merged = self._merged(text)
        return Explanation(merged.spans, merged.losses)

    def document(self, text: str) -> Document:
        """`text` as the patterns see it."""
        return Document(text, wanted(self.patterns).prefilter)

    def _recalled(self, text: str, who: Hashable, look: Callable[[], tuple[Span, ...]]) -> tuple[Span, ...]:
        return look() if self.memory is None else self.memory.recall(text, who, look)

    def _merged(self, text: str) -> Merged:
        merged = merge(self.rules.spared(self._claims(text, self.ner), text), text)
        return composed(merged, text, rules=self.rules)

    def _claims(self, text: str, ner: Ner | None, depth: int = 0) -> Iterator[Span]:
        """What every finder says about `text` and its other readings; `depth` counts packings inside packings."""
        document = self.document(text)
        for span in (*self._found(document), *_named(document.text, ner)):
            start = span.start + _behind_escape(document.text, span)
            yield _moved(span, document.original(start, span.end))
        for span in _identified(document.text, ner):
            yield _moved(span, document.original(span.start, span.end))
        for reading in _readings(document):
            below = self.document(reading.text)
            for span in (*self._found(below), *_named(below.text, ner)):
                start, end = below.original(span.start, span.end)
                # One beside it counts too: behind `\\n` no number begins in the text as it is written.
                if reading.offsets.changed(max(0, start - 1), end + 1):
                    yield _moved(span, document.original(*reading.offsets.back(start, end)))
        if depth < _DEEPEST and document.has_shape(views.PACKED):
            for parcel in views.parcels(document.text):
                inside = merge(self._claims(parcel.text, ner, depth + 1), parcel.text).spans
                if inside:
                    yield _moved(strongest(inside), document.original(parcel.start, parcel.end))

    def _found(self, document: Document) -> Iterator[Span]:
        for pattern in wanted(self.patterns).among(document):
            yield from pattern.find(document)
        yield from self.rules.claims(document.text)


def _named(text: str, ner: Ner | None) -> Iterator[Span]:
    """Names by the encoder, without what only ends them: `Anna's` is `Anna`, `Ankara'da` is `Ankara`."""
    for span in ner(text) if ner is not None else ():
        if text[span.start : span.end].casefold() not in _NAMES_OF_KINDS:
            ending = _ENDING.search(text, span.start, span.end)
            start = span.start + (_AFTER_ESCAPE.match(text, max(0, span.start - 1)) is not None)
            yield replace(span, start=start, end=span.end if ending is None else ending.start())


def _behind_escape(text: str, span: Span) -> int:
    """1 where the first letter of an address belongs to the escape before it: in `\\nana@example.org` the n is a line break."""
    return int(span.label in _ADDRESSES and span.end - span.start > 1 and views.is_escape(text, span.start))


_ADDRESSES = frozenset({Label.EMAIL_ADDRESS, Label.URL, Label.DOMAIN_NAME})


def _identified(text: str, ner: Ner | None) -> Iterator[Span]:
    """Names inside identifiers, but not those that the finder was told to leave: a tool is called what it is called."""
    if ner is None:
        return
    finder: object = ner
    free = finder.free(text) if isinstance(finder, Sparing) else ()
    for span in identifiers.people(text, ner):
        if not any(start <= span.start and span.end <= end for start, end in free):
            yield span


def _readings(document: Document) -> Iterator[views.Reading]:
    for shape, read in ((views.ESCAPED, views.unescaped), (views.SPREAD, views.gathered)):
        reading = read(document.text) if document.has_shape(shape) else None
        if reading is not None:
            yield reading


def _moved(span: Span, place: tuple[int, int]) -> Span:
    start, end = place
    if start == span.start and end == span.end:
        return span
    return Span(start, end, span.label, span.score, span.source, span.valid)


def _load_ner() -> Ner:
    """Lazy: onnxruntime and numpy cost 40 MB that an idle daemon does not need."""
    try:
        from tidegate.privacy.encoder import shipped
        from tidegate.privacy.ner import find
    except ImportError as missing:
        raise Broken(
            "the name model's runtime is not installed", code="ner_missing", hint="run scripts/setup"
        ) from missing
    encoder = shipped()
    return lambda text: find(text, encoder)


def build_detector(
    *, ner: bool = True, allow_degraded: bool = False, load: Callable[[], Ner] = _load_ner
) -> Detector:
    """The detector of this installation: all patterns, and names by the shipped encoder.

    Raises Broken when the encoder is missing or fails its self-test, unless `allow_degraded`: then `degraded` tells why.
    """
    if not ner:
        return Detector(degraded="names are not looked for: patterns only, by choice")
    try:
        return Detector(ner=load())
    except Broken as broken:
        if not allow_degraded:
            raise
        return Detector(degraded=f"names are not looked for: {broken.message}")
