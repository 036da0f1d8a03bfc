"""Anthropic's count of tokens: the same body, counted by the model of this device; nothing is asked of it."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from edge.gateway.messages import read, read_count
from tests.fakes.edge_clients import http
from tests.fakes.edge_parts import FakeModel, OpenDoor, house, open_door
from tidegate.chat import JSON

BODY: dict[str, JSON] = {"model": "tidegate", "messages": [{"role": "user", "content": "what time is it"}]}


async def count(door: OpenDoor, **more: JSON) -> httpx.Response:
    async with http(door) as client:
        return await client.post("/messages/count_tokens", json={**BODY, **more})


async def test_the_tokens_of_a_message_are_counted_and_nothing_is_generated(tmp_path: Path) -> None:
    model = FakeModel()
    got = await count(open_door(tmp_path, house(model)), system="be brief")
    assert got.json() == {"input_tokens": len("what time is it") + len("be brief")}
    assert model.asked == []


async def test_without_a_model_nothing_is_made_up(tmp_path: Path) -> None:
    got = await count(open_door(tmp_path, house(FakeModel(ready=False))))
    assert got.status_code == 503
    assert got.json()["error"]["code"] == "no_local_model"


@pytest.mark.parametrize(
    ("more", "status", "param"),
    [
        ({"model": "claude-9"}, 404, "model"),
        ({"messages": []}, 400, "messages"),
        ({"max_tokens": 5}, 400, "max_tokens"),
        ({"mcp_servers": []}, 400, "mcp_servers"),
        ({"tools": [{"name": "a"}, {"name": "a"}]}, 400, "tools[1].name"),
    ],
)
async def test_what_is_wrong_is_named_in_anthropics_shape(
    tmp_path: Path, more: dict[str, JSON], status: int, param: str
) -> None:
    got = await count(open_door(tmp_path), **more)
    assert (got.status_code, got.json()["type"], got.json()["error"]["param"]) == (status, "error", param)


def test_the_same_prompt_is_counted_that_would_be_asked() -> None:
    said: dict[str, JSON] = {
        **BODY,
        "system": [{"type": "text", "text": "be brief"}],
        "tools": [{"name": "a", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "tool", "name": "a"},
    }
    counted = read_count(json.dumps(said).encode(), 64).prompt
    asked = read(json.dumps({**said, "max_tokens": counted.max_tokens}).encode(), 64).call.prompt
    assert counted == asked
