"""A text is looked at once; what is remembered is no text."""

from dataclasses import replace

import pytest

from tidegate.errors import Broken
from tidegate.privacy.detect import Detector
from tidegate.privacy.memory import Memory
from tidegate.privacy.rules import own_rules
from tidegate.privacy.spans import Label, Span


class Counting:
    """A name finder that counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, text: str) -> tuple[Span, ...]:
        self.asked += 1
        return (Span(0, 4, Label.PERSON, 0.9, "ner"),)


def test_the_same_text_is_looked_at_once_and_answered_alike() -> None:
    ner = Counting()
    detector = Detector(ner=ner, memory=Memory())
    first = detector.find("Anna eva@example.org")
    assert (
        detector.find("Anna eva@example.org")
        == first
        == Detector(ner=Counting()).find("Anna eva@example.org")
    )
    assert ner.asked == 1
    detector.find("Anna is here")
    assert ner.asked == 2


def test_patterns_alone_are_another_question_and_other_rules_too() -> None:
    detector = Detector(ner=Counting(), memory=Memory())
    text = "Anna eva@example.org"
    assert len(detector.find(text)) == 2
    assert len(detector.structured(text)) == 1
    assert len(replace(detector, rules=own_rules(hide=["is"])).find("Anna is")) == 2
    assert len(detector.find("Anna is")) == 1


def test_only_the_latest_texts_are_remembered() -> None:
    memory = Memory(2)
    detector = Detector(memory=memory)
    for text in ("a", "b", "c"):
        detector.find(text)
    assert len(memory) == 2


def test_a_failure_is_not_remembered() -> None:
    def broken(text: str) -> tuple[Span, ...]:
        raise Broken("no model", code="x")

    memory = Memory()
    with pytest.raises(Broken):
        Detector(ner=broken, memory=memory).find("Anna")
    assert len(memory) == 0
