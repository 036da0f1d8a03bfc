"""The GROUNDING check: what an answer says must stand in the passages it was drawn from. Pure, sentence by sentence.

A sentence is grounded when it is quoted verbatim; else every number and code in it must occur in the passages (or in
the question), and most of its content words too. Every citation must be verbatim text of the passage it names.
"""

from __future__ import annotations

import re

from cloud.knowledge.index import terms_of, without_placeholders
from cloud.knowledge.quote import squeezed
from cloud.knowledge.sentences import sentences
from cloud.ports import Citation, Outcome, Passage, Proposal, Submission

_NUMBER = re.compile(r"(\d+(?:[.,:]\d+)*)(?:\s?(%|°\s?[CFcf]|[A-Za-zµ]+))?")
_UNITS = frozenset(
    """
    % °c °f bar mbar pa kpa psi minute min hour h second sec s ms day week month year litre liter l ml kw w kwh v a hz
    kg g mg t m cm mm km metre meter degree time euro dollar eur usd
    """.split()
)
_SHORT = 4  # content words: below this a sentence ("Kind regards", "Suggested reply:") claims nothing
LEAST_SHARE = 0.5


def check(submission: Submission, proposal: Proposal, passages: tuple[Passage, ...]) -> Outcome:
    """NOT_APPLICABLE without passages, or when the answer is a tool call without prose."""
    if proposal.citations and not all(is_verbatim(c, passages) for c in proposal.citations):
        return Outcome.FAILED
    if not passages or not proposal.text.strip():
        return Outcome.NOT_APPLICABLE
    question = " ".join(m.content for m in submission.prompt.messages)
    evidence = " ".join(f"{p.source} {p.section} {p.text}" for p in passages)
    grounded = all(is_grounded(s, evidence, question) for s in sentences(proposal.text))
    return Outcome.PASSED if grounded else Outcome.FAILED


def is_verbatim(citation: Citation, passages: tuple[Passage, ...]) -> bool:
    """Whether the quote stands in the passage the citation names."""
    quote = squeezed(citation.quote)
    return bool(quote) and any(
        (p.source, p.section) == (citation.source, citation.section) and quote in squeezed(p.text)
        for p in passages
    )


def is_grounded(sentence: str, evidence: str, question: str) -> bool:
    bare = without_placeholders(sentence)
    if squeezed(bare) in squeezed(evidence):
        return True
    said, known, asked = terms_of(bare), terms_of(evidence), terms_of(question)
    if not said.codes <= known.codes | asked.codes:
        return False
    if not numbers(bare) <= numbers(evidence) | numbers(without_placeholders(question)):
        return False
    if len(said.words) < _SHORT:
        return True
    shared = said.words & (known.words | asked.words)
    return len(shared) >= LEAST_SHARE * len(said.words)


def numbers(text: str) -> frozenset[str]:
    """Every number, and with its unit when one follows: `12 Litres` is {"12", "12 litre"}; decimal comma as point."""
    found: set[str] = set()
    for match in _NUMBER.finditer(text):
        number = match[1].replace(",", ".")
        unit = re.sub(r"\s", "", match[2] or "").casefold()
        unit = unit if unit in _UNITS else unit.removesuffix("s")
        found.add(number)
        if unit in _UNITS:
            found.add(f"{number} {unit}")
    return frozenset(found)
