"""Feedback at the door: the application says whether an answer was right."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from edge.store.promises import Origin
from tests.fakes.edge_parts import FakeDispatch, FakeModel, OpenDoor, house, open_door

ASK = {"model": "tidegate", "messages": [{"role": "user", "content": "what time is it"}]}


async def post(door: OpenDoor, path: str, body: object, key: str = "") -> httpx.Response:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(door.app), base_url="http://127.0.0.1"
    ) as client:
        return await client.post(path, json=body, headers={"authorization": f"Bearer {key or door.api_key}"})


async def test_an_answer_can_be_called_wrong_by_the_application_that_got_it(tmp_path: Path) -> None:
    door = open_door(tmp_path, house(FakeModel(), FakeDispatch()))
    name = (await post(door, "/v1/chat/completions", ASK)).headers["x-request-id"]
    said = await post(door, "/v1/tidegate/feedback", {"request_id": name, "right": False})
    assert (said.status_code, said.json()["right"]) == (200, False)
    assert [(o.wrong, o.origin, o.request_id) for o in door.stores.promises.outcomes()] == [
        (1.0, Origin.FEEDBACK, name)
    ]
    await post(door, "/v1/tidegate/feedback", {"request_id": name, "right": True})
    assert [o.wrong for o in door.stores.promises.outcomes()] == [0.0]  # the last word counts


@pytest.mark.parametrize(
    "body", [{}, {"request_id": "req_12345678"}, {"request_id": "req_12345678", "right": "yes"}, [], "no"]
)
async def test_a_word_that_is_none_is_refused(tmp_path: Path, body: object) -> None:
    door = open_door(tmp_path, house(FakeModel(), FakeDispatch()))
    assert (await post(door, "/v1/tidegate/feedback", body)).status_code == 400


async def test_nobody_judges_what_they_did_not_ask(tmp_path: Path) -> None:
    door = open_door(tmp_path, house(FakeModel(), FakeDispatch()))
    said = await post(door, "/v1/tidegate/feedback", {"request_id": "req_12345678", "right": True})
    assert (said.status_code, said.json()["error"]["code"]) == (404, "unknown_request")
    stranger = await post(
        door, "/v1/tidegate/feedback", {"request_id": "req_12345678", "right": True}, "sk-none"
    )
    assert stranger.status_code == 401
