"""What is told early is what the whole draft begins with, whatever the pieces are."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.chat import Tool
from tidegate.engines.decode import before_stop
from tidegate.engines.families import OPEN
from tidegate.engines.telling import Telling
from tidegate.engines.toolcalls import parse

RING = Tool("Ring", "", '{"type":"object","properties":{}}')
WORDS = st.sampled_from(
    [
        "Hello ",
        " it is ",
        "é",
        "日",
        "<",
        "<tool",
        OPEN,
        "</tool_call>",
        json.dumps({"name": "Ring", "arguments": {}}),
        "\n",
        "STOP",
        "ST",
        "x",
    ]
)


def told(raw: bytes, cuts: list[int], **settings: object) -> list[str]:
    found: list[str] = []
    telling = Telling(found.append, **settings)  # type: ignore[arg-type]
    edges = sorted({min(cut, len(raw)) for cut in cuts} | {0, len(raw)})
    for start, end in itertools.pairwise(edges):
        telling.hear(raw[start:end])
    return found


@given(st.lists(WORDS, max_size=12), st.lists(st.integers(0, 120), max_size=12), st.booleans())
def test_every_piece_is_the_beginning_of_the_draft(words: list[str], cuts: list[int], tools: bool) -> None:
    """As the engine does it: pieces up to one that completes a stop string, which is not shown."""
    raw = "".join(words).encode()
    at = raw.find(b"STOP")
    shown = raw if at < 0 else raw[:at]
    marks = (OPEN,) if tools else ()
    pieces = told(shown, cuts, stop=("STOP",), marks=marks)
    text = before_stop(raw.decode(), ("STOP",))
    draft = parse(text, (RING,), lambda: "id").text if tools else text
    assert draft.startswith("".join(pieces))
    assert all(pieces)


def test_prose_is_told_at_once_and_a_character_when_it_is_whole() -> None:
    assert told("on é".encode(), [1, 2, 3, 4]) == ["o", "n", " ", "é"]


def test_the_beginning_of_a_stop_string_waits_until_it_is_none() -> None:
    assert told(b"a STeak", [2, 3, 4, 5], stop=("STOP",)) == ["a ", "STe", "ak"]
    assert told(b"a ST", [2, 3, 4], stop=("STOP",)) == ["a "]


def test_nothing_of_a_call_is_told_nor_what_follows_it() -> None:
    raw = b"I will ring. <tool_call>{}</tool_call> done"
    assert "".join(told(raw, list(range(50)), marks=(OPEN,))) == "I will ring."


@pytest.mark.parametrize("raw", [b'{"name": "Ring"}', b'  {"name', b"[1]"])
def test_a_draft_that_may_be_nothing_but_a_call_is_not_told(raw: bytes) -> None:
    assert told(raw, list(range(20)), whole="{[") == []


def test_a_bracket_later_on_is_only_text() -> None:
    assert "".join(told(b"see {a}", list(range(8)), whole="{[")) == "see {a}"
