"""A refusal says what to mend: why a body is no JSON, and which words a field takes."""

from __future__ import annotations

import gzip

import pytest

from edge.gateway.schema import parse_chat
from tidegate.errors import BadRequest

GOOD = b'{"model":"m","messages":[{"role":"user","content":"the secret word is xyzzy"}]'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "it is empty"),
        (b"  \n", "it is empty"),
        (gzip.compress(GOOD + b"}"), "it is compressed"),
        (b"\xef\xbb\xbf" + GOOD + b"}", "byte order mark"),
        ((GOOD + b"}").decode().encode("utf-16"), "not UTF-8"),
        ((GOOD + b"}").decode().encode("utf-16-le"), "not UTF-8"),
        (GOOD, "ends too early"),
        (GOOD + b',"temperature":NaN}', "NaN is no number of JSON"),
        (GOOD + b',"temperature":-Infinity}', "-Infinity is no number of JSON"),
        (b'{"model":"\\ud800"}', "half of a surrogate pair"),
        (GOOD + b"}{}", "trailing characters (byte 80)"),
        (b"{'model':1}", "object keys must be strings (byte 1)"),
        (b"<html>", "invalid character (byte 0)"),
    ],
)
def test_why_a_body_is_no_json_is_said_in_words(body: bytes, words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_chat(body)
    assert caught.value.code == "bad_json"
    assert words in str(caught.value)
    assert "xyzzy" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "param", "words"),
    [
        (b',"tool_choice":"maybe"}', "tool_choice", "auto, none, required"),
        (b',"response_format":{"type":"xml"}}', "response_format.type", "json_object, json_schema, text"),
        (b',"tools":[{"type":"web_search"}]}', "tools[0].type", "function"),
    ],
)
def test_a_field_of_words_says_which_it_takes(more: bytes, param: str, words: str) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_chat(GOOD + more)
    assert caught.value.param == param
    assert str(caught.value).startswith(f"{param}: it is one of: {words}")


def test_a_role_that_is_not_known_gets_the_known_ones() -> None:
    with pytest.raises(BadRequest) as caught:
        parse_chat(b'{"model":"m","messages":[{"role":"wizard","content":"hi"}]}')
    assert "it is one of: assistant, developer, system, tool, user" in str(caught.value)
    assert "wizard" not in str(caught.value)


def test_a_field_that_is_no_word_is_told_as_before() -> None:
    with pytest.raises(BadRequest) as caught:
        parse_chat(GOOD + b',"stream":"yes"}')
    assert str(caught.value).startswith("stream: Expected `bool | null`")
