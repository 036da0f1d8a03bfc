"""The door, over its real routes: what OpenAI clients send and get."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from edge.config import Door as Settings
from edge.ports import Held, HoldReason, Queued, Rejected, RejectReason
from tests.fakes.edge_parts import FakeDispatch, FakeModel, OpenDoor, PatternScreen, house, open_door, say
from tidegate.chat import JSON, ToolCall
from tidegate.engines.port import Draft, Finish, TokenScore
from tidegate.errors import Broken, Exhausted, Untrusted
from tidegate.ids import Ticket

TICKET = Ticket("tkt_" + "a" * 32)
TOOL: dict[str, JSON] = {
    "type": "function",
    "function": {
        "name": "GetWeather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def client(door: OpenDoor, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=door.app),
        base_url="http://localhost",
        headers={"authorization": f"Bearer {door.api_key}", **headers},
    )


def body(text: str = "what time is it", **more: JSON) -> dict[str, JSON]:
    return {"model": "tidegate", "messages": [{"role": "user", "content": text}], **more}


@pytest.fixture
async def knock(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client(open_door(tmp_path)) as opened:
        yield opened


async def post(door: OpenDoor, **more: JSON) -> httpx.Response:
    async with client(door) as opened:
        return await opened.post("/v1/chat/completions", json=body(**more))


@pytest.mark.parametrize("stream", [False, True])
async def test_every_answer_says_when_redaction_does_without_something(tmp_path: Path, stream: bool) -> None:
    got = await post(open_door(tmp_path, lessened="patterns-only"), stream=stream)
    assert got.headers["x-tidegate-redaction"] == "patterns-only"
    whole = await post(open_door(tmp_path), stream=stream)
    assert "x-tidegate-redaction" not in whole.headers


async def test_a_local_answer_is_a_completion_with_headers_and_extension(knock: httpx.AsyncClient) -> None:
    got = await knock.post("/v1/chat/completions", json=body())
    found = got.json()
    assert got.status_code == 200
    assert found["object"] == "chat.completion"
    assert found["choices"][0]["message"]["content"] == "it is noon"
    assert found["choices"][0]["finish_reason"] == "stop"
    assert found["usage"] == {
        "prompt_tokens": 7,
        "completion_tokens": 3,
        "total_tokens": 10,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    assert got.headers["x-tidegate-source"] == "device"
    assert got.headers["x-tidegate-decision"] == "local_only"
    assert got.headers["x-tidegate-state"] == "answered"
    assert float(got.headers["x-tidegate-confidence"]) == 0.9
    assert len(got.headers["x-tidegate-trace"]) == 32
    assert found["tidegate"]["source"] == "device"


async def test_a_caller_in_a_trace_stays_in_it(knock: httpx.AsyncClient) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    got = await knock.post(
        "/v1/chat/completions", json=body(), headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    )
    assert got.headers["x-tidegate-trace"] == trace


async def test_tool_calls_come_in_openais_shape(tmp_path: Path) -> None:
    draft = Draft("", (ToolCall("call_0", "GetWeather", '{"city":"Lisbon"}'),), Finish.TOOL_CALLS)
    got = await post(open_door(tmp_path, house(FakeModel(draft))), tools=[TOOL], tool_choice="auto")
    choice = got.json()["choices"][0]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    assert choice["message"]["tool_calls"] == [
        {
            "id": "call_0",
            "type": "function",
            "function": {"name": "GetWeather", "arguments": '{"city":"Lisbon"}'},
        }
    ]


async def test_without_parallel_calls_only_the_first_comes(tmp_path: Path) -> None:
    draft = Draft(
        "", (ToolCall("a", "GetWeather", "{}"), ToolCall("b", "GetWeather", "{}")), Finish.TOOL_CALLS
    )
    door = open_door(tmp_path, house(FakeModel(draft)))
    both = (await post(door, tools=[TOOL])).json()["choices"][0]["message"]["tool_calls"]
    one = (await post(door, tools=[TOOL], parallel_tool_calls=False)).json()["choices"][0]["message"][
        "tool_calls"
    ]
    assert [call["id"] for call in both] == ["a", "b"]
    assert [call["id"] for call in one] == ["a"]


async def test_what_waits_for_a_person_is_a_normal_completion_that_says_so(tmp_path: Path) -> None:
    dispatch = FakeDispatch(Held(TICKET, HoldReason.POLICY))
    got = await post(open_door(tmp_path, house(FakeModel(sure=0.1), dispatch)))
    message = got.json()["choices"][0]["message"]
    assert got.status_code == 200
    assert "waiting for a person" in message["content"]
    assert "tool_calls" not in message
    assert got.headers["x-tidegate-ticket"] == TICKET
    assert (got.headers["x-tidegate-state"], got.headers["x-tidegate-source"]) == ("held", "nobody")


async def test_a_degraded_answer_carries_the_draft_and_says_what_it_is(tmp_path: Path) -> None:
    got = await post(
        open_door(tmp_path, house(FakeModel(say("perhaps noon"), sure=0.1), FakeDispatch(Queued(TICKET))))
    )
    assert got.json()["choices"][0]["message"]["content"] == "perhaps noon"
    assert got.headers["x-tidegate-state"] == "degraded"
    assert got.json()["tidegate"]["ticket"] == TICKET


@pytest.mark.parametrize("reason", list(RejectReason))
async def test_a_rejection_is_an_error_that_clients_do_not_repeat(
    tmp_path: Path, reason: RejectReason
) -> None:
    got = await post(open_door(tmp_path, house(FakeModel(sure=0.1), FakeDispatch(Rejected(reason)))))
    assert got.status_code == 403
    assert got.json()["error"]["code"] == "content_policy"
    assert got.headers["x-should-retry"] == "false"
    assert got.headers["x-tidegate-rejected"] == str(reason)


async def test_when_nothing_can_answer_it_is_a_503_that_says_why(tmp_path: Path) -> None:
    got = await post(open_door(tmp_path, house(FakeModel(ready=False), screen=PatternScreen(detector=None))))
    assert (got.status_code, got.json()["error"]["code"]) == (503, "nothing_can_answer")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Exhausted("disk", code="disk_full"), 503, "disk_full"),
        (Untrusted("proof", code="reply_untrusted"), 502, "reply_untrusted"),
        (Broken("part", code="part_broken"), 503, "part_broken"),
        (ZeroDivisionError("user text"), 500, "defect"),
    ],
)
async def test_errors_have_openais_shape_and_tell_no_secrets(
    tmp_path: Path, error: Exception, status: int, code: str
) -> None:
    got = await post(open_door(tmp_path, house(FakeModel(sure=0.1), FakeDispatch(error))))
    assert got.status_code == status
    found = got.json()["error"]
    assert (found["code"], found["param"]) == (code, None)
    assert "user text" not in got.text


async def test_what_did_not_have_to_be_read_is_told_as_cached(tmp_path: Path) -> None:
    model = FakeModel(replace(say("it is noon"), features={"reused_tokens": 5.0}))
    door = open_door(tmp_path, house(model))
    got = (await post(door)).json()["usage"]
    assert got["prompt_tokens_details"] == {"cached_tokens": 5}
    streamed = await post(door, stream=True, stream_options={"include_usage": True})
    assert '"cached_tokens":5' in streamed.text
    async with client(door) as opened:
        response = (await opened.post("/v1/responses", json={"model": "tidegate", "input": "hi"})).json()
    assert response["usage"]["input_tokens_details"] == {"cached_tokens": 5}


async def test_n_choices_have_their_own_seeds_and_one_usage(tmp_path: Path) -> None:
    model = FakeModel()
    found = (await post(open_door(tmp_path, house(model)), n=3, seed=5)).json()
    assert [choice["index"] for choice in found["choices"]] == [0, 1, 2]
    assert sorted(prompt.seed for prompt in model.asked) == [5, 6, 7]
    assert found["usage"]["total_tokens"] == 30


async def test_logprobs_come_token_by_token(tmp_path: Path) -> None:
    tokens = (TokenScore("it ", -0.1, top=(("it ", -0.1), ("so ", -2.5))), TokenScore("is", -0.2))
    door = open_door(tmp_path, house(FakeModel(Draft("it is", tokens=tokens))))
    asked = (await post(door, logprobs=True, top_logprobs=2)).json()["choices"][0]["logprobs"]["content"]
    assert [one["token"] for one in asked] == ["it ", "is"]
    assert asked[0]["top_logprobs"][1] == {"token": "so ", "logprob": -2.5, "bytes": [115, 111, 32]}
    assert (await post(door)).json()["choices"][0]["logprobs"] is None


async def test_a_stream_is_the_same_answer_in_chunks(tmp_path: Path) -> None:
    calls = (ToolCall("call_0", "GetWeather", json.dumps({"city": "Lisbon" * 30})),)
    door = open_door(tmp_path, house(FakeModel(Draft("so: ", calls, Finish.TOOL_CALLS))))
    got = await post(door, stream=True, stream_options={"include_usage": True}, tools=[TOOL])
    assert got.headers["content-type"].startswith("text/event-stream")
    lines = [line for line in got.text.split("\n\n") if line]
    assert lines[-1] == "data: [DONE]"
    parts = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert {part["object"] for part in parts} == {"chat.completion.chunk"}
    assert len({part["id"] for part in parts}) == 1
    assert parts[0]["choices"][0]["delta"]["role"] == "assistant"
    deltas = [part["choices"][0]["delta"] for part in parts if part["choices"]]
    assert "".join(delta.get("content", "") for delta in deltas) == "so: "
    pieces = [delta["tool_calls"][0] for delta in deltas if "tool_calls" in delta]
    assert (pieces[0]["id"], pieces[0]["function"]["name"]) == ("call_0", "GetWeather")
    assert "".join(piece["function"]["arguments"] for piece in pieces) == calls[0].arguments
    assert [part["choices"][0]["finish_reason"] for part in parts if part["choices"]][-1] == "tool_calls"
    assert parts[-1]["choices"] == []
    assert parts[-1]["usage"]["total_tokens"] == 0


async def test_models_are_listed_with_the_routed_one_first(knock: httpx.AsyncClient) -> None:
    got = (await knock.get("/v1/models")).json()
    assert [one["id"] for one in got["data"]] == ["tidegate", "tidegate-local", "fake-1"]
    assert (await knock.get("/v1/models/fake-1")).json()["id"] == "fake-1"
    assert (await knock.get("/v1/models/gpt-9")).status_code == 404


async def test_a_local_model_name_keeps_the_request_here(tmp_path: Path) -> None:
    dispatch = FakeDispatch(Queued(TICKET))
    door = open_door(tmp_path, house(FakeModel(sure=0.1), dispatch))
    async with client(door) as opened:
        got = await opened.post("/v1/chat/completions", json={**body(), "model": "tidegate-local"})
    assert got.headers["x-tidegate-decision"] == "policy_must_stay"
    assert dispatch.sent == []


@pytest.mark.parametrize("key", ["", "Bearer ", "Basic abc", "Bearer tg_wrong", "Bearer \xff"])
async def test_strangers_get_a_401(tmp_path: Path, key: str) -> None:
    async with client(open_door(tmp_path)) as opened:
        for path in ("/v1/models", "/v1/tidegate/ledger", "/v1/tidegate/answers"):
            got = await opened.get(path, headers={"authorization": key.encode("latin-1")})
            assert got.status_code == 401
            assert got.json()["error"]["code"] in {"missing_api_key", "invalid_api_key"}


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:80", "10.0.0.1:8642"])
async def test_a_name_that_is_not_this_machine_is_refused(knock: httpx.AsyncClient, host: str) -> None:
    assert (await knock.get("/healthz", headers={"host": host})).status_code == 421


@pytest.mark.parametrize("host", ["localhost:8642", "127.0.0.1", "[::1]:8642", "LOCALHOST"])
async def test_names_of_this_machine_are_served(knock: httpx.AsyncClient, host: str) -> None:
    assert (await knock.get("/healthz", headers={"host": host})).status_code == 200


async def test_a_body_beyond_the_limit_is_a_413(tmp_path: Path) -> None:
    door = open_door(tmp_path, settings=Settings(max_body_bytes=2000))
    async with client(door) as opened:
        assert (await opened.post("/v1/chat/completions", json=body("x" * 3000))).status_code == 413

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(5):
                yield b"x" * 1000

        assert (await opened.post("/v1/chat/completions", content=pieces())).status_code == 413
        assert (await opened.post("/v1/chat/completions", json=body("x" * 1000))).status_code == 200


async def test_a_full_queue_is_a_429_with_retry_after(tmp_path: Path) -> None:
    door = open_door(tmp_path, settings=Settings(max_in_flight=1))
    async with client(door) as opened, door.door.gate.enter():
        got = await opened.post("/v1/chat/completions", json=body())
    assert got.status_code == 429
    assert got.headers["retry-after"] == "1"
    assert got.json()["error"]["code"] == "queue_full"


async def test_a_plan_tells_the_decision_without_generating(tmp_path: Path) -> None:
    model = FakeModel()
    async with client(open_door(tmp_path, house(model))) as opened:
        got = (await opened.post("/v1/tidegate/plan", json=body())).json()
    assert (got["decision"], got["keep_at"]) == ("try_local", 0.6)
    assert model.asked == []


async def test_a_preview_shows_the_redacted_text_and_sends_nothing(tmp_path: Path) -> None:
    dispatch = FakeDispatch()
    made = house(FakeModel(ready=False), dispatch)
    async with client(open_door(tmp_path, made, encode=lambda _: b"exact bytes")) as opened:
        got = (await opened.post("/v1/tidegate/preview", json=body("mail eve@example.org"))).json()
    assert "eve@example.org" not in json.dumps(got)
    assert "[EMAIL_ADDRESS_1" in got["messages"][0]["content"]
    assert (got["entities"], got["would_leave"]) == ({"EMAIL_ADDRESS": 1}, True)
    assert got["wire"]["bytes"] == 11
    assert dispatch.sent == []


async def test_the_journal_keeps_no_text_unless_told(tmp_path: Path) -> None:
    door = open_door(tmp_path)
    await post(door, text="a secret question")
    lines = door.stores.journal.latest(5)
    assert len(lines) == 1
    assert (lines[0].question, lines[0].reply, str(lines[0].state)) == ("", "", "answered")


async def test_an_unknown_path_and_method_are_told_in_the_same_shape(knock: httpx.AsyncClient) -> None:
    got = await knock.get("/v1/nothing")
    assert (got.status_code, got.json()["error"]["code"]) == (404, "not_found")
    assert (await knock.get("/v1/chat/completions")).status_code == 405
