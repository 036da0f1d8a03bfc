"""Which stretches of a text are hidden, and by what. Values and pure functions between detection and the sealed result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tidegate.errors import BadRequest
from tidegate.privacy.merge import merge
from tidegate.privacy.placeholders import LITERAL, find_placeholders
from tidegate.privacy.spans import Span
from tidegate.privacy.vault import Vault

FILLER = "\ue000"  # private use: no letter, digit, space or separator, so no pattern matches it or over it


@dataclass(frozen=True, slots=True)
class Cover:
    """`spans` is what was found; `literals` is user text that looked like a placeholder. Together in order, disjoint."""

    spans: tuple[Span, ...]
    literals: tuple[tuple[int, int], ...]

    def pieces(self) -> Iterator[tuple[int, int, str]]:
        """(start, end, kind) in order."""
        both = [(s.start, s.end, s.label.value) for s in self.spans]
        both.extend((start, end, LITERAL) for start, end in self.literals)
        return iter(sorted(both))


def require_text(text: str) -> None:
    """Raises BadRequest for text that is no Unicode (lone surrogates): it could neither be sent nor stored."""
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        raise BadRequest("the text holds a lone surrogate, which is no character", code="bad_text") from wrong


def cover(text: str, found: tuple[Span, ...], vault: Vault) -> Cover:
    """Found spans, every repetition of a value the conversation already knows, and look-alike placeholders."""
    vault.note(text)
    literals = _literals(text, vault)
    claims = [*found, *vault.repeats(text)]
    if not literals:
        return Cover(merge(claims, text).spans if len(claims) > len(found) else found, ())
    outside = [part for span in claims for part in _outside(span, literals)]
    return Cover(merge(outside, text).spans, literals)


def _literals(text: str, vault: Vault) -> tuple[tuple[int, int], ...]:
    """Where the text itself says something that would be taken for a placeholder or a pseudonym on the way back."""
    look_alikes = [(p.start, p.end) for p in find_placeholders(text)]
    shape = vault.stand_ins.shape
    if shape is not None:
        for match in shape.finditer(text):
            if not any(start < match.end() and match.start() < end for start, end in look_alikes):
                look_alikes.append(match.span())
    return tuple(sorted(look_alikes))


def wider(text: str, covered: Cover, more: tuple[Span, ...]) -> Cover:
    """The cover with further findings."""
    outside = [part for span in (*covered.spans, *more) for part in _outside(span, covered.literals)]
    return Cover(merge(outside, text).spans, covered.literals)


def masked(text: str, covered: Cover) -> str:
    """The text with every covered stretch blanked, same length: what a second detection pass should find empty."""
    parts: list[str] = []
    position = 0
    for start, end, _ in covered.pieces():
        parts.append(text[position:start])
        parts.append(FILLER * (end - start))
        position = end
    parts.append(text[position:])
    return "".join(parts)


def render(text: str, covered: Cover, vault: Vault) -> str:
    """The text with every covered stretch replaced by its placeholder."""
    return render_part(text, 0, len(text), covered.pieces(), vault)


def render_part(
    text: str, first: int, last: int, pieces: Iterable[tuple[int, int, str]], vault: Vault
) -> str:
    """The same for `text[first:last]`; a stretch that reaches over an edge is hidden up to the edge."""
    parts: list[str] = []
    position = first
    for piece_start, piece_end, kind in pieces:
        if piece_start >= last:
            break
        start, end = max(piece_start, first), min(piece_end, last)
        if start < end:
            parts.append(text[position:start])
            parts.append(vault.hide(kind, text[start:end]))
            position = end
    parts.append(text[position:last])
    return "".join(parts)


def _outside(span: Span, literals: tuple[tuple[int, int], ...]) -> Iterator[Span]:
    """The parts of a span that no literal covers."""
    position = span.start
    for start, end in literals:
        if end <= position or start >= span.end:
            continue
        if start > position:
            yield Span(position, start, span.label, span.score, span.source)
        position = max(position, end)
    if position == span.start:
        yield span
    elif position < span.end:
        yield Span(position, span.end, span.label, span.score, span.source)
