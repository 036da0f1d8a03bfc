"""cloud.ports.Knowledge: candidates from the index, then the rule of what is about the question."""

from __future__ import annotations

from typing import Protocol

from cloud.knowledge.index import Terms, names_error, relevant, terms_of
from cloud.ports import Passage

_CANDIDATES = 12


class PassageIndex(Protocol):
    """Finds passages by words and codes, best first; codes weigh most."""

    def candidates(self, terms: Terms, *, most: int) -> tuple[Passage, ...]: ...


class Library:
    """The operator's documents; the passage of the asked error code first, else the best match first.

    An empty answer means that none of them speaks about the question.
    """

    def __init__(self, index: PassageIndex) -> None:
        self._index = index

    def search(self, question: str, *, most: int) -> tuple[Passage, ...]:
        terms = terms_of(question)
        if terms.empty:
            return ()
        found = self._index.candidates(terms, most=_CANDIDATES)
        about = [passage for passage in found if relevant(passage, terms)]
        return tuple(sorted(about, key=lambda passage: not names_error(passage, terms)))[:most]
