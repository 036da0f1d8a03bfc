"""What must hold for any text at all that goes through the privacy layer. Raises AssertionError naming the property."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

from tidegate.errors import BadRequest
from tidegate.privacy.detect import Detector, build_detector
from tidegate.privacy.placeholders import LITERAL
from tidegate.privacy.redaction import redact, redact_json_text
from tidegate.privacy.vault import Vault
from tidegate.privacy.walk import parse, restore_json_text

PLANTED = (
    "4111 1111 1111 1111",
    "eva.adams@example.org",
    "DE89 3704 0044 0532 0130 00",
    "AKIAIOSFODNN7EXAMPLE",
)
DETECTOR = Detector()
TOO_LONG, LONG = (
    "text_too_long",
    100_000,
)  # the encoder reads so many pieces of words; a text of single signs has no fewer


def vault() -> Vault:
    return Vault.open("fuzz", b"k" * 32, 1.0)


def holds(text: str, cuts: Sequence[int] = (), planted: str = "", detector: Detector = DETECTOR) -> None:
    """Everything that must hold for `text`; `planted` is a value put into it on a line of its own; `cuts` chunk the answer."""
    try:
        done = redact(text, detector, box := vault())
    except BadRequest as refused:
        too_long = refused.code == TOO_LONG and len(text) > LONG
        assert too_long or not encodes(text), (
            "only text that is no Unicode is refused, and what the encoder cannot hold"
        )
        return
    shown = done.text.text
    places = [(0, 0), *((span.start, span.end) for span in done.spans), (len(text), len(text))]
    assert all(a[1] <= b[0] for a, b in pairwise(places)), "spans are in order, disjoint and inside the text"
    assert all(start < end for start, end in places[1:-1]), "no span is empty"
    assert not planted or planted not in shown, "a planted value is never shown"
    assert not planted or _covered(text, planted, places), "its span is where it stands, in code points"
    back = box.restore(shown)
    if len({text[a:b] for a, b in places[1:-1]}) <= sum(entry.kind != LITERAL for entry in box.values()):
        assert back == text, (
            "what was hidden comes back exactly"
        )  # two spellings of one value come back as the first
    restorer = box.restorer()
    edges = sorted({0, len(shown), *(cut % (len(shown) + 1) for cut in cuts)})
    pieces = [restorer.feed(shown[a:b]) for a, b in pairwise(edges)]
    assert "".join((*pieces, restorer.close())) == back, "in every chunking"
    assert not any(span.valid for span in detector.structured(shown)), "no proved value is left"


def holds_as_json(text: str, planted: str = "", detector: Detector = DETECTOR) -> None:
    """The same for JSON text; text that is none is plain text."""
    box = vault()
    try:
        shown = redact_json_text(text, detector, box).text.text
    except BadRequest:
        return  # too deep, or a lone surrogate behind an escape
    assert not planted or planted not in shown, "a planted value is never shown"
    back = restore_json_text(shown, box)
    parsed = parse(text)
    if parsed is not None:
        assert type(json.loads(back)) is type(parsed.value), "JSON stays JSON"


def finder(encoder: str) -> Detector:
    """`patterns`, or all of redaction with the `full` or the `small` encoder. Raises Broken."""
    if encoder == "patterns":
        return DETECTOR
    from tidegate.privacy.ner import load_ner
    from tidegate.privacy.package import Size

    return build_detector(load=lambda: load_ner(Size(encoder), None))


def _covered(text: str, planted: str, places: Sequence[tuple[int, int]]) -> bool:
    start = text.index(planted)
    return any(a <= start and start + len(planted) <= b for a, b in places)


def encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
