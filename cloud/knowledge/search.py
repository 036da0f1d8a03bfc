"""cloud.ports.Knowledge: which passages answer a question, and with what sentences.

By meaning and words together when the documents' vectors are there (`rank`); else by words alone. A question that names an
error code always goes by its code: a neighbouring code's remedy is near in meaning and wrong.
"""

from __future__ import annotations

from typing import Protocol

from cloud.knowledge.index import Terms, names_error, relevant, terms_of, without_placeholders
from cloud.knowledge.meaning import Meaning
from cloud.knowledge.rank import FITTED, Corpus, Weights
from cloud.ports import Passage
from tidegate.errors import Broken
from tidegate.logs import Log

_CANDIDATES = 12
_LOG = Log("cloud.knowledge")


class PassageIndex(Protocol):
    """Finds passages by words and codes, best first; codes weigh most."""

    def candidates(self, terms: Terms, *, most: int) -> tuple[Passage, ...]: ...


class Library:
    """The operator's documents. An empty answer means that none of them speaks about the question."""

    def __init__(
        self,
        index: PassageIndex,
        corpus: Corpus | None = None,
        meaning: Meaning | None = None,
        weights: Weights = FITTED,
    ) -> None:
        self._index = index
        self._corpus = corpus
        self._meaning = meaning
        self._weights = weights

    def search(self, question: str, *, most: int) -> tuple[Passage, ...]:
        terms = terms_of(question)
        if terms.empty:
            return ()
        if not terms.errors:
            answers = self._by_meaning(without_placeholders(question), most)
            if answers is not None:
                return answers
        found = self._index.candidates(terms, most=_CANDIDATES)
        about = [passage for passage in found if relevant(passage, terms)]
        return tuple(sorted(about, key=lambda passage: not names_error(passage, terms)))[:most]

    def _by_meaning(self, question: str, most: int) -> tuple[Passage, ...] | None:
        """None when nobody can tell what a text means now."""
        if self._corpus is None or self._meaning is None:
            return None
        try:
            near = self._meaning.cosines(question)
        except Broken as error:
            _LOG.error("searched_by_words_alone", error)
            return None
        if near is None:
            return None
        scores = [self._weights.total(parts) for parts in self._corpus.parts(question, *near)]
        hits = self._corpus.answer(scores, most=most, weights=self._weights)
        return tuple(self._corpus.passage(hit) for hit in hits)
