"""The mapping to and from OpenAI's shape, and what each failure of a server means."""

from __future__ import annotations

import json

import httpx
import pytest

from tidegate.chat import Message, Prompt, Role, Tool, ToolCall, ToolChoice
from tidegate.engines.port import Finish
from tidegate.engines.remote import MAX_REPLY_BYTES, RemoteEngine, request_body
from tidegate.errors import BadRequest, Broken, TidegateError, Unreachable

HELLO = Prompt((Message(Role.USER, "hello"),))


def answering(status: int, body: bytes, seen: list[httpx.Request] | None = None) -> RemoteEngine:
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(status, content=body)

    return RemoteEngine("http://model.test/v1", "m", api_key="k", transport=httpx.MockTransport(handle))


def completion(message: dict[str, object], reason: str = "stop", **extra: object) -> bytes:
    return json.dumps(
        {"choices": [{"message": message, "finish_reason": reason} | extra], "usage": None}
    ).encode()


def test_everything_a_prompt_holds_is_sent() -> None:
    prompt = Prompt(
        messages=(
            Message(Role.USER, "weather?"),
            Message(Role.ASSISTANT, "", tool_calls=(ToolCall("call_1", "GetWeather", '{"city":"Oslo"}'),)),
            Message(Role.TOOL, "rain", tool_call_id="call_1"),
        ),
        tools=(Tool("GetWeather", "looks out", '{"type":"object"}'),),
        tool_choice=ToolChoice.REQUIRED,
        response_schema='{"type":"object"}',
        max_tokens=9,
        seed=4,
        stop=("x",),
        top_logprobs=2,
    )
    body = request_body("m", prompt)
    assert body["messages"] == [
        {"role": "user", "content": "weather?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "GetWeather", "arguments": '{"city":"Oslo"}'},
                }
            ],
        },
        {"role": "tool", "content": "rain", "tool_call_id": "call_1"},
    ]
    assert body["tool_choice"] == "required"
    assert (body["max_tokens"], body["seed"], body["stop"], body["top_logprobs"]) == (9, 4, ["x"], 2)
    assert "seed" not in request_body("m", HELLO)
    assert "tools" not in request_body("m", HELLO)


async def test_a_tool_call_comes_back_as_one() -> None:
    call = {"id": "call_7", "type": "function", "function": {"name": "Stop", "arguments": "{}"}}
    seen: list[httpx.Request] = []
    draft = await answering(
        200, completion({"content": None, "tool_calls": [call]}, "tool_calls"), seen
    ).generate(HELLO)
    assert draft.tool_calls == (ToolCall("call_7", "Stop", "{}"),)
    assert (draft.finish, draft.text) == (Finish.TOOL_CALLS, "")
    assert seen[0].headers["authorization"] == "Bearer k"
    assert seen[0].url == "http://model.test/v1/chat/completions"


async def test_log_probabilities_come_back_where_the_server_sends_them() -> None:
    token = {
        "token": "hi",
        "logprob": -0.5,
        "top_logprobs": [{"token": "hi", "logprob": -0.5}, {"token": "ho", "logprob": -2}],
    }
    draft = await answering(200, completion({"content": "hi"}, logprobs={"content": [token]})).generate(HELLO)
    assert draft.tokens[0].margin == pytest.approx(1.5)
    assert draft.tokens[0].top == (("hi", -0.5), ("ho", -2.0))


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, b"", Broken, "upstream_refused"),
        (404, b"{}", Broken, "upstream_refused"),
        (400, b'{"error":{"code":"context_length_exceeded"}}', BadRequest, "context_length_exceeded"),
        (422, b'{"error":{"param":"tools"}}', BadRequest, "upstream_bad_request"),
        (429, b"", Unreachable, "upstream_unreachable"),
        (503, b"<html>", Unreachable, "upstream_unreachable"),
        (302, b"", Unreachable, "upstream_unreachable"),
        (200, b"not json", Unreachable, "upstream_malformed"),
        (200, b'{"choices":[]}', Unreachable, "upstream_malformed"),
        (200, b'{"choices":[{"message":{"content":7}}]}', Unreachable, "upstream_malformed"),
        (200, b'"' + b"x" * MAX_REPLY_BYTES + b'"', Unreachable, "upstream_malformed"),
    ],
)
async def test_each_failure_says_what_the_caller_can_do(
    status: int, body: bytes, kind: type[TidegateError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        await answering(status, body).generate(HELLO)
    assert caught.value.code == code


async def test_the_servers_words_are_not_repeated_in_errors() -> None:
    with pytest.raises(TidegateError) as caught:
        await answering(400, b'{"error":{"message":"bad: my secret"}}').generate(HELLO)
    assert "secret" not in str(caught.value)


async def test_a_server_that_is_not_there_is_unreachable() -> None:
    engine = RemoteEngine("http://127.0.0.1:9/v1", "m", timeout_s=2)
    with pytest.raises(Unreachable):
        await engine.generate(HELLO)
    await engine.close()
