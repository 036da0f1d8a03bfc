"""Which sentence of the documents answers a question, and whether any does. Pure.

Four numbers per sentence are added up: the share of the question's words that stand in it, how much its section speaks in
them (BM25), and how near both are to the question in meaning (cosines, from outside). A section's heading stands before the sentence when it is compared, so that
"It lasts five years" is about something. Weights and threshold were fitted by `scripts/bench quoting --fit` on one
half of XQuAD's articles and measured on the other (docs/knowledge.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cloud.knowledge.ingest import Section
from cloud.knowledge.sentences import spans
from cloud.knowledge.words import WordIndex, stems
from cloud.ports import Passage

MOST_QUOTES = 3


@dataclass(frozen=True, slots=True)
class Weights:
    """What each number counts; the sum is the log-odds of a sentence against the others, up to a constant."""

    sentence_words: float
    section_words: float
    sentence_meaning: float
    section_meaning: float
    least: float  # the sum below which nothing is an answer
    margin: float = 2.0  # a sentence this much behind the best of its section is not quoted beside it

    def total(self, parts: tuple[float, float, float, float]) -> float:
        ours = (self.sentence_words, self.section_words, self.sentence_meaning, self.section_meaning)
        return sum(weight * part for weight, part in zip(ours, parts, strict=True))


FITTED = Weights(5.6, 5.2, 6.43, 15.82, least=12.96)


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` is a slice of its section's text; `section` is the section's number."""

    section: int
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hit:
    """A section that answers: its best sentence's score, and what to quote, in the order of the text."""

    section: int
    score: float
    quotes: tuple[str, ...] = field(repr=False)


class Corpus:
    """The documents' sections, their sentences, and the words in both."""

    def __init__(self, sections: Sequence[Section]) -> None:
        self.sections = tuple(sections)
        self.sentences = tuple(
            Sentence(number, section.text[start:end])
            for number, section in enumerate(self.sections)
            for start, end in spans(section.text)
            if not section.text[start:end].endswith(":")  # introduces a list, says nothing itself
        )
        self._in_sections = WordIndex(section.text for section in self.sections)
        self._stems = tuple(frozenset(stems(sentence.text)) for sentence in self.sentences)

    @property
    def section_texts(self) -> tuple[str, ...]:
        """What is compared in meaning, one for each section."""
        return tuple(f"{section.title}: {section.text}" for section in self.sections)

    @property
    def sentence_texts(self) -> tuple[str, ...]:
        """What is compared in meaning, one for each sentence."""
        return tuple(f"{self.sections[one.section].title}: {one.text}" for one in self.sentences)

    def parts(
        self, question: str, by_sentence: Sequence[float], by_section: Sequence[float]
    ) -> list[tuple[float, float, float, float]]:
        """The four numbers of every sentence; the cosines are those of `sentence_texts` and `section_texts`."""
        asked, in_section = frozenset(stems(question)), self._in_sections.scores(question)
        return [
            (
                len(asked & self._stems[at]) / max(1, len(asked)),
                in_section[one.section],
                by_sentence[at],
                by_section[one.section],
            )
            for at, one in enumerate(self.sentences)
        ]

    def answer(self, scores: Sequence[float], *, most: int, weights: Weights = FITTED) -> tuple[Hit, ...]:
        """The best sections, best first; none when even the best sentence is a weak match."""
        by_section: dict[int, list[int]] = {}
        for at, one in enumerate(self.sentences):
            by_section.setdefault(one.section, []).append(at)
        best = {section: max(scores[at] for at in own) for section, own in by_section.items()}
        chosen = sorted(
            (section for section in best if best[section] >= weights.least),
            key=lambda section: (-best[section], section),
        )
        return tuple(
            Hit(section, best[section], self._quotes(by_section[section], scores, weights.margin))
            for section in chosen[:most]
        )

    def passage(self, hit: Hit) -> Passage:
        section = self.sections[hit.section]
        return Passage(section.source, section.title, section.text, hit.score, hit.quotes)

    def _quotes(self, own: list[int], scores: Sequence[float], margin: float) -> tuple[str, ...]:
        ranked = sorted(own, key=lambda at: (-scores[at], at))
        near = [at for at in ranked if scores[at] >= scores[ranked[0]] - margin]
        return tuple(self.sentences[at].text for at in sorted(near[:MOST_QUOTES]))
