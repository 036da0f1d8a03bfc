"""Anthropic's Messages over HTTP, against shapes written down by hand; behind it is the turn that chat takes."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from edge.ports import Held, HoldReason, Queued, Rejected, RejectReason
from tests.fakes.edge_clients import http
from tests.fakes.edge_parts import FakeDispatch, FakeModel, OpenDoor, house, open_door
from tidegate.chat import JSON, Message, Role, ToolCall, ToolChoice
from tidegate.engines.port import Draft, Finish
from tidegate.ids import Ticket

TICKET = Ticket("tkt_" + "a" * 32)
SCHEMA = '{"type":"object","properties":{"city":{"type":"string"}}}'
TOOL: dict[str, JSON] = {"name": "get_weather", "description": "now", "input_schema": json.loads(SCHEMA)}
CALL = ToolCall("call_0", "get_weather", json.dumps({"city": "Lisbon" * 20}))


async def ask(door: OpenDoor, **more: JSON) -> httpx.Response:
    body: dict[str, JSON] = {
        "model": "tidegate",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "what time is it"}],
    }
    async with http(door) as client:
        return await client.post("/messages", json={**body, **more})


async def test_a_message_comes_back_in_blocks(tmp_path: Path) -> None:
    model = FakeModel()
    got = await ask(open_door(tmp_path, house(model)), system="be brief", stop_sequences=["x"])
    found = got.json()
    assert found.pop("id").startswith("msg_")
    assert found.pop("tidegate")["source"] == "device"
    assert found == {
        "type": "message",
        "role": "assistant",
        "model": "fake-1",
        "content": [{"type": "text", "text": "it is noon"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 7,
            "output_tokens": 3,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
        },
    }
    assert model.asked[0].messages == (
        Message(Role.SYSTEM, "be brief"),
        Message(Role.USER, "what time is it"),
    )
    assert (model.asked[0].max_tokens, model.asked[0].stop) == (50, ("x",))


async def test_anthropics_own_header_carries_the_key_and_a_stranger_is_told_in_its_shape(
    tmp_path: Path,
) -> None:
    door = open_door(tmp_path)
    body = {"model": "tidegate", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
    transport = httpx.ASGITransport(app=door.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost/v1") as client:
        got = await client.post(
            "/messages", json=body, headers={"x-api-key": door.api_key, "anthropic-version": "2023-06-01"}
        )
        wrong = await client.post("/messages", json=body, headers={"x-api-key": "tg_wrong"})
        nothing = await client.post("/messages", json=body)
    assert got.status_code == 200
    assert (wrong.status_code, nothing.status_code) == (401, 401)
    assert wrong.json()["type"] == "error"
    assert (wrong.json()["error"]["type"], wrong.json()["error"]["code"]) == (
        "authentication_error",
        "invalid_api_key",
    )


async def test_blocks_are_the_turns_that_chat_would_have(tmp_path: Path) -> None:
    model = FakeModel()
    messages: list[JSON] = [
        {"role": "user", "content": [{"type": "text", "text": "weather"}, {"type": "text", "text": "now", "cache_control": {"type": "ephemeral"}}]},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "looking"},
            {"type": "tool_use", "id": "a", "name": "get_weather", "input": {"city": "Lisbon"}},
            {"type": "tool_use", "id": "b", "name": "get_weather", "input": {}},
        ]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "text", "text": "sun"}]},
            {"type": "tool_result", "tool_use_id": "b", "content": "no such city", "is_error": True},
            {"type": "text", "text": "and?"},
        ]},
    ]  # fmt: skip
    got = await ask(
        open_door(tmp_path, house(model)),
        system=[{"type": "text", "text": "use tools"}],
        messages=messages,
        tools=[TOOL],
        tool_choice={"type": "tool", "name": "get_weather"},
    )
    assert got.status_code == 200
    calls = (ToolCall("a", "get_weather", '{"city": "Lisbon"}'), ToolCall("b", "get_weather", "{}"))
    asked = model.asked[0].messages
    assert [json.loads(call.arguments) for call in asked[2].tool_calls] == [{"city": "Lisbon"}, {}]
    assert [(call.id, call.name) for call in asked[2].tool_calls] == [(call.id, call.name) for call in calls]
    assert (asked[0], asked[1], asked[2].content) == (
        Message(Role.SYSTEM, "use tools"),
        Message(Role.USER, "weather\nnow"),
        "looking",
    )
    assert asked[3:] == (
        Message(Role.TOOL, "sun", tool_call_id="a"),
        Message(Role.TOOL, "error: no such city", tool_call_id="b"),
        Message(Role.USER, "and?"),
    )
    assert (model.asked[0].tool_choice, model.asked[0].forced_tool) == (ToolChoice.REQUIRED, "get_weather")
    (tool,) = model.asked[0].tools
    assert (tool.name, tool.description, json.loads(tool.parameters)) == (
        "get_weather",
        "now",
        json.loads(SCHEMA),
    )


async def test_calls_are_tool_use_blocks(tmp_path: Path) -> None:
    model = FakeModel(Draft("", (CALL, ToolCall("call_1", "get_weather", "{}")), Finish.TOOL_CALLS))
    door = open_door(tmp_path, house(model))
    both = (await ask(door, tools=[TOOL])).json()
    one = (
        await ask(door, tools=[TOOL], tool_choice={"type": "auto", "disable_parallel_tool_use": True})
    ).json()
    assert both["stop_reason"] == "tool_use"
    assert both["content"][0] == {
        "type": "tool_use",
        "id": "call_0",
        "name": "get_weather",
        "input": json.loads(CALL.arguments),
    }
    assert [len(found["content"]) for found in (both, one)] == [2, 1]


async def test_a_stream_has_its_events_in_their_order(tmp_path: Path) -> None:
    model = FakeModel(Draft("so: ", (CALL,), Finish.TOOL_CALLS))
    got = await ask(open_door(tmp_path, house(model)), tools=[TOOL], stream=True)
    assert got.headers["content-type"].startswith("text/event-stream")
    events = [_event(block) for block in got.text.split("\n\n") if block]
    assert all(name == body["type"] for name, body in events)
    order = [name for name, _ in events]
    assert order[:4] == ["message_start", "content_block_start", "content_block_delta", "content_block_stop"]
    assert order[4] == "content_block_start"
    assert order[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    bodies = [body for _, body in events]
    assert bodies[0]["message"]["content"] == []
    assert bodies[0]["message"]["stop_reason"] is None
    assert bodies[2]["delta"] == {"type": "text_delta", "text": "so: "}
    assert bodies[4]["content_block"] == {
        "type": "tool_use",
        "id": "call_0",
        "name": "get_weather",
        "input": {},
    }
    pieces = [
        b["delta"]["partial_json"] for b in bodies if b.get("delta", {}).get("type") == "input_json_delta"
    ]
    assert "".join(pieces) == CALL.arguments
    assert {body["index"] for body in bodies[1:-2]} == {0, 1}
    assert bodies[-2]["delta"] == {"stop_reason": "tool_use", "stop_sequence": None}


def _event(block: str) -> tuple[str, dict[str, JSON]]:
    name, _, data = block.partition("\n")
    return name.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def test_an_answer_that_was_cut_says_max_tokens(tmp_path: Path) -> None:
    draft = Draft("it is", finish=Finish.LENGTH)
    got = await ask(open_door(tmp_path, house(FakeModel(draft))), model="tidegate-local")
    assert got.json()["stop_reason"] == "max_tokens"


async def test_it_is_the_same_turn_with_its_headers_journal_and_redaction(tmp_path: Path) -> None:
    dispatch = FakeDispatch(Queued(TICKET))
    door = open_door(tmp_path, house(FakeModel(sure=0.1), dispatch))
    got = await ask(door, messages=[{"role": "user", "content": "mail eve@example.org"}])
    assert got.headers["x-tidegate-state"] == got.json()["tidegate"]["state"] == "degraded"
    assert got.headers["x-tidegate-ticket"] == TICKET
    assert "eve@example.org" not in str(dispatch.sent[0].prompt.messages[0].content)
    assert [line.why for line in door.stores.journal.latest(5)] == ["unsure"]


async def test_what_waits_for_a_person_is_a_message_that_says_so(tmp_path: Path) -> None:
    made = house(FakeModel(sure=0.1), FakeDispatch(Held(TICKET, HoldReason.POLICY)))
    got = await ask(open_door(tmp_path, made))
    assert "waiting for a person" in got.json()["content"][0]["text"]


@pytest.mark.parametrize(
    ("made", "status", "kind"),
    [
        (house(FakeModel(sure=0.1), FakeDispatch(Rejected(RejectReason.POLICY))), 403, "permission_error"),
        (house(FakeModel(sure=0.1), FakeDispatch(ZeroDivisionError("x"))), 500, "api_error"),
        (house(FakeModel(sure=0.1), FakeDispatch()), 503, "overloaded_error"),
    ],
)
async def test_what_fails_is_told_in_anthropics_shape(
    tmp_path: Path, made: object, status: int, kind: str
) -> None:
    got = await ask(open_door(tmp_path, made))  # type: ignore[arg-type]
    assert (got.status_code, got.json()["type"], got.json()["error"]["type"]) == (status, "error", kind)


@pytest.mark.parametrize(
    ("more", "status", "param", "code"),
    [
        ({"model": "claude-9"}, 404, "model", "model_not_found"),
        ({"messages": []}, 400, "messages", "invalid_parameter"),
        ({"max_tokens": 0}, 400, "max_tokens", "invalid_parameter"),
        ({"frob": 1}, 400, "frob", "unknown_parameter"),
        ({"container": "c"}, 400, "container", "unsupported_parameter"),
        ({"mcp_servers": []}, 400, "mcp_servers", "unsupported_parameter"),
        ({"temperature": 1.5}, 400, "temperature", "invalid_parameter"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, 400, "tools[0].type", "unsupported_content"),
        ({"tools": [TOOL, TOOL]}, 400, "tools[1].name", "invalid_request"),
        ({"tools": [{**TOOL, "input_schema": []}]}, 400, "tools[0].input_schema", "invalid_parameter"),
        ({"tool_choice": {"type": "any"}}, 400, "tool_choice", "invalid_request"),
        ({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "x"}}, 400, "tool_choice.name", "invalid_request"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, 400, "messages[0].content[0].type", "unsupported_content"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_use", "id": "a", "name": "b", "input": {}}]}]}, 400, "messages[0].content[0].type", "invalid_request"),
        ({"messages": [{"role": "assistant", "content": [{"type": "tool_use", "name": "b", "input": {}}]}]}, 400, "messages[0].content[0].id", "missing_parameter"),
        ({"messages": [{"role": "user", "content": [{"type": "tool_result"}]}]}, 400, "messages[0].content[0].tool_use_id", "missing_parameter"),
        ({"system": [{"type": "tool_use"}]}, 400, "system[0].type", "unsupported_content"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(
    tmp_path: Path, more: dict[str, JSON], status: int, param: str, code: str
) -> None:
    got = await ask(open_door(tmp_path), **more)
    error = got.json()["error"]
    assert (got.status_code, error["param"], error["code"]) == (status, param, code)
    assert error["type"] == ("not_found_error" if status == 404 else "invalid_request_error")


@pytest.mark.parametrize(
    ("path", "method", "status"), [("/messages", "GET", 405), ("/messages/batches", "POST", 404)]
)
async def test_what_is_not_here_is_told_in_the_same_shape(
    tmp_path: Path, path: str, method: str, status: int
) -> None:
    async with http(open_door(tmp_path)) as client:
        got = await client.request(method, path)
        other = await client.request("POST", "/nowhere")
    assert (got.status_code, got.json()["type"]) == (status, "error")
    assert other.json()["error"]["code"] == "not_found"
