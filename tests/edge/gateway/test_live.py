"""Streams that begin while their answer is being written, in every dialect; and those that must not."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from starlette.types import Message, Scope

from tests.fakes.edge_parts import FakeDispatch, FakeModel, OpenDoor, house, open_door, say
from tidegate.chat import JSON, Prompt, ToolCall, Usage
from tidegate.engines.port import ANYHOW, Draft, Finish, Terms
from tidegate.errors import Broken

PIECES = ("it ", "is ", "noon")
TOOL: dict[str, JSON] = {"type": "function", "function": {"name": "Ring", "parameters": {"type": "object"}}}


@dataclass
class Stepping(FakeModel):
    """Tells a piece each time it is allowed to, then ends as it was told to."""

    go: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    fails: Exception | None = None
    left: asyncio.Event = field(default_factory=asyncio.Event)

    async def generate(self, prompt: Prompt, terms: Terms = ANYHOW) -> Draft:
        try:
            for piece in self.heard:
                await self.go.acquire()
                if terms.hear is not None:
                    terms.hear(piece)
            await self.go.acquire()
            if self.fails is not None:
                raise self.fails
            return self.draft
        finally:
            self.left.set()


class Client:
    """An ASGI client that sees each chunk when it is sent, and can hang up."""

    def __init__(self, door: OpenDoor, path: str, body: dict[str, JSON], **headers: str) -> None:
        self._sent = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]
        self.gone = asyncio.Event()
        self.status, self.headers = 0, dict[str, str]()
        self.chunks: asyncio.Queue[bytes] = asyncio.Queue()
        given = {"host": "localhost", "authorization": f"Bearer {door.api_key}", **headers}
        scope: Scope = {
            "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
            "headers": [(k.encode(), v.encode()) for k, v in given.items()], "http_version": "1.1",
            "scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 1), "root_path": "",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
        }  # fmt: skip
        self.served = asyncio.ensure_future(door.app(scope, self._receive, self._send))

    async def _receive(self) -> Message:
        if self._sent:
            return self._sent.pop()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        elif message.get("body"):
            await self.chunks.put(message["body"])

    async def until(self, text: str) -> str:
        """Everything sent up to a chunk that holds `text`."""
        seen = ""
        async with asyncio.timeout(10):
            while text not in seen:
                seen += (await self.chunks.get()).decode()
        return seen

    async def rest(self) -> str:
        await self.served
        return "".join(self.chunks.get_nowait().decode() for _ in range(self.chunks.qsize()))


ASKED: dict[str, JSON] = {"model": "tidegate", "stream": True}
TALK: JSON = [{"role": "user", "content": "what time is it"}]
DIALECTS = [
    ("/v1/chat/completions", {**ASKED, "messages": TALK}, "[DONE]"),
    ("/v1/completions", {**ASKED, "prompt": "what time is it"}, "[DONE]"),
    ("/v1/responses", {**ASKED, "input": "what time is it", "store": False}, "response.completed"),
    ("/v1/messages", {**ASKED, "messages": TALK, "max_tokens": 50}, "message_stop"),
]


def stepping(**changes: object) -> Stepping:
    return Stepping(Draft("it is noon", usage=Usage(7, 3)), heard=PIECES, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("path", "body", "end"), DIALECTS)
async def test_each_piece_is_sent_before_the_next_is_written(
    tmp_path: Path, path: str, body: dict[str, JSON], end: str
) -> None:
    model = stepping()
    client = Client(open_door(tmp_path, house(model)), path, body, **{"x-tidegate-local-only": "1"})
    seen = ""
    for piece in PIECES:
        model.go.release()
        seen += await client.until(f'"{piece}"')
    assert client.status == 200
    assert client.headers["x-tidegate-source"] == "device"
    assert client.headers["x-tidegate-decision"] == "policy_must_stay"
    assert "x-tidegate-state" not in client.headers, "what is not known yet is not said"
    assert not model.left.is_set()
    model.go.release()
    last = await client.rest()
    assert end in last
    assert '"state":"answered"' in last
    assert "noon" not in seen.replace('"noon"', ""), "nothing is said twice"


@pytest.mark.parametrize(("path", "body", "end"), DIALECTS)
async def test_a_stream_told_live_says_what_it_would_have_said_whole(
    tmp_path: Path, path: str, body: dict[str, JSON], end: str
) -> None:
    texts = []
    for name, heard in (("live", PIECES), ("whole", ())):
        model = FakeModel(Draft("it is noon", usage=Usage(7, 3)), heard=heard)
        door = open_door(tmp_path / name, house(model))
        client = Client(door, path, body, **{"x-tidegate-local-only": "1"})
        texts.append(_text(await client.rest()))
    assert texts[0] == texts[1] == "it is noon"


def _text(stream: str) -> str:
    """The text deltas of any dialect, joined."""
    found = []
    for line in stream.splitlines():
        if line.startswith("data: {"):
            event = json.loads(line.removeprefix("data: "))
            delta = event.get("delta", "")
            choice = (event.get("choices") or [{}])[0]
            found += [
                delta if isinstance(delta, str) else delta.get("text", ""),
                choice.get("delta", {}).get("content", "") or choice.get("text", ""),
            ]
    return "".join(found)


@pytest.mark.parametrize(("path", "body", "end"), DIALECTS)
async def test_a_model_that_fails_midway_ends_the_stream_with_an_error(
    tmp_path: Path, path: str, body: dict[str, JSON], end: str
) -> None:
    model = stepping(fails=Broken("the model could not compute a step", code="model_failed"))
    door = open_door(tmp_path, house(model))
    client = Client(door, path, body, **{"x-tidegate-local-only": "1"})
    for _ in range(4):
        model.go.release()
    told = await client.rest()
    assert '"code":"model_failed"' in told
    assert end not in told
    assert door.door.gate.inside == 0


@pytest.mark.parametrize(("path", "body", "end"), DIALECTS)
async def test_a_client_that_hangs_up_midway_ends_the_work_and_gives_its_place_back(
    tmp_path: Path, path: str, body: dict[str, JSON], end: str
) -> None:
    model = stepping()
    door = open_door(tmp_path, house(model))
    client = Client(door, path, body, **{"x-tidegate-local-only": "1"})
    model.go.release()
    await client.until('"it "')
    assert door.door.gate.inside == 1
    client.gone.set()
    await asyncio.wait_for(client.served, 10)
    assert model.left.is_set()
    assert door.door.gate.inside == 0


async def test_an_answer_that_may_still_be_escalated_is_not_told_early(tmp_path: Path) -> None:
    model = FakeModel(say("it is noon"), sure=0.9, heard=("it is midnight",))
    client = Client(open_door(tmp_path, house(model, FakeDispatch())), *DIALECTS[0][:2])
    told = await client.rest()
    assert "midnight" not in told
    assert "noon" in told
    assert client.headers["x-tidegate-state"] == "answered"


async def test_calls_follow_the_words_that_were_told_before_them(tmp_path: Path) -> None:
    draft = Draft("I will ring. ", (ToolCall("call_0", "Ring", "{}"),), Finish.TOOL_CALLS)
    model = FakeModel(draft, heard=("I will", " ring."))
    body: dict[str, JSON] = {**DIALECTS[0][1], "tools": [TOOL]}
    told = await Client(open_door(tmp_path, house(model)), "/v1/chat/completions", body).rest()
    assert _text(told) == "I will ring. "
    assert '"name":"Ring"' in told
    assert '"finish_reason":"tool_calls"' in told


async def test_several_choices_flow_one_after_the_other(tmp_path: Path) -> None:
    model = FakeModel(say("it is noon"), heard=PIECES)
    body: dict[str, JSON] = {**DIALECTS[0][1], "n": 2, "stream_options": {"include_usage": True}}
    told = await Client(open_door(tmp_path, house(model)), "/v1/chat/completions", body).rest()
    assert _text(told) == "it is noonit is noon"
    assert '"total_tokens":20' in told


async def test_with_logprobs_the_tokens_are_waited_for(tmp_path: Path) -> None:
    door = open_door(tmp_path, house(FakeModel(say("it is noon"), heard=("it is ",))))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=door.app),
        base_url="http://localhost",
        headers={"authorization": f"Bearer {door.api_key}"},
    ) as client:
        got = await client.post("/v1/chat/completions", json={**DIALECTS[0][1], "logprobs": True})
    assert got.headers["x-tidegate-state"] == "answered"
    assert _text(got.text) == "it is noon"
