"""The choice of detectors and everything they ask the prefilter change nothing: each finds what it finds without them."""

from __future__ import annotations

import ast
import random
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.privacy.document import Document
from tidegate.privacy.patterns import DETECTORS
from tidegate.privacy.patterns.base import Pattern
from tidegate.privacy.spans import Label, Span
from tidegate.privacy.wanted import Wanted, wanted

TABLES = Path(__file__).parent / "patterns"
# What replaces a character: look-alikes, digits of other scripts, letters whose lower case is longer or of ASCII, hidden ones, marks.
STRANGE = "аеос１٠–\u00a0\u0130ſ\u212a’𝐁²Ⅷ①\u200b\u0301éß_-./\n 0189"


@cache
def examples() -> tuple[str, ...]:
    """Every text of every detector's table."""
    found: dict[str, None] = {}
    for path in sorted(TABLES.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found[node.value] = None
    return tuple(found)


def bent(rng: random.Random) -> str:
    """Pieces of two or three examples put together, with a few characters changed."""
    parts = [rng.choice(examples()) for _ in range(rng.randint(1, 3))]
    text = list(
        rng.choice(("", " ", ", ", "\n", ": ", "-", "_")).join(part[-rng.randint(5, 120) :] for part in parts)
    )
    for _ in range(rng.randint(0, 5)):
        at = rng.randrange(len(text) or 1)
        match rng.randrange(4):
            case 0:
                text[at : at + 1] = [rng.choice(STRANGE)]
            case 1:
                text.insert(at, rng.choice(STRANGE))
            case 2:
                del text[at : at + 1]
            case _:
                text[at : at + 1] = [character.swapcase() for character in text[at : at + 1]]
    return "".join(text)


def differences(
    text: str, patterns: tuple[Pattern, ...] = DETECTORS
) -> list[tuple[str, list[Span], list[Span]]]:
    choice = wanted(patterns)
    document, plain = Document(text, choice.prefilter), Document(text)
    asked = set(choice.among(document))
    found = []
    for pattern in patterns:
        filtered = list(pattern.find(document)) if pattern in asked else []
        unfiltered = list(pattern.find(plain))
        if filtered != unfiltered:
            found.append((pattern.name, filtered, unfiltered))
    return found


@pytest.mark.parametrize("part", range(8))
def test_every_example_is_found_the_same_without_the_prefilter(part: int) -> None:
    for text in examples()[part::8]:
        assert differences(text) == [], text


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False))
def test_bent_and_joined_examples_are_found_the_same_without_the_prefilter(rng: random.Random) -> None:
    text = bent(rng)
    assert differences(text) == [], text


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from("aZ9 .-/@(:+'" + STRANGE), max_size=60))
def test_so_is_text_of_nobody(text: str) -> None:
    assert differences(text) == [], text


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_choice_is_that_of_each_pattern_asked_by_itself(rng: random.Random) -> None:
    document = Document(bent(rng), wanted(DETECTORS).prefilter)
    assert wanted(DETECTORS).among(document) == tuple(p for p in DETECTORS if p.wants(document))


def _pattern(name: str, **needs: object) -> Pattern:
    return Pattern(name, (Label.CUSTOM,), lambda _: iter(()), **needs)  # type: ignore[arg-type]


def test_words_shapes_and_digits_are_all_needed_and_any_word_does() -> None:
    patterns = (
        _pattern("always"),
        _pattern("digits", digits=True),
        _pattern("words", words=("foo", "bar")),
        _pattern("shape", shape=r"x\d"),
        _pattern("both", words=("foo",), shape=r"x\d"),
    )
    choice = Wanted(patterns)

    def names(text: str) -> list[str]:
        return [pattern.name for pattern in choice.among(Document(text, choice.prefilter))]

    assert names("nothing") == ["always"]
    assert names("4") == ["always", "digits"]
    assert names("a Bar") == ["always", "words"]
    assert names("x4") == ["always", "digits", "shape"]
    assert names("foo x4") == ["always", "digits", "words", "shape", "both"]
    assert names("bar x4") == ["always", "digits", "words", "shape"]


def test_a_detector_that_is_not_wanted_is_not_asked() -> None:
    asked: list[str] = []

    def find(document: Document) -> list[Span]:
        asked.append(document.text)
        return []

    choice = Wanted((Pattern("one", (Label.CUSTOM,), find, words=("foo",)),))
    for text in ("bar", "foo"):
        for pattern in choice.among(Document(text, choice.prefilter)):
            list(pattern.find(Document(text)))
    assert asked == ["foo"]
