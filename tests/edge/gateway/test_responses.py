"""The Responses endpoint, as the `openai` SDK sees it; behind it is the turn that chat takes."""

from __future__ import annotations

import json
from pathlib import Path

import openai
import pytest

from edge.ports import Held, HoldReason, Queued
from tests.fakes.edge_clients import http, sdk
from tests.fakes.edge_parts import FakeDispatch, FakeModel, house, open_door, say
from tidegate.chat import JSON, Message, Role, Tool, ToolCall, ToolChoice
from tidegate.engines.port import Draft, Finish, TokenScore
from tidegate.ids import Ticket

TICKET = Ticket("tkt_" + "a" * 32)
SCHEMA = '{"type":"object","properties":{"city":{"type":"string"}}}'
TOOL: dict[str, JSON] = {
    "type": "function",
    "name": "GetWeather",
    "parameters": json.loads(SCHEMA),
    "strict": True,
}
CALLS = (ToolCall("call_0", "GetWeather", json.dumps({"city": "Lisbon" * 20})),)


async def test_a_question_in_words_is_answered_in_words(tmp_path: Path) -> None:
    model = FakeModel()
    async with sdk(open_door(tmp_path, house(model))) as client:
        found = await client.responses.create(
            model="tidegate", input="what time is it", instructions="be brief", max_output_tokens=20
        )
    assert (found.output_text, found.status, found.object) == ("it is noon", "completed", "response")
    assert found.instructions == "be brief"
    assert found.usage is not None
    assert (found.usage.input_tokens, found.usage.output_tokens, found.usage.total_tokens) == (7, 3, 10)
    assert model.asked[0].messages == (
        Message(Role.SYSTEM, "be brief"),
        Message(Role.USER, "what time is it"),
    )
    assert model.asked[0].max_tokens == 20


async def test_items_are_the_turns_that_chat_would_have(tmp_path: Path) -> None:
    model = FakeModel()
    items: list[JSON] = [
        {"role": "developer", "content": "use tools"},
        {"role": "user", "content": [{"type": "input_text", "text": "weather"}, {"type": "input_text", "text": "now"}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "message", "id": "m", "status": "completed", "role": "assistant", "content": [{"type": "output_text", "text": "looking", "annotations": []}]},
        {"type": "function_call", "call_id": "a", "name": "GetWeather", "arguments": "{}", "id": "fc_1", "status": "completed"},
        {"type": "function_call", "call_id": "b", "name": "GetWeather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "sun"},
        {"type": "function_call_output", "call_id": "b", "output": [{"type": "input_text", "text": "rain"}]},
    ]  # fmt: skip
    async with http(open_door(tmp_path, house(model))) as client:
        got = await client.post(
            "/responses",
            json={"model": "tidegate", "input": items, "tools": [TOOL], "tool_choice": "required"},
        )
    assert got.status_code == 200
    calls = (ToolCall("a", "GetWeather", "{}"), ToolCall("b", "GetWeather", "{}"))
    assert model.asked[0].messages == (
        Message(Role.SYSTEM, "use tools"),
        Message(Role.USER, "weather\nnow"),
        Message(Role.ASSISTANT, "looking", tool_calls=calls),
        Message(Role.TOOL, "sun", tool_call_id="a"),
        Message(Role.TOOL, "rain", tool_call_id="b"),
    )
    assert model.asked[0].tools == (Tool("GetWeather", "", SCHEMA),)
    assert model.asked[0].tool_choice is ToolChoice.REQUIRED


async def test_a_call_is_an_item_whose_output_can_be_sent_back(tmp_path: Path) -> None:
    model = FakeModel(Draft("", CALLS, Finish.TOOL_CALLS))
    async with sdk(open_door(tmp_path, house(model))) as client:
        first = await client.responses.create(model="tidegate", input="weather", tools=[TOOL])  # type: ignore[list-item]
        (call,) = first.output
        assert call.type == "function_call"
        assert (call.call_id, call.name, call.arguments) == ("call_0", "GetWeather", CALLS[0].arguments)
        model.draft = say("sunny")
        again = await client.responses.create(
            model="tidegate",
            input=[  # type: ignore[arg-type]
                {"role": "user", "content": "weather"},
                call.to_dict(),
                {"type": "function_call_output", "call_id": call.call_id, "output": "sun"},
            ],
        )
    assert again.output_text == "sunny"
    assert model.asked[1].messages[1].tool_calls == CALLS


async def test_a_stream_is_numbered_and_builds_the_same_response(tmp_path: Path) -> None:
    model = FakeModel(Draft("so: ", CALLS, Finish.TOOL_CALLS))
    async with sdk(open_door(tmp_path, house(model))) as client:
        stream = await client.responses.create(model="tidegate", input="weather", tools=[TOOL], stream=True)  # type: ignore[list-item]
        events = [event async for event in stream]
        async with client.responses.stream(model="tidegate", input="weather", tools=[TOOL]) as helped:  # type: ignore[list-item]
            async for _ in helped:
                pass
            final = await helped.get_final_response()
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-1] == "response.completed"
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == "so: "
    pieces = [e.delta for e in events if e.type == "response.function_call_arguments.delta"]
    assert len(pieces) > 1
    assert "".join(pieces) == CALLS[0].arguments
    assert [item.type for item in final.output] == ["message", "function_call"]
    assert final.output_text == "so: "


async def test_an_answer_that_was_cut_is_incomplete(tmp_path: Path) -> None:
    draft = Draft("it is", finish=Finish.LENGTH)
    async with http(open_door(tmp_path, house(FakeModel(draft)))) as client:
        body: dict[str, JSON] = {
            "model": "tidegate-local",
            "input": "a",
            "text": {"format": {"type": "json_schema", "name": "when", "schema": {"type": "object"}}},
        }
        found = (await client.post("/responses", json=body)).json()
        events = (await client.post("/responses", json={**body, "stream": True})).text
    assert (found["status"], found["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert found["text"]["format"] == {"type": "json_schema", "name": "when", "schema": {"type": "object"}}
    assert "event: response.incomplete\n" in events


async def test_logprobs_are_included_when_asked(tmp_path: Path) -> None:
    tokens = (TokenScore("it ", -0.1, top=(("it ", -0.1),)), TokenScore("is", -0.2))
    async with http(open_door(tmp_path, house(FakeModel(Draft("it is", tokens=tokens))))) as client:
        asked: dict[str, JSON] = {"model": "tidegate", "input": "a"}
        more: dict[str, JSON] = {"include": ["message.output_text.logprobs"], "top_logprobs": 1}
        found = (await client.post("/responses", json={**asked, **more})).json()
        without = (await client.post("/responses", json=asked)).json()
    assert [one["token"] for one in found["output"][0]["content"][0]["logprobs"]] == ["it ", "is"]
    assert without["output"][0]["content"][0]["logprobs"] == []


async def test_it_is_the_same_turn_with_its_headers_journal_and_redaction(tmp_path: Path) -> None:
    dispatch = FakeDispatch(Queued(TICKET))
    door = open_door(tmp_path, house(FakeModel(sure=0.1), dispatch))
    async with http(door) as client:
        got = await client.post("/responses", json={"model": "tidegate", "input": "mail eve@example.org"})
    assert got.headers["x-tidegate-state"] == got.json()["tidegate"]["state"] == "degraded"
    assert got.headers["x-tidegate-ticket"] == TICKET
    assert "eve@example.org" not in str(dispatch.sent[0].prompt.messages[0].content)
    assert [line.why for line in door.stores.journal.latest(5)] == ["unsure"]


async def test_what_waits_for_a_person_is_said_without_calls(tmp_path: Path) -> None:
    made = house(FakeModel(sure=0.1), FakeDispatch(Held(TICKET, HoldReason.POLICY)))
    async with sdk(open_door(tmp_path, made)) as client:
        found = await client.responses.create(model="tidegate", input="a")
    assert "waiting for a person" in found.output_text


@pytest.mark.parametrize(
    ("more", "param", "code"),
    [
        ({"input": []}, "input", "invalid_parameter"),
        ({"input": [{"type": "reasoning", "summary": []}]}, "input", "invalid_parameter"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0].type", "unsupported_content"),
        ({"input": [{"role": "user"}]}, "input[0].content", "missing_parameter"),
        ({"input": [{"content": "a"}]}, "input[0].role", "missing_parameter"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, "input[0].content[0].type", "unsupported_content"),
        ({"input": [{"type": "function_call", "name": "x"}]}, "input[0].call_id", "missing_parameter"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id", "missing_parameter"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type", "unsupported_content"),
        ({"tools": [TOOL, TOOL]}, "tools[1].name", "invalid_request"),
        ({"tools": [{"name": "x"}]}, "tools[0].type", "missing_parameter"),
        ({"tool_choice": "required"}, "tool_choice", "invalid_request"),
        ({"tool_choice": {"type": "function", "name": "x"}}, "tool_choice.name", "invalid_request"),
        ({"background": True}, "background", "unsupported_parameter"),
        ({"previous_response_id": "resp_1"}, "previous_response_id", "memory_off"),
        ({"top_logprobs": 2}, "top_logprobs", "invalid_request"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema", "missing_parameter"),
        ({"messages": []}, "messages", "unknown_parameter"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(tmp_path: Path, more: dict[str, JSON], param: str, code: str) -> None:
    async with http(open_door(tmp_path)) as client:
        got = await client.post("/responses", json={"model": "tidegate", "input": "a", **more})
    error = got.json()["error"]
    assert (got.status_code, error["param"], error["code"]) == (400, param, code)


async def test_errors_are_those_the_sdk_knows(tmp_path: Path) -> None:
    async with sdk(open_door(tmp_path)) as client:
        with pytest.raises(openai.NotFoundError):
            await client.responses.create(model="gpt-9", input="a")
