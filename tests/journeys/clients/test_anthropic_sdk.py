"""The `anthropic` SDK: Messages, whole and streamed, and what comes before and around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journeys.clients.said import CALLED, MODEL, SAY, SCHEMA, why

if TYPE_CHECKING:
    from tests.journeys.clients.conftest import Door

anthropic = pytest.importorskip("anthropic", reason=why("anthropic"))
PACKAGE = "anthropic"
ASKED = [{"role": "user", "content": SAY}]
TOOLS = [{"name": "SwitchLight", "description": "Turns a light on or off", "input_schema": SCHEMA}]


@pytest.fixture
def client(door: Door) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=door.root, api_key=door.key, max_retries=0)


def test_a_tool_is_used_and_its_result_is_told(client: anthropic.Anthropic) -> None:
    first = client.messages.create(model=MODEL, max_tokens=64, messages=ASKED, tools=TOOLS)
    (block,) = [block for block in first.content if block.type == "tool_use"]
    assert (first.stop_reason, block.input) == ("tool_use", CALLED)
    result = {"type": "tool_result", "tool_use_id": block.id, "content": "done"}
    turns = [*ASKED, {"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
    told = client.messages.create(model=MODEL, max_tokens=64, messages=turns, tools=TOOLS)
    assert told.stop_reason == "end_turn"
    assert told.content[0].text


def test_a_stream_builds_the_same_message(client: anthropic.Anthropic) -> None:
    with client.messages.stream(model=MODEL, max_tokens=64, messages=ASKED, tools=TOOLS) as stream:
        kinds = {event.type for event in stream}
        whole = stream.get_final_message()
    assert {"message_start", "content_block_delta", "input_json", "message_stop"} <= kinds
    assert [block.input for block in whole.content if block.type == "tool_use"] == [CALLED]


def test_a_text_streams(client: anthropic.Anthropic) -> None:
    with client.messages.stream(
        model=MODEL, max_tokens=64, messages=[{"role": "user", "content": "hello"}]
    ) as stream:
        said = "".join(stream.text_stream)
    assert said


def test_tokens_are_counted_before_anything_is_asked(client: anthropic.Anthropic) -> None:
    few = client.messages.count_tokens(model=MODEL, messages=ASKED)
    more = client.messages.count_tokens(model=MODEL, messages=ASKED, tools=TOOLS, system="be brief")
    spent = client.messages.create(model=MODEL, max_tokens=64, messages=ASKED, tools=TOOLS, system="be brief")
    assert 0 < few.input_tokens < more.input_tokens == spent.usage.input_tokens


def test_errors_arrive_as_the_sdks_own(client: anthropic.Anthropic, door: Door) -> None:
    with pytest.raises(anthropic.NotFoundError):
        client.messages.create(model="claude-9", max_tokens=9, messages=ASKED)
    with pytest.raises(anthropic.BadRequestError) as wrong:
        client.messages.create(model=MODEL, max_tokens=9, messages=ASKED, tool_choice={"type": "any"})
    assert "tool_choice" in str(wrong.value)
    stranger = anthropic.Anthropic(base_url=door.root, api_key="tg_wrong", max_retries=0)
    with pytest.raises(anthropic.AuthenticationError):
        stranger.messages.create(model=MODEL, max_tokens=9, messages=ASKED)
