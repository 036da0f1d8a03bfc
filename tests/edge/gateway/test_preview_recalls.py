"""Plan, preview and turn read the same: what is remembered of a conversation stands before the new turn in all three."""

from __future__ import annotations

import base64
from pathlib import Path

import httpx
import pytest

from edge.ports import Released
from edge.uplink.codec import encode
from tests.fakes.edge_clients import http
from tests.fakes.edge_parts import FakeDispatch, FakeModel, OpenDoor, PatternScreen, house, open_door, say
from tidegate.chat import JSON, Usage
from tidegate.wire.v1 import escalation_pb2 as pb

CLOUD = Released("the cloud says hello", (), (), "cloud-1", Usage(1, 1), "case_1")
NAMED = {"x-tidegate-conversation": "kitchen"}


def asked(text: str) -> dict[str, JSON]:
    return {"model": "tidegate", "messages": [{"role": "user", "content": text}]}


def opened(folder: Path, model: FakeModel, dispatch: FakeDispatch, *, remembers: bool = True) -> OpenDoor:
    made = house(model, dispatch, PatternScreen())
    return open_door(folder, made, encode=encode, remembers=("tests",) if remembers else ())


def left(shown: httpx.Response) -> list[str]:
    raw = pb.Escalation.FromString(base64.b64decode(shown.json()["wire"]["base64"]))
    return [message.content for message in raw.messages]


async def test_a_preview_shows_the_remembered_turns_that_the_turn_then_sends(tmp_path: Path) -> None:
    dispatch = FakeDispatch(CLOUD)
    async with http(opened(tmp_path, FakeModel(ready=False), dispatch), **NAMED) as client:
        await client.post("/chat/completions", json=asked("my dog is called Rex"))
        shown = await client.post("/tidegate/preview", json=asked("what is my dog called"))
        assert len(dispatch.sent) == 1
        await client.post("/chat/completions", json=asked("what is my dog called"))
    sent = [message.content.text for message in dispatch.sent[-1].prompt.messages]
    assert sent[1:] == ["the cloud says hello", "what is my dog called"]
    assert sent[0].startswith("my dog is called [PERSON_1")
    assert left(shown) == sent
    assert shown.json()["recalled"] == 2


async def test_a_plan_counts_the_tokens_that_the_turn_then_reads(tmp_path: Path) -> None:
    model = FakeModel(say("it is noon"))
    async with http(opened(tmp_path, model, FakeDispatch(CLOUD)), **NAMED) as client:
        await client.post("/chat/completions", json=asked("my dog is called Rex"))
        plan = (await client.post("/tidegate/plan", json=asked("what is my dog called"))).json()
        alone = (
            await client.post(
                "/tidegate/plan",
                json=asked("what is my dog called"),
                headers={"x-tidegate-conversation": "x"},
            )
        ).json()
        await client.post("/chat/completions", json=asked("what is my dog called"))
    assert plan["prompt_tokens"] == model.count_tokens(model.asked[-1]) > alone["prompt_tokens"]
    assert (plan["recalled"], alone["recalled"]) == (2, 0)


async def test_neither_of_them_is_remembered_itself(tmp_path: Path) -> None:
    model = FakeModel(say("it is noon"))
    async with http(opened(tmp_path, model, FakeDispatch(CLOUD)), **NAMED) as client:
        for path in ("plan", "preview", "plan"):
            await client.post(f"/tidegate/{path}", json=asked("what is my dog called"))
        assert (await client.get("/tidegate/conversations")).json()["data"] == []
        await client.post("/chat/completions", json=asked("hello"))
    assert [message.content for message in model.asked[-1].messages] == ["hello"]


@pytest.mark.parametrize("path", ["plan", "preview"])
async def test_where_nothing_is_remembered_nothing_is_recalled(tmp_path: Path, path: str) -> None:
    door = opened(tmp_path, FakeModel(say("it is noon")), FakeDispatch(CLOUD), remembers=False)
    async with http(door, **NAMED) as client:
        await client.post("/chat/completions", json=asked("my dog is called Rex"))
        shown = await client.post(f"/tidegate/{path}", json=asked("what is my dog called"))
    assert shown.json()["recalled"] == 0


@pytest.mark.parametrize("path", ["plan", "preview"])
async def test_a_body_of_every_endpoint_is_planned_and_previewed_as_that_endpoint_reads_it(
    tmp_path: Path, path: str
) -> None:
    door = opened(tmp_path, FakeModel(say("it is noon")), FakeDispatch(CLOUD))
    bodies: list[tuple[dict[str, JSON], dict[str, str]]] = [
        ({"model": "tidegate", "input": "hello there", "instructions": "be brief"}, {}),
        ({"model": "tidegate", "prompt": "hello there"}, {}),
        (
            {
                "model": "tidegate",
                "max_tokens": 9,
                "system": "be brief",
                "messages": asked("hello")["messages"],
            },
            {"anthropic-version": "2023-06-01"},
        ),
    ]
    async with http(door) as client:
        got = [await client.post(f"/tidegate/{path}", json=body, headers=more) for body, more in bodies]
        wrong = await client.post(f"/tidegate/{path}", json={"model": "tidegate", "input": 7})
    assert [one.status_code for one in got] == [200, 200, 200]
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "input")


async def test_a_response_that_goes_on_from_another_is_previewed_with_it(tmp_path: Path) -> None:
    dispatch = FakeDispatch(CLOUD)
    async with http(opened(tmp_path, FakeModel(ready=False), dispatch)) as client:
        first = (await client.post("/responses", json={"model": "tidegate", "input": "my dog is Rex"})).json()
        next_one: dict[str, JSON] = {
            "model": "tidegate",
            "input": "what is my dog called",
            "previous_response_id": first["id"],
        }
        shown = await client.post("/tidegate/preview", json=next_one)
        await client.post("/responses", json=next_one)
        gone = await client.post("/tidegate/preview", json={**next_one, "previous_response_id": "resp_none"})
    assert left(shown) == [message.content.text for message in dispatch.sent[-1].prompt.messages]
    assert (gone.status_code, gone.json()["error"]["code"]) == (400, "previous_response_not_found")
