"""Sentences are slices of their text, and end where a reader would end them."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud.knowledge.sentences import sentences, spans

WORDS = st.sampled_from(
    [
        "Dr.",
        "No.",
        "4",
        "U.S.",
        "J.",
        "The",
        "the",
        "pump",
        "ends",
        "(see",
        "p.",
        "7)",
        "...",
        "“Why?”",
        "e.g.",
        "1.",
        "-",
    ]
)
PROSE = st.lists(WORDS, max_size=30).map(" ".join)
TEXTS = st.one_of(
    st.text(max_size=200),
    PROSE,
    st.text(alphabet=string.ascii_letters + " .!?\n-*1)(\"'\u00a0\u2028\r\t", max_size=200),
)


@given(TEXTS)
def test_every_sentence_is_a_slice_and_together_they_are_the_text(text: str) -> None:
    end = 0
    for start, stop in spans(text):
        assert end <= start < stop <= len(text)
        assert text[start:stop].strip() == text[start:stop] != ""
        assert not any(character.isalpha() for character in text[end:start]), "only markers and space between"
        end = stop
    assert not any(character.isalpha() for character in text[end:])
    assert sentences(text) == tuple(text[start:stop] for start, stop in spans(text))


@given(PROSE)
def test_a_sentence_is_not_cut_again(text: str) -> None:
    for one in sentences(text):
        if not one.startswith(("-", "*", "1", "4", "7")):
            assert sentences(one) == (one,)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. Ames called. She waits.", ["Dr. Ames called.", "She waits."]),
        ("See no. 4 on p. 7. Then stop.", ["See no. 4 on p. 7.", "Then stop."]),
        ("J. R. Smith made it.", ["J. R. Smith made it."]),
        ("It came from the U.S. Army in May.", ["It came from the U.S. Army in May."]),
        ("They left the U.S. The rest stayed.", ["They left the U.S.", "The rest stayed."]),
        ("It holds 1.1 kg. It is sealed.", ["It holds 1.1 kg.", "It is sealed."]),
        ('He said "Stop." Then it stopped.', ['He said "Stop."', "Then it stopped."]),
        ("Wait 5 minutes. 2 hours are better.", ["Wait 5 minutes.", "2 hours are better."]),
        ("It rose to 5 bar. [NAME] opened the valve.", ["It rose to 5 bar.", "[NAME] opened the valve."]),
        ("The shop (ca. 1900) e.g. sold tea.", ["The shop (ca. 1900) e.g. sold tea."]),
        ("Really?! Yes... No", ["Really?!", "Yes...", "No"]),
        ("1. Switch it off.\n2. Wait.\n", ["Switch it off.", "Wait."]),
        ("- one\n* two. Three.", ["one", "two.", "Three."]),
        ("a line\nanother line", ["a line", "another line"]),
        ("", []),
        (" \n\t\n", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, found: list[str]) -> None:
    assert list(sentences(text)) == found


@pytest.mark.parametrize(
    "text", ["J. " * 30_000, "a" * 100_000 + ". " * 20_000, "(" * 100_000, ". \n" * 50_000]
)
def test_a_hostile_text_is_cut_in_linear_time(text: str) -> None:
    assert all(start < end for start, end in spans(text))
