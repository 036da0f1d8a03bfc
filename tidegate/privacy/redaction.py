"""Plain text in, `Redacted` out: the only way to make the only type that may leave the device.

Locks 1 to 3 of the architecture live here: `Redacted` is final, needs this module's private seal, and holds its text in a
registry that only this module fills; this module admits no `Any` and no cast (mypy `disallow_any_expr`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NoReturn, SupportsIndex, final
from weakref import WeakKeyDictionary

from tidegate.chat import JSON
from tidegate.errors import Broken
from tidegate.privacy.cover import Cover, cover, masked, render, render_part, require_text, wider
from tidegate.privacy.detect import Detector
from tidegate.privacy.spans import Label, Span
from tidegate.privacy.vault import Vault
from tidegate.privacy.walk import flatten, parse, rebuild, to_text

_ROUNDS = 4  # a finding may uncover a neighbour; more than this many layers is a fault


@final
class _Seal:
    """Held by this module alone."""

    __slots__ = ()


_SEAL: Final = _Seal()


@final
class Redacted:
    """Text that went through `redact`. Not a str: it cannot be joined, formatted, copied into another or made by hand.

    `.text` is for the wire codec and for showing a person what would leave.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, text: str, seal: _Seal) -> None:
        if seal is not _SEAL:
            raise TypeError("only redact() makes Redacted")
        if self in _TEXTS:
            raise TypeError("Redacted does not change")
        _TEXTS[self] = text

    def __init_subclass__(cls) -> None:
        raise TypeError("Redacted has no subclasses")

    @property
    def text(self) -> str:
        """The redacted text. Raises TypeError on an object that did not come from redact()."""
        try:
            return _TEXTS[self]
        except KeyError:
            raise TypeError("this Redacted was not made by redact()") from None

    def __repr__(self) -> str:
        return f"<Redacted {len(self.text)} chars>"

    def __str__(self) -> str:
        return repr(self)

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __copy__(self) -> Redacted:
        return self

    def __deepcopy__(self, memo: object) -> Redacted:
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("Redacted is not pickled: send it, or keep the plain text in the journal")


_TEXTS: Final[WeakKeyDictionary[Redacted, str]] = WeakKeyDictionary()
EMPTY: Final = Redacted("", _SEAL)


@dataclass(frozen=True, slots=True)
class Redaction:
    """What `redact` made: the text that may leave, how many stretches of each kind were hidden, and where they stood."""

    text: Redacted
    labels: Mapping[Label, int]
    spans: tuple[Span, ...] = field(repr=False)


def redact(text: str, detector: Detector, vault: Vault) -> Redaction:
    """Hide everything private in `text` behind placeholders of `vault`.

    Fails closed: raises Broken when detection fails, or when a pass over the result still finds a checksummed value;
    BadRequest for text that is no Unicode.
    """
    covered = _settled(text, detector, vault)
    return Redaction(Redacted(render(text, covered, vault), _SEAL), _counts(covered), covered.spans)


def redact_stretch(
    text: str, first: int, last: int, detector: Detector, vault: Vault
) -> tuple[Redaction, int]:
    """The same for `text[first:last]`, seen with what stands around it, and where it was ended.

    It ends before a value that reaches over `last`, so that a value is hidden whole with the stretch that follows; one that fills
    the stretch is hidden up to `last`. Spans are in offsets of `text`.
    """
    covered = _settled(text, detector, vault)
    ended = next((start for start, end, _ in covered.pieces() if first < start < last < end), last)
    inside = Cover(
        tuple(span for span in covered.spans if span.end > first and span.start < ended), covered.literals
    )
    hidden = render_part(text, first, ended, covered.pieces(), vault)
    return Redaction(Redacted(hidden, _SEAL), _counts(inside), inside.spans), ended


def redact_json(value: JSON, detector: Detector, vault: Vault) -> Redaction:
    """The same for a JSON value; `text` is JSON. Keys stay unless they are private themselves; a private number becomes a
    placeholder string and comes back as a number. Spans are in offsets of the flattened text. Raises BadRequest when nested too deep.
    """
    flat = flatten(value)
    covered = _settled(flat.text, detector, vault)
    done = to_text(rebuild(value, flat, covered, vault))
    return Redaction(Redacted(done, _SEAL), _counts(covered), covered.spans)


def redact_json_text(text: str, detector: Detector, vault: Vault) -> Redaction:
    """`redact_json` for JSON as text (tool arguments, schemas, results); text that is not JSON is redacted as text."""
    value = parse(text)
    if value is None:
        return redact(text, detector, vault)
    return redact_json(value.value, detector, vault)


def _settled(text: str, detector: Detector, vault: Vault) -> Cover:
    """A cover after which the patterns find no checksummed value any more."""
    require_text(text)
    covered = cover(text, detector.find(text), vault)
    for _ in range(_ROUNDS):
        left = tuple(span for span in detector.structured(masked(text, covered)) if span.valid)
        if not left:
            return covered
        covered = wider(text, covered, left)
    raise Broken(
        "redaction incomplete: a checked value was still found afterwards, so nothing leaves",
        code="redaction_incomplete",
    )


def _counts(covered: Cover) -> Mapping[Label, int]:
    counts: dict[Label, int] = {}
    for span in covered.spans:
        counts[span.label] = counts.get(span.label, 0) + 1
    return MappingProxyType(counts)
