"""What must hold for any text at all that goes through the privacy layer. Raises AssertionError naming the property."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

from tidegate.errors import BadRequest
from tidegate.privacy.detect import Detector
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


def vault() -> Vault:
    return Vault.open("fuzz", b"k" * 32, 1.0)


def holds(text: str, cuts: Sequence[int] = (), planted: str = "", detector: Detector = DETECTOR) -> None:
    """Everything that must hold for `text`; `planted` is a value put into it on a line of its own; `cuts` chunk the answer."""
    try:
        done = redact(text, detector, box := vault())
    except BadRequest:
        assert not encodes(text), "only text that is no Unicode is refused"
        return
    shown = done.text.text
    places = [(0, 0), *((span.start, span.end) for span in done.spans), (len(text), len(text))]
    assert all(a[1] <= b[0] for a, b in pairwise(places)), "spans are in order, disjoint and inside the text"
    assert all(start < end for start, end in places[1:-1]), "no span is empty"
    assert not planted or planted not in shown, "a planted value is never shown"
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


def encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
