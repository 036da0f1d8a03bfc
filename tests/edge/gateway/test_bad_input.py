"""What is wrong with a request is named; nothing that a client sends is our defect."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.gateway.schema import ChatBody, parse_chat
from tests.fakes.edge_parts import OpenDoor, open_door
from tidegate.errors import BadRequest

GOOD: dict[str, object] = {"model": "tidegate", "messages": [{"role": "user", "content": "hi"}]}
DEEP = "[" * 5000 + "]" * 5000


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> OpenDoor:
    return open_door(tmp_path_factory.mktemp("door"))


async def post(door: OpenDoor, content: bytes) -> httpx.Response:
    transport = httpx.ASGITransport(app=door.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as opened:
        return await opened.post(
            "/v1/chat/completions", content=content, headers={"authorization": f"Bearer {door.api_key}"}
        )


def but(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def message(**changes: object) -> bytes:
    return but(messages=[{"role": "user", "content": "hi", **changes}])


def tool(**changes: object) -> dict[str, object]:
    return {"type": "function", "function": {"name": "Get", **changes}}


@pytest.mark.parametrize(
    ("content", "param", "code"),
    [
        (b"", "", "bad_json"),
        (b"{", "", "bad_json"),
        (b"null", "", "invalid_parameter"),
        (b"[]", "", "invalid_parameter"),
        (b'"hi"', "", "invalid_parameter"),
        (b"{}", "model", "missing_parameter"),
        (b'{"model":"tidegate"}', "messages", "missing_parameter"),
        (but(model=7), "model", "invalid_parameter"),
        (but(model=None), "model", "invalid_parameter"),
        (but(messages=[]), "messages", "invalid_parameter"),
        (but(messages="hi"), "messages", "invalid_parameter"),
        (but(messages=[7]), "messages[0]", "invalid_parameter"),
        (but(frobnicate=1), "frobnicate", "unknown_parameter"),
        (message(frob=1), "messages[0].frob", "unknown_parameter"),
        (message(role="king"), "messages[0].role", "invalid_parameter"),
        (message(content=None), "messages[0].content", "missing_parameter"),
        (message(content=7), "messages[0].content", "invalid_parameter"),
        (message(content=[{"type": "image_url", "image_url": {"url": "x"}}]), "messages[0].content[0].type", "unsupported_content"),
        (message(content=[{"type": "text", "txt": "x"}]), "messages[0].content[0].txt", "unknown_parameter"),
        (message(content=[{}]), "messages[0].content[0].type", "missing_parameter"),
        (message(tool_calls=[{"id": "a", "function": {"name": "b", "arguments": "{}"}}]), "messages[0].tool_calls", "invalid_request"),
        (message(role="tool"), "messages[0].tool_call_id", "missing_parameter"),
        (but(temperature=9), "temperature", "invalid_parameter"),
        (but(temperature="hot"), "temperature", "invalid_parameter"),
        (but(top_p=0), "top_p", "invalid_parameter"),
        (but(n=0), "n", "invalid_parameter"),
        (but(n=99), "n", "invalid_parameter"),
        (but(seed=10**30), "seed", "invalid_parameter"),
        (but(max_tokens=0), "max_tokens", "invalid_parameter"),
        (but(stop=["a"] * 5), "stop", "invalid_parameter"),
        (but(top_logprobs=3), "top_logprobs", "invalid_request"),
        (but(stream="yes"), "stream", "invalid_parameter"),
        (but(stream_options={"x": 1}), "stream_options.x", "unknown_parameter"),
        (but(tools=[{"type": "function"}]), "tools[0].function", "missing_parameter"),
        (but(tools=[tool(name="a b")]), "tools[0].function.name", "invalid_parameter"),
        (but(tools=[tool(parameters=[])]), "tools[0].function.parameters", "invalid_parameter"),
        (but(tools=[tool(), tool()]), "tools[1].function.name", "invalid_request"),
        (but(tool_choice="required"), "tool_choice", "invalid_request"),
        (but(tool_choice={"type": "function", "function": {"name": "No"}}), "tool_choice.function.name", "invalid_request"),
        (but(response_format={"type": "json_schema"}), "response_format.json_schema", "missing_parameter"),
        (but(response_format={"type": "xml"}), "response_format.type", "invalid_parameter"),
        (but(audio={"voice": "x"}), "audio", "unsupported_parameter"),
        (but(functions=[]), "functions", "unsupported_parameter"),
        (but(modalities=["audio"]), "modalities", "unsupported_parameter"),
        (f'{{"model":{DEEP}}}'.encode(), "", "too_deep"),
        (f'{{"model":"tidegate","messages":[],"prediction":{DEEP}}}'.encode(), "", "too_deep"),
        (b'{"model":"\xff"}', "", "bad_encoding"),
        (b'{"model":"\\ud800"}', "", "bad_json"),
        (b'{"model":"tidegate","n":NaN}', "", "bad_json"),
        (but() + b"x", "", "bad_json"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_named(door: OpenDoor, content: bytes, param: str, code: str) -> None:
    got = await post(door, content)
    found = got.json()["error"]
    assert (got.status_code, found["param"] or "", found["code"]) == (400, param, code)
    assert found["type"] == "invalid_request_error"


async def test_a_wrong_model_is_a_404_that_names_the_field(door: OpenDoor) -> None:
    got = await post(door, but(model="gpt-9"))
    assert (got.status_code, got.json()["error"]["code"], got.json()["error"]["param"]) == (
        404,
        "model_not_found",
        "model",
    )


async def test_values_are_not_repeated_in_errors(door: OpenDoor) -> None:
    for content in (message(role="eve-secret"), but(temperature="eve-secret"), but(tool_choice="eve-secret")):
        assert "eve-secret" not in (await post(door, content)).text


@pytest.mark.parametrize(
    "content",
    [
        but(temperature=0.5, top_p=0.9, seed=-1, stop="x", n=1, max_tokens=5, user="u", store=False),
        but(frequency_penalty=0.1, presence_penalty=0, logit_bias={"50256": -100}, service_tier="auto"),
        but(metadata={"a": "b"}, reasoning_effort="low", verbosity="low", prediction=None, modalities=["text"]),
        but(tools=None, tool_choice=None, response_format={"type": "text"}, stream=False, logprobs=False),
        but(messages=[{"role": "developer", "content": "be brief"}, {"role": "user", "content": [{"type": "text", "text": "hi"}]}]),
        but(
            messages=[
                {"role": "user", "content": "hi"},
                {"role": "assistant", "content": None, "tool_calls": [{"id": "a", "type": "function", "function": {"name": "Get", "arguments": "{}"}}]},
                {"role": "tool", "tool_call_id": "a", "content": "{}"},
            ],
            tools=[tool(parameters={"type": "object"}, strict=True, description=None)],
        ),
        but(messages=[{"role": "assistant", "content": "hi", "refusal": None, "annotations": [], "audio": None, "function_call": None}, {"role": "user", "content": ""}]),
    ],
)  # fmt: skip
async def test_what_real_clients_send_is_taken(door: OpenDoor, content: bytes) -> None:
    assert (await post(door, content)).status_code == 200


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
fields = st.sampled_from([*ChatBody.__struct_fields__, "x"])


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(fields, json_values, max_size=6))
def test_any_json_is_a_call_or_a_bad_request(changes: dict[str, object]) -> None:
    _parses_or_is_refused(but(**changes))


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_call_or_a_bad_request(content: bytes) -> None:
    _parses_or_is_refused(content)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_damage_to_a_good_body_is_a_call_or_a_bad_request(data: st.DataObject) -> None:
    good = bytearray(
        but(tools=[tool(parameters={"type": "object", "properties": {"a": {"type": "string"}}})])
    )
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(good) - 1))
        good[at] = data.draw(st.integers(0, 255))
    _parses_or_is_refused(bytes(good))


def _parses_or_is_refused(content: bytes) -> None:
    refused: int = 400
    try:
        parse_chat(content)
    except BadRequest as error:
        refused = error.status
    assert refused == 400


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(fields, json_values, max_size=5))
async def test_the_door_never_answers_with_a_defect(door: OpenDoor, changes: dict[str, object]) -> None:
    assert (await post(door, but(**changes))).status_code < 500


def test_a_folder_keeps_its_keys_as_digests_only(tmp_path: Path) -> None:
    opened = open_door(tmp_path)
    raw = b"".join(file.read_bytes() for file in tmp_path.glob("durable.db*"))
    assert opened.api_key.encode() not in raw
    assert len(opened.stores.keys.all()) == 1
