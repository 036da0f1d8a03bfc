"""LiteLLM's client, by OpenAI's dialect and by Anthropic's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.journeys.clients.said import CALLED, CLOSED, MODEL, SAY, TOOL, why

if TYPE_CHECKING:
    from tests.journeys.clients.conftest import Door

litellm = pytest.importorskip("litellm", reason=why("litellm"))
PACKAGE = "litellm"
ASKED = [{"role": "user", "content": SAY}]


@pytest.fixture
def place(door: Door) -> dict[str, Any]:
    return {"model": f"openai/{MODEL}", "api_base": door.url, "api_key": door.key, "num_retries": 0}


def test_a_tool_is_called_and_its_result_is_told(place: dict[str, Any]) -> None:
    first = litellm.completion(messages=ASKED, tools=[TOOL], **place)
    (call,) = first.choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == CALLED
    result = {"role": "tool", "tool_call_id": call.id, "content": "done"}
    told = litellm.completion(messages=[*ASKED, first.choices[0].message, result], tools=[TOOL], **place)
    assert told.choices[0].message.content


def test_a_stream_adds_up_to_the_same_call(place: dict[str, Any]) -> None:
    parts = list(litellm.completion(messages=ASKED, tools=[TOOL], stream=True, **place))
    whole = litellm.stream_chunk_builder(parts)
    assert json.loads(whole.choices[0].message.tool_calls[0].function.arguments) == CALLED


def test_a_schema_shapes_the_answer(place: dict[str, Any]) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "light", "schema": CLOSED}}
    got = litellm.completion(messages=ASKED, response_format=wanted, **place)
    assert json.loads(got.choices[0].message.content).keys() == {"room", "on"}


def test_anthropics_dialect_is_served_as_well(door: Door) -> None:
    got = litellm.completion(
        model=f"anthropic/{MODEL}",
        api_base=door.root,
        api_key=door.key,
        messages=ASKED,
        tools=[TOOL],
        max_tokens=64,
    )
    assert json.loads(got.choices[0].message.tool_calls[0].function.arguments) == CALLED


def test_errors_arrive_as_its_own(place: dict[str, Any]) -> None:
    with pytest.raises(litellm.NotFoundError):
        litellm.completion(messages=ASKED, **{**place, "model": "openai/gpt-9"})
    with pytest.raises(litellm.AuthenticationError):
        litellm.completion(messages=ASKED, **{**place, "api_key": "tg_wrong"})
