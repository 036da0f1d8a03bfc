"""A model's proposal as it is judged."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from edge.agent.prepare import ambient, approval_request, prepared, prompt
from edge.agent.run import Call, Limits, Run, Said
from edge.agent.taint import Exposure, Origin
from edge.agent.values import Effect, Tool
from edge.ports import Source
from tests.fakes.agents import CONVERSATION, LIGHT, READ, SEND, TOOLS, outside, tool
from tidegate.chat import Message, Role, ToolCall
from tidegate.ids import RequestId, TraceId

RUN = Run(
    "run_1",
    "app",
    CONVERSATION,
    TraceId("1" * 32),
    1.0,
    Limits(),
    tuple(one.name for one in TOOLS),
    (Said(Message(Role.USER, "write to Ada"), frozenset({Origin.PERSON})),),
)
BY_NAME = {one.name: one for one in TOOLS}


def one(
    call: ToolCall, run: Run = RUN, tools: dict[str, Tool] = BY_NAME, source: Source = Source.DEVICE
) -> Call:
    made, told = prepared([call], run, tools, source=source, sure=True)
    assert told[0].id == made[0].id
    return made[0]


def test_a_call_has_the_class_of_its_tool_and_one_text_per_meaning() -> None:
    first = one(ToolCall("x", "send", '{ "to" : "Ada" }'))
    assert (first.effect, first.exposure, first.repeatable) == (Effect.IRREVERSIBLE, Exposure.CLEAN, False)
    assert first.arguments == '{"to":"Ada"}'
    assert first.digest == one(ToolCall("y", "send", '{"to":"Ada"}')).digest
    assert one(ToolCall("x", "look", "{}")).repeatable


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (ToolCall("x", "delete_everything", "{}"), "no such tool"),
        (ToolCall("x", "send", "{"), "not valid JSON"),
        (ToolCall("x", "send", '{"to": 5}'), "schema"),
        (ToolCall("x", "send", '{"whom": "Ada"}'), "schema"),
    ],
)
def test_a_call_that_cannot_be_is_told_why_and_never_judged(call: ToolCall, said: str) -> None:
    assert said in one(call).fault


def test_a_tool_that_was_not_offered_is_not_there() -> None:
    run = replace(RUN, tools=("look",))
    assert one(ToolCall("x", "send", "{}"), run).fault


def test_a_word_from_a_passage_makes_the_call_derived() -> None:
    run = replace(RUN, said=(*RUN.said, outside("Mallory says hello")))
    assert one(ToolCall("x", "send", '{"to": "Mallory"}'), run).exposure is Exposure.DERIVED
    assert one(ToolCall("x", "send", '{"to": "Ada"}'), run).exposure is Exposure.EXPOSED
    assert one(ToolCall("x", "send", '{"to": "Ada"}'), run, source=Source.CLOUD).exposure is Exposure.EXPOSED


def test_descriptions_of_a_server_count_as_read_until_they_are_pinned() -> None:
    foreign = tool("srv__send", vouched=False)
    assert ambient([READ, foreign]) == {Origin.OUTSIDE}
    assert ambient(TOOLS) == frozenset()
    run = replace(RUN, ambient=ambient([foreign]))
    assert one(ToolCall("x", "light", '{"to": "Mallory"}'), run).exposure is Exposure.DERIVED


def test_the_model_is_offered_the_tools_as_they_are_declared() -> None:
    made = prompt((Message(Role.USER, "x"),), [LIGHT], 77)
    assert (made.tools[0].name, made.max_tokens) == ("light", 77)
    assert json.loads(made.tools[0].parameters)["type"] == "object"


def test_an_approval_is_asked_with_the_task_and_the_very_call() -> None:
    call = one(ToolCall("x", "send", '{"to": "Ada"}'))
    request = approval_request(RUN, call, SEND, RequestId("req_12345678"), 30.0)
    assert request.ask_review
    assert request.prompt.forced_tool == "send"
    assert request.prompt.messages[1].tool_calls[0].arguments == call.arguments
    assert "write to Ada" in request.prompt.messages[0].content
