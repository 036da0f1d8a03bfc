"""A call that is cut off, by a limit or a stop text, is nobody's answer: its marks never reach an application."""

from __future__ import annotations

import pytest

from tidegate.engines.families import Family, unspoken


@pytest.mark.parametrize(
    ("raw", "family", "left"),
    [
        ('<tool_call>{"name": "HassTurn', Family.TAGGED, ""),
        ("<tool_call>", Family.HERMES, ""),
        ('I will do that.\n<tool_call>{"name": "a', Family.HERMES, "I will do that."),
        ("<tool_call><function=a><parameter=b>x", Family.CODER, ""),
        ('[TOOL_CALLS][{"name": "a"', Family.MISTRAL, ""),
        ("[TOOL_CALLS]a[ARGS]{", Family.MINISTRAL, ""),
        ("Well. <|tool_call>call:a{x:", Family.GEMMA, "Well."),
        ('{"name": "a", "parameters": {"b', Family.LLAMA, ""),
        ('<|python_tag|>{"name": "a"', Family.LLAMA, ""),
        ('{"answer": 4', Family.LLAMA, '{"answer": 4'),
        ("it is noon ", Family.HERMES, "it is noon "),
        ('{"name": "Ada", "age": 3', Family.HERMES, '{"name": "Ada", "age": 3'),
    ],
)
def test_only_what_was_said_before_the_call_is_left(raw: str, family: Family, left: str) -> None:
    assert unspoken(raw, family) == left
