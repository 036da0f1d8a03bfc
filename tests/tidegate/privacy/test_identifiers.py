"""Names that a program joins with its words."""

from __future__ import annotations

import pytest

from tidegate.privacy.detect import Detector
from tidegate.privacy.identifiers import people
from tidegate.privacy.spans import Label, Span

NAMES = ("Anna Berg", "Roger Hernandez")


def finder(score: float = 0.99) -> object:
    def find(text: str) -> tuple[Span, ...]:
        """Knows two names, and one first name, as they stand in ordinary text only."""
        return tuple(
            Span(at, at + len(name), Label.PERSON, score, "ner")
            for name in (*NAMES, "Grace")
            if (at := text.find(name)) >= 0
        )

    return find


def found(text: str, score: float = 0.99) -> list[str]:
    find = finder(score)
    assert callable(find)
    return [text[span.start : span.end] for span in people(text, find)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("def notify_rogerHernandez(event): return event", "rogerHernandez"),
        ("folder reports/anna_berg/march", "anna_berg"),
        ("great talk by #AnnaBerg today", "AnnaBerg"),
        ("sendTo_ANNA_BERG()", "ANNA_BERG"),
        ("annaBergReport = 3", "annaBerg"),
    ],
)
def test_a_name_in_an_identifier_is_found_without_the_programs_words(text: str, value: str) -> None:
    assert found(text) == [value]


@pytest.mark.parametrize(
    "text",
    ["row_count = maxRetries", "grace_period", "graceful_shutdown", "anna berg", "a_b", "x1_y2", "__init__"],
)
def test_other_identifiers_are_left(text: str) -> None:
    assert found(text) == []


def test_an_unsure_find_does_not_count() -> None:
    assert found("notify_annaBerg()", 0.89) == []


def test_a_detector_asks_for_them() -> None:
    find = finder()
    assert callable(find)
    text = "def notify_rogerHernandez(event)"
    assert [text[s.start : s.end] for s in Detector(ner=find).find(text)] == ["rogerHernandez"]


def test_offsets_are_those_of_the_text_where_capitals_are_longer() -> None:
    text = "straßeŉ_x and ﬁne_ﬁne and anna_berg"
    assert found(text) == ["anna_berg"]


def test_a_text_of_nothing_but_identifiers_costs_a_bounded_pass() -> None:
    lines: list[str] = []

    def find(text: str) -> tuple[Span, ...]:
        lines.append(text)
        return ()

    list(people("row_count " * 100_000, find))
    assert len(lines[0].splitlines()) == 64
