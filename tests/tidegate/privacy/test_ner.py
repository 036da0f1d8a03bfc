"""From word scores to spans: boundaries, titles, keys, and what the shipped model finds."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.assets import model_dir
from tidegate.privacy.encoder import Encoder, Scan
from tidegate.privacy.gates import Situation
from tidegate.privacy.ner import find, spans
from tidegate.privacy.spans import Label
from tidegate.privacy.wordpiece import split

TAGS = ("O", *(f"{b}-{k}" for k in ("PER", "LOC", "ORG", "STREET", "ZIP") for b in "BI"))


def scored(
    text: str, tags: dict[str, str], weight: float = 0.9, minimum: dict[str, float] | None = None
) -> list[tuple[str, str]]:
    """Spans for a text whose words carry the given tags with probability `weight`; all other words are plain."""
    words = split(text)
    rows = np.full((len(words), len(TAGS)), 0.0, dtype=np.float32)
    for row, word in zip(rows, words, strict=True):
        tag = tags.get(text[word.start : word.end], "O")
        row[0] = 1 - weight if tag != "O" else 1.0
        if tag != "O":
            row[TAGS.index(tag)] = weight
    return [
        (text[s.start : s.end], s.label.value)
        for s in spans(text, Scan(words, rows, 0.0), TAGS, threshold=0.5, minimum=minimum or {})
    ]


@pytest.mark.parametrize(
    ("text", "tags", "expected"),
    [
        ("ask Ann Smith now", {"Ann": "B-PER", "Smith": "I-PER"}, [("Ann Smith", "PERSON")]),
        ("ask Ann Smith now", {"Ann": "B-PER", "Smith": "B-PER"}, [("Ann Smith", "PERSON")]),
        ("Mr. Smith", {"Mr": "B-PER", ".": "I-PER", "Smith": "I-PER"}, [("Smith", "PERSON")]),
        (
            "by J.R. Hart,",
            {"J": "B-PER", ".": "I-PER", "R": "I-PER", "Hart": "I-PER"},
            [("J.R. Hart", "PERSON")],
        ),
        ("O'Neil came", {"O": "B-PER", "Neil": "I-PER"}, [("O'Neil", "PERSON")]),
        ("Ann\nBob", {"Ann": "B-PER", "Bob": "I-PER"}, [("Ann", "PERSON"), ("Bob", "PERSON")]),
        (
            "5 Elm St. in Leeds",
            {"5": "B-STREET", "Elm": "I-STREET", "St": "I-STREET", ".": "I-STREET", "Leeds": "B-LOC"},
            [("5 Elm St.", "STREET_ADDRESS"), ("Leeds", "LOCATION")],
        ),
        ('"Ann" said', {'"': "B-PER", "Ann": "I-PER"}, [("Ann", "PERSON")]),
        (
            "LS1 4AP Leeds",
            {"LS1": "B-ZIP", "4AP": "I-ZIP", "Leeds": "B-LOC"},
            [("LS1 4AP", "POSTAL_CODE"), ("Leeds", "LOCATION")],
        ),
        (
            "(Ann (Kim))",
            {"Ann": "B-PER", "(": "I-PER", "Kim": "I-PER", "))": "I-PER"},
            [("Ann (Kim", "PERSON")],
        ),
        (
            "Hill (Kim) ok",
            {"Hill": "B-PER", "(": "I-PER", "Kim": "I-PER", ")": "I-PER"},
            [("Hill (Kim)", "PERSON")],
        ),
        ("zip=04109", {"04109": "B-ZIP"}, [("04109", "POSTAL_CODE")]),
    ],
)
def test_scores_become_whole_names(text: str, tags: dict[str, str], expected: list[tuple[str, str]]) -> None:
    assert scored(text, tags) == expected


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ('{"name": 5}', {"name": "B-PER"}),
        ("user=5", {"user": "B-PER"}),
        ("Mrs. went", {"Mrs": "B-PER", ".": "I-PER"}),
        ("(x)", {"(": "B-PER", ")": "I-PER"}),
        ("plan B", {"B": "B-PER"}),
        ("12 12", {"12": "B-STREET"}),
        ("postcode", {"postcode": "B-ZIP"}),
        ("made in 2024", {"2024": "B-ZIP"}),
    ],
)
def test_keys_titles_and_stray_marks_are_not_names(text: str, tags: dict[str, str]) -> None:
    assert scored(text, tags) == []


def test_a_doubtful_word_counts_only_as_the_value_of_a_telling_key() -> None:
    assert scored("name=rowan ok", {"rowan": "B-PER"}, weight=0.3) == [("rowan", "PERSON")]
    assert scored("tree=rowan ok", {"rowan": "B-PER"}, weight=0.3) == []


@pytest.mark.parametrize(
    ("text", "value", "kept"),
    [
        ("I met Dřímal at the station", "Dřímal", True),
        ("we drove to Siglufjörður and back", "Siglufjörður", True),
        ("I met Dremal at the station", "Dremal", False),
        ("wir haben die Prüfung nicht und das ist gut", "Prüfung", False),
        ("a naïve idea of the day", "naïve", False),
        ("PRÜFUNG of the day is on", "PRÜFUNG", False),
    ],
)
def test_a_capitalised_word_that_is_not_english_needs_no_certain_kind(
    text: str, value: str, kept: bool
) -> None:
    assert bool(scored(text, {value: "B-LOC"}, weight=0.55, minimum={"LOC": 0.7})) == kept


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder.load(model_dir("sentry"))


@pytest.mark.parametrize(
    ("text", "value", "label"),
    [
        ("Hello, my name is Martha Kowalczyk.", "Martha Kowalczyk", Label.PERSON),
        ("my name is martha kowalczyk", "martha kowalczyk", Label.PERSON),
        ('{"customer":"Jörg Sandmann","status":"open"}', "Jörg Sandmann", Label.PERSON),
        ("2031-04-05T10:00:00Z INFO user='Peter Lindqvist' action=login", "Peter Lindqvist", Label.PERSON),
        ("Please ship it to 14 Harbour Lane, Leeds.", "14 Harbour Lane", Label.STREET_ADDRESS),
        ("Ich wohne in der Lindenstraße 5 in Kassel.", "Lindenstraße 5", Label.STREET_ADDRESS),
        ('{"address": "221 Baker Street"}', "221 Baker Street", Label.STREET_ADDRESS),
        ("We moved from Paris to Berlin.", "Berlin", Label.LOCATION),
    ],
)
def test_the_shipped_model_finds_names_and_addresses(
    encoder: Encoder, text: str, value: str, label: Label
) -> None:
    assert (value, label) in [(text[s.start : s.end], s.label) for s in find(text, encoder)]


@pytest.mark.parametrize(
    "text",
    [
        "turn on the kitchen light",
        "Error E42: the pump pressure is too low, check valve 7.",
        '{"name": null, "street": ""}',
        "def add(a: int, b: int) -> int:\n    return a + b",
        "Part number 555-123-4567-A costs 12.50.",
    ],
)
def test_the_shipped_model_leaves_plain_text_alone(encoder: Encoder, text: str) -> None:
    assert find(text, encoder) == ()


@given(st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_spans_are_in_order_inside_the_text_and_end_on_words(text: str) -> None:
    edges = {edge for word in split(text) for edge in (word.start, word.end)}
    at = 0
    for span in find(text, _SHARED):
        assert at <= span.start < span.end <= len(text)
        assert {span.start, span.end} <= edges
        at = span.end


_SHARED = Encoder.load(model_dir("sentry"))


def test_find_asks_the_gates_with_the_table_of_the_weights() -> None:
    encoder = copy(Encoder.load(model_dir("sentry")))
    text = "Please call Anna Berg about it."
    assert [text[s.start : s.end] for s in find(text, encoder)] == ["Anna Berg"]
    encoder.settings = replace(encoder.settings, least={"PERSON": dict.fromkeys(Situation, 1.01)})
    assert find(text, encoder) == ()
    encoder.settings = replace(encoder.settings, least={"LOCATION": dict.fromkeys(Situation, 1.01)})
    assert [text[s.start : s.end] for s in find(text, encoder)] == ["Anna Berg"]
