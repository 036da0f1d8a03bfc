"""A device that asks: a 409 says what would leave and how to agree, and only then does it leave."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from edge.owner import owner_key
from edge.ports import Policy, PolicyVersion, Released
from edge.routing.mode import Mode, Modes
from tests.fakes.edge_clients import http
from tests.fakes.edge_parts import FakeDispatch, FakeModel, OpenDoor, house, open_door
from tidegate.chat import Usage

BODY = {"model": "tidegate", "messages": [{"role": "user", "content": "answer eve.adams@example.org today"}]}
ASKS = Policy(PolicyVersion("t"), modes=Modes(Mode.ASK))


def released(text: str) -> Released:
    return Released(text, (), (), "cloud-1", Usage(1, 1), "case_12345678")


@pytest.fixture
def dispatch() -> FakeDispatch:
    return FakeDispatch(released("from afar"))


@pytest.fixture
def door(tmp_path: Path, dispatch: FakeDispatch) -> OpenDoor:
    made = house(FakeModel(sure=0.1), dispatch, policy=ASKS)
    return open_door(tmp_path, made, encode=lambda what: what.prompt.messages[0].content.text.encode())


async def knock(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    return await client.post("/chat/completions", json=BODY, headers=headers)


async def test_a_request_that_would_leave_waits_and_the_error_says_where(
    door: OpenDoor, dispatch: FakeDispatch
) -> None:
    async with http(door) as client:
        got = await knock(client)
        consent = got.json()["tidegate"]["consent"]
        shown = (await client.get(got.json()["tidegate"]["preview"].removeprefix("/v1"))).json()
        listed = (await client.get("/tidegate/consents")).json()["data"]
    assert (got.status_code, got.json()["error"]["code"]) == (409, "consent_needed")
    assert got.headers["x-tidegate-source"] == "nobody"
    assert got.headers["x-should-retry"] == "false"
    assert consent in got.json()["error"]["message"]
    assert (shown["state"], shown["entities"]) == ("waiting", {"EMAIL_ADDRESS": 1})
    assert "eve.adams" not in str(shown)
    assert shown["bytes"] == len(shown["messages"][0]["content"].encode())
    assert listed == [shown]
    assert dispatch.sent == []


async def test_after_the_word_the_same_request_leaves_and_another_does_not(
    door: OpenDoor, dispatch: FakeDispatch
) -> None:
    async with http(door) as client:
        preview = "/tidegate/consents/" + (await knock(client)).headers["x-tidegate-consent"]
        word = await client.post(preview, json={"agree": True})
        sent = await knock(client)
        other = {**BODY, "messages": [{"role": "user", "content": "and eve.adams@example.org?"}]}
        asked = await client.post("/chat/completions", json=other)
    assert (word.status_code, word.json()["state"]) == (200, "agreed")
    assert (sent.status_code, sent.headers["x-tidegate-source"]) == (200, "cloud")
    assert asked.status_code == 409
    assert len(dispatch.sent) == 1


async def test_the_header_may_name_the_request_or_vouch_for_it(
    door: OpenDoor, dispatch: FakeDispatch
) -> None:
    async with http(door) as client:
        consent = (await knock(client)).headers["x-tidegate-consent"]
        wrong = await knock(client, **{"x-tidegate-consent": "cns_" + "0" * 32})
        named = await knock(client, **{"x-tidegate-consent": consent})
        vouched = await knock(client, **{"x-tidegate-consent": "true"})
        local = await knock(client, **{"x-tidegate-local-only": "true"})
    assert [one.status_code for one in (wrong, named, vouched, local)] == [409, 200, 200, 200]
    assert local.headers["x-tidegate-source"] == "device"
    assert len(dispatch.sent) == 2


async def test_the_owner_decides_for_all_and_an_application_for_itself_alone(door: OpenDoor) -> None:
    owner = {"authorization": f"Bearer {owner_key(door.door.key)}"}
    async with http(door) as client:
        preview = "/tidegate/consents/" + (await knock(client)).headers["x-tidegate-consent"]
        assert (
            await client.post(preview, json={"agree": True}, headers={"authorization": "Bearer tg_x"})
        ).status_code == 401
        assert (await client.get("/tidegate/consents", headers=owner)).json()["data"][0]["state"] == "waiting"
        refused = await client.post(preview, json={"agree": False}, headers=owner)
        assert refused.json()["state"] == "refused"
        assert (await client.post(preview, json={"agree": True})).json()["state"] == "refused"
        assert (await knock(client)).status_code == 409


@pytest.mark.parametrize("body", [b"", b"{}", b'{"agree": 1}', b'{"agree": true, "x": 1}', b"\xff"])
async def test_a_word_that_is_none_changes_nothing(door: OpenDoor, body: bytes) -> None:
    async with http(door) as client:
        preview = "/tidegate/consents/" + (await knock(client)).headers["x-tidegate-consent"]
        got = await client.post(preview, content=body)
        assert (got.status_code, got.json()["error"]["param"]) == (400, "agree")
        assert (await client.get(preview)).json()["state"] == "waiting"
        assert (await client.get("/tidegate/consents/cns_none")).status_code in (400, 404)


async def test_a_stricter_mode_for_one_request_is_obeyed_and_a_looser_one_is_not(
    tmp_path: Path, dispatch: FakeDispatch
) -> None:
    policy = Policy(PolicyVersion("t"), modes=Modes(Mode.PREFER_LOCAL))
    door = open_door(tmp_path, house(FakeModel(sure=0.1), dispatch, policy=policy))
    async with http(door) as client:
        asks = await knock(client, **{"x-tidegate-mode": "ask"})
        stays = await knock(client, **{"x-tidegate-mode": "local-only"})
        usual = await knock(client, **{"x-tidegate-mode": "prefer-cloud"})
        wrong = await knock(client, **{"x-tidegate-mode": "sometimes"})
    assert (asks.status_code, stays.headers["x-tidegate-decision"]) == (409, "local_only")
    assert usual.headers["x-tidegate-decision"] == "unsure"
    assert (wrong.status_code, wrong.json()["error"]["param"]) == (400, "x-tidegate-mode")
