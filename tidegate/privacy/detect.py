"""Find what is private in a text: patterns with checksums, then names by the encoder, then one merge.

`Detector` is frozen and shared; it keeps no text. A detector without its encoder says so in `degraded`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from tidegate.errors import Broken
from tidegate.privacy.document import Document
from tidegate.privacy.merge import Loss, Merged, merge
from tidegate.privacy.patterns import DETECTORS
from tidegate.privacy.patterns.base import Pattern
from tidegate.privacy.prefilter import Prefilter, prefilter
from tidegate.privacy.spans import Span

# What people write before a value. The encoder sees a capitalised word beside private text and takes it for a name.
_NAMES_OF_KINDS = frozenset(
    "iban bic swift ssn vin imei ip mac dob mrn pin cvv url email e-mail tel fax phone id api".split()
)

Ner = Callable[[str], tuple[Span, ...]]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why the result is what it is: the spans kept, and each claim that gave way with the one it gave way to."""

    spans: tuple[Span, ...]
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class Detector:
    """`degraded` is None, or the reason why names may be missed (shown by doctor and on every answer)."""

    patterns: tuple[Pattern, ...] = DETECTORS
    ner: Ner | None = None
    degraded: str | None = None

    def find(self, text: str) -> tuple[Span, ...]:
        """What is private, in order, never overlapping, in code points of `text`. Raises Broken when a finder fails."""
        return self._merged(text).spans

    def structured(self, text: str) -> tuple[Span, ...]:
        """What the patterns alone find: cheap, used to check a finished redaction."""
        return merge(self._by_patterns(text), text).spans

    def explain(self, text: str) -> Explanation:
        """`find` with the claims that lost."""
        merged = self._merged(text)
        return Explanation(merged.spans, merged.losses)

    def document(self, text: str) -> Document:
        """`text` as the patterns see it."""
        return Document(text, _prefilter_of(self.patterns))

    def _merged(self, text: str) -> Merged:
        claims = list(self._by_patterns(text))
        if self.ner is not None:
            claims.extend(
                span
                for span in self.ner(text)
                if text[span.start : span.end].casefold() not in _NAMES_OF_KINDS
            )
        return merge(claims, text)

    def _by_patterns(self, text: str) -> Iterator[Span]:
        document = self.document(text)
        for pattern in self.patterns:
            if pattern.wants(document):
                for span in pattern.find(document):
                    start, end = document.original(span.start, span.end)
                    yield Span(start, end, span.label, span.score, span.source, span.valid)


@cache
def _prefilter_of(patterns: tuple[Pattern, ...]) -> Prefilter:
    words = frozenset(word for pattern in patterns for word in (*pattern.words, *pattern.lexicon))
    shapes = frozenset(shape for pattern in patterns for shape in (pattern.shape, *pattern.shapes) if shape)
    return prefilter(words, shapes)


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
