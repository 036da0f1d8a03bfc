"""An answer that quotes the operator's documents: chosen sentences, their source, and nothing invented. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cloud.knowledge.index import Terms, names_error, terms_of
from cloud.knowledge.quote import Block, Shape, blocks
from cloud.knowledge.sentences import sentences
from cloud.ports import Citation, Passage, Proposal
from tidegate.privacy.placeholders import Placeholder, find_placeholders

MODEL = "tidegate-quotes"
_MOST_SENTENCES = 3
_ASKS_REPLY = re.compile(
    r"\b(?:what|how)\b[^.?!]{0,40}\b(?:answer|reply|respond|tell|write)\b|\b(?:draft|write|compose)\b[^.?!]{0,30}\b(?:reply|answer|response|e-?mail|letter|message)\b",
    re.IGNORECASE,
)
_CUSTOMER = re.compile(r"\b(?:customer|client|caller|tenant|owner|guest|user|patient)\b", re.IGNORECASE)
_STEPS = re.compile(r"\b(?:do first|try first|steps|remedy|what to do)\b", re.IGNORECASE)
_SERVICE = re.compile(r"^When to call service: ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Parts:
    """The quoted blocks of the passages, by what they are good for."""

    meaning: tuple[tuple[Passage, str], ...]
    causes: tuple[tuple[Passage, Block], ...]
    steps: tuple[tuple[Passage, Block], ...]
    service: tuple[tuple[Passage, str], ...]


def compose(question: str, passages: tuple[Passage, ...], digest: str) -> Proposal | None:
    """The answer to `question` in the words of `passages`, or None when they hold nothing to quote.

    A question like "what do we answer?" gets a reply as well, addressed by the placeholder of the question.
    `digest` names the documents (hex) and stands where a model's weights digest would.
    """
    asked = terms_of(question)
    parts = _parts(asked, _used(asked, passages))
    if not parts.meaning:
        return None
    wants_reply = bool(_ASKS_REPLY.search(question))
    text = _explanation(parts, with_steps=not wants_reply)
    if wants_reply:
        text += "\n\nSuggested reply:\n\n" + _reply(parts, addressee(question))
    used = _cited(parts)
    sources = "\n".join(dict.fromkeys(f"Source: {c.source}, section {c.section}" for c in used))
    return Proposal(text=f"{text}\n\n{sources}", citations=used, model=MODEL, model_digest=digest)


def addressee(question: str) -> str:
    """The placeholder of the person a reply goes to: the first person named after "customer", else the first of all."""
    people = [p for p in find_placeholders(question) if p.intact and p.kind == "PERSON"]
    if not people:
        return ""
    role = _CUSTOMER.search(question)
    return _first_after(people, role.end() if role is not None else 0).name


def _first_after(people: list[Placeholder], at: int) -> Placeholder:
    return next((p for p in people if p.start >= at), people[0])


def _used(question: Terms, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """The sections of the asked codes and the best other one; more would be noise."""
    named = tuple(p for p in passages if names_error(p, question))
    others = tuple(p for p in passages if p not in named)
    return named + others[:1]


def _parts(question: Terms, passages: tuple[Passage, ...]) -> _Parts:
    meaning: list[tuple[Passage, str]] = []
    causes: list[tuple[Passage, Block]] = []
    steps: list[tuple[Passage, Block]] = []
    service: list[tuple[Passage, str]] = []
    for passage in passages:
        found = blocks(passage.text)
        prose = [b.text for b in found if b.shape is Shape.PROSE and not _SERVICE.match(b.text)]
        meaning += [(passage, s) for s in _best(question, passage, prose)]
        if not names_error(passage, question):
            continue
        lists = [b for b in found if b.shape is Shape.LIST]
        steps += [(passage, b) for b in lists if _STEPS.search(b.lead)]
        causes += [(passage, b) for b in lists if not _STEPS.search(b.lead)]
        service += [
            (passage, _SERVICE.sub("", b.text))
            for b in found
            if b.shape is Shape.PROSE and _SERVICE.match(b.text)
        ]
    return _Parts(tuple(meaning), tuple(causes), tuple(steps), tuple(service))


def _best(question: Terms, passage: Passage, paragraphs: list[str]) -> list[str]:
    """The sentences that answer, in the document's order; of a code's own section, all.

    Retrieval has chosen them when it knows what texts mean; else those that share most words with the question.
    """
    every = [s for paragraph in paragraphs for s in sentences(paragraph)]
    if names_error(passage, question):
        return every[:_MOST_SENTENCES]
    if passage.quotes:
        return list(passage.quotes)
    asked = question.words | question.codes
    scored = [
        (len(asked & (terms_of(s).words | terms_of(s).codes)), -number, s) for number, s in enumerate(every)
    ]
    most = max((shared for shared, _, _ in scored), default=0)
    best = sorted((row for row in scored if 0 < row[0] >= most / 2), reverse=True)[:_MOST_SENTENCES]
    return [s for _, _, s in sorted(best, key=lambda row: -row[1])] or every[:1]


def _paragraphs(quoted: tuple[tuple[Passage, str], ...]) -> list[str]:
    """One paragraph for each passage."""
    by_passage: dict[Passage, list[str]] = {}
    for passage, sentence in quoted:
        by_passage.setdefault(passage, []).append(sentence)
    return [" ".join(group) for group in by_passage.values()]


def _explanation(parts: _Parts, *, with_steps: bool) -> str:
    pieces = _paragraphs(parts.meaning)
    pieces += [f"{b.lead or 'Causes'}:\n{b.text}" for _, b in parts.causes]
    if with_steps:
        pieces += [f"{b.lead}:\n{b.text}" for _, b in parts.steps]
        pieces += [f"When to call service: {s}" for _, s in parts.service]
    return "\n\n".join(pieces)


def _reply(parts: _Parts, name: str) -> str:
    pieces = [f"Dear {name}," if name else "Dear customer,", *_paragraphs(parts.meaning)]
    pieces += [f"Please try this first:\n{b.text}" for _, b in parts.steps]
    pieces += [s for _, s in parts.service]
    return "\n\n".join((*pieces, "Kind regards"))


def _cited(parts: _Parts) -> tuple[Citation, ...]:
    quotes = [*parts.meaning, *((p, b.text) for p, b in parts.steps), *parts.service]
    return tuple(Citation(p.source, p.section, text) for p, text in quotes)
