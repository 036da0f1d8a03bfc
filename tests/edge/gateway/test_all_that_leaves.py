"""Wherever a request may hold a private value, the bytes that would leave hold a placeholder instead."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tests.edge.gateway.test_preview import HEADERS, knocking
from tests.fakes.cloud import FakeCloud, Site
from tests.fakes.edge_parts import FakeModel
from tidegate.chat import JSON

SECRET = "eva.adams@example.org"
PRIVATE: dict[str, JSON] = {
    "to": SECRET,
    "deep": [{"iban": "DE89 3704 0044 0532 0130 00"}],
    "n": 356938035643809,
}
TOOL: JSON = {
    "type": "function",
    "function": {
        "name": "send",
        "description": f"Sends to {SECRET}",
        "parameters": {
            "type": "object",
            "properties": {
                "to": {"type": "string", "enum": [SECRET], "default": SECRET, "examples": [SECRET], "description": f"as {SECRET}"},
                SECRET: {"type": "string"},
            },
        },
    },
}  # fmt: skip
CALL: JSON = {"id": "c1", "type": "function", "function": {"name": "send", "arguments": json.dumps(PRIVATE)}}
USER: JSON = {"role": "user", "content": "please do"}
BODIES: dict[str, dict[str, JSON]] = {
    "system": {"messages": [{"role": "system", "content": f"You help {SECRET}"}, USER]},
    "developer": {"messages": [{"role": "developer", "content": f"You help {SECRET}"}, USER]},
    "parts": {"messages": [{"role": "user", "content": [{"type": "text", "text": f"for {SECRET}"}]}]},
    "name of a speaker": {"messages": [{"role": "user", "name": "eva_adams", "content": f"I am {SECRET}"}]},
    "arguments": {
        "messages": [USER, {"role": "assistant", "content": None, "tool_calls": [CALL]},
                     {"role": "tool", "tool_call_id": "c1", "content": "done"}],
        "tools": [TOOL],
    },
    "results": {
        "messages": [USER, {"role": "assistant", "content": None, "tool_calls": [CALL]},
                     {"role": "tool", "tool_call_id": "c1", "content": json.dumps(PRIVATE)}],
        "tools": [TOOL],
    },
    "schema": {"messages": [USER], "tools": [TOOL]},
    "file name in text": {"messages": [{"role": "user", "content": f"open /home/eadams7/{SECRET}.pdf and C:\\Users\\eadams7\\x"}]},
    "metadata": {"messages": [USER], "metadata": {"customer": SECRET}, "user": SECRET},
    "schema of the answer": {
        "messages": [USER],
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object", "properties": {"to": {"enum": [SECRET]}}}}},
    },
    "stop words": {"messages": [USER], "stop": [SECRET]},
}  # fmt: skip
LEAKS = (SECRET, "eva.adams", "eadams7", "3704", "356938035643809", "eva_adams")


@pytest.mark.parametrize("where", BODIES)
async def test_no_private_value_is_in_the_bytes(tmp_path: Path, where: str) -> None:
    body = {"model": "tidegate", **BODIES[where]}
    async with knocking(tmp_path, FakeCloud(Site(tmp_path / "site")), FakeModel(ready=False)) as client:
        shown = await client.post("/tidegate/preview", json=body, headers=HEADERS)
    assert shown.status_code == 200, shown.text
    raw = base64.b64decode(shown.json()["wire"]["base64"])
    assert [leak for leak in LEAKS if leak.encode() in raw] == []
