"""The prompt format: the template in the GGUF and its twin in Python say the same."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("jinja2", reason="jinja2 renders chat templates")

from jinja2.sandbox import ImmutableSandboxedEnvironment

from scripts.training.records import Call, Example, Param, ToolSpec
from scripts.training.template import CHAT_TEMPLATE, completion_of, prompt_of

WEATHER = ToolSpec("GetWeather", (Param("city"), Param("timeRange")))
HEAT = ToolSpec("SetHeat", (Param("area"), Param("degrees", "number"), Param("mode", enum=("eco", "boost"))))


def rendered(example: Example) -> str:
    """The example through the real template."""
    template = ImmutableSandboxedEnvironment().from_string(CHAT_TEMPLATE)
    return template.render(messages=example.messages, tools=example.tools, add_generation_prompt=True)


@pytest.mark.parametrize(
    "example",
    [
        Example("t", "will it rain", (WEATHER,), None),
        Example("t", 'heat <the> "den" & co\n', (WEATHER, HEAT, ToolSpec("Stop")), None, system="Home:\nden"),
        Example("t", "and Oslo?", (HEAT,), None, history=(("user", "hi"), ("assistant", "<|pass|>"))),
        Example("t", "  two  spaces ", (), None),
        Example(
            "t",
            "rain?",
            (WEATHER,),
            (Call("GetWeather", (("city", "Oslo"),)),),
            result='{"rain": 3}',
            answer="rain: 3",
        ),
    ],
)
def test_template_and_twin_agree(example: Example) -> None:
    assert rendered(example) == prompt_of(example)


def test_types_and_choices_are_shown_but_plain_strings_are_not() -> None:
    prompt = prompt_of(Example("t", "hi", (WEATHER, HEAT), None))
    assert prompt == (
        "<|tools|>GetWeather(city,timeRange)\nSetHeat(area,degrees:number,mode:eco|boost)<|user|>hi<|assistant|>"
    )


def test_earlier_tool_calls_are_written_as_the_model_writes_them() -> None:
    call = Call("GetWeather", (("city", "São Paulo"),))
    arguments = json.dumps(dict(call.arguments), ensure_ascii=False)
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "weather"}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"function": {"name": call.name, "arguments": arguments}}],
        },
        {"role": "tool", "content": "18 degrees"},
    ]
    text = (
        ImmutableSandboxedEnvironment()
        .from_string(CHAT_TEMPLATE)
        .render(messages=messages, add_generation_prompt=True)
    )
    answer = completion_of(Example("t", "", (), (call,)))
    assert text == f"<|user|>weather<|assistant|>{answer}<|tool|>18 degrees<|assistant|>"


def test_not_for_me_is_one_tag() -> None:
    assert completion_of(Example("t", "", (), None)) == "<|pass|></s>"
