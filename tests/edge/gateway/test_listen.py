"""The door on a real socket: the `openai` client, streams, slow clients, a client that goes away, and the end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec
import openai
import pytest

from edge.config import Door as Settings
from edge.gateway import listen
from tests.fakes.edge_parts import FakeModel, OpenDoor, house, open_door, say
from tidegate.chat import Prompt, ToolCall
from tidegate.engines.port import ANYHOW, Draft, Finish, Terms
from tidegate.errors import BadConfig

FAST = Settings(port=0, read_timeout_s=0.3)
WEATHER = {
    "type": "function",
    "function": {
        "name": "GetWeather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


@asynccontextmanager
async def listening(door: OpenDoor, settings: Settings = FAST) -> AsyncIterator[str]:
    sockets = listen.open_sockets(settings)
    server = listen.server(door.app, settings)
    task = asyncio.create_task(server.serve(sockets))
    while not server.started:  # noqa: ASYNC110  uvicorn sets a flag, no event
        await asyncio.sleep(0.01)
    try:
        yield listen.url(sockets)
    finally:
        server.should_exit = True
        await task


async def test_the_openai_client_talks_streams_and_calls_tools(tmp_path: Path) -> None:
    draft = Draft("", (ToolCall("call_0", "GetWeather", '{"city":"Lisbon"}'),), Finish.TOOL_CALLS)
    model = FakeModel(say("it is noon in Lisbon, and a fine day to be outside and look at the river"))
    door = open_door(tmp_path, house(model))
    async with listening(door) as url:
        client = openai.AsyncOpenAI(base_url=url, api_key=door.api_key, max_retries=0)
        plain = await client.chat.completions.create(
            model="tidegate", messages=[{"role": "user", "content": "what time is it"}], temperature=0, seed=3
        )
        stream = await client.chat.completions.create(
            model="tidegate",
            messages=[{"role": "user", "content": "what time is it"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        chunks = [chunk async for chunk in stream]
        model.draft = draft
        called = await client.chat.completions.create(
            model="tidegate",
            messages=[{"role": "user", "content": "weather in Lisbon"}],
            tools=[WEATHER],  # type: ignore[list-item]
            parallel_tool_calls=True,
        )
        await client.close()
    assert plain.choices[0].message.content == model_text(chunks)
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 10
    calls = called.choices[0].message.tool_calls
    assert calls is not None
    assert calls[0].type == "function"
    assert (calls[0].function.name, calls[0].function.arguments) == ("GetWeather", '{"city":"Lisbon"}')


def model_text(chunks: list[openai.types.chat.ChatCompletionChunk]) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


async def test_a_unix_socket_serves_the_same(tmp_path: Path) -> None:
    door = open_door(tmp_path)
    settings = Settings(port=0, socket=tmp_path / "door.sock")
    async with listening(door, settings):
        transport = httpx.AsyncHTTPTransport(uds=str(tmp_path / "door.sock"))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            assert (await client.get("/healthz")).status_code == 200
        assert (tmp_path / "door.sock").stat().st_mode & 0o777 == 0o600


async def test_a_head_that_does_not_arrive_ends_the_connection(tmp_path: Path) -> None:
    async with listening(open_door(tmp_path)) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.split(":")[2].split("/")[0]))
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        assert await asyncio.wait_for(_all_of(reader), 5) == b""
        writer.close()
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(url.removesuffix("/v1") + "/healthz")).status_code == 200


async def _all_of(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def test_a_body_that_does_not_arrive_is_a_408(tmp_path: Path) -> None:
    door = open_door(tmp_path, settings=FAST)
    async with listening(door) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.split(":")[2].split("/")[0]))
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {door.api_key}\r\n"
        writer.write(head.encode() + b"Content-Length: 100\r\n\r\n{")
        got = await asyncio.wait_for(reader.read(4000), 5)
        writer.close()
    assert got.startswith(b"HTTP/1.1 408")
    assert b"slow_client" in got


async def test_rubbish_on_the_socket_is_a_400_and_others_are_served(tmp_path: Path) -> None:
    async with listening(open_door(tmp_path)) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.split(":")[2].split("/")[0]))
        writer.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
        assert (await asyncio.wait_for(reader.read(4000), 5)).startswith(b"HTTP/1.1 400")
        writer.close()
        async with httpx.AsyncClient(trust_env=False) as client:
            assert (await client.get(url.removesuffix("/v1") + "/healthz")).status_code == 200


@dataclass
class Endless(FakeModel):
    """Writes until it is told to stop."""

    began: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def generate(self, prompt: Prompt, terms: Terms = ANYHOW) -> Draft:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()
        return self.draft


@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_hangs_up_ends_the_generation(tmp_path: Path, stream: bool) -> None:
    model = Endless()
    door = open_door(tmp_path, house(model))
    body = {"model": "tidegate", "messages": [{"role": "user", "content": "hi"}], "n": 2, "stream": stream}
    headers = {"authorization": f"Bearer {door.api_key}"}
    async with listening(door) as url, httpx.AsyncClient(trust_env=False, headers=headers) as client:
        asked = asyncio.create_task(client.post(url + "/chat/completions", json=body))
        await asyncio.wait_for(model.began.wait(), 5)
        assert not model.ended.is_set()
        asked.cancel()
        await asyncio.wait_for(model.ended.wait(), 5)
        while door.door.gate.inside:  # noqa: ASYNC110  counts, has no event
            await asyncio.sleep(0.01)
        assert (await client.get(url + "/models")).status_code == 200
    assert door.stores.journal.latest(5) == []


async def test_work_under_way_is_finished_before_the_door_closes(tmp_path: Path) -> None:
    door = open_door(tmp_path, house(FakeModel(pause_s=0.5)))
    body = {"model": "tidegate", "messages": [{"role": "user", "content": "hi"}]}
    async with httpx.AsyncClient(
        trust_env=False, headers={"authorization": f"Bearer {door.api_key}"}
    ) as client:
        async with listening(door) as url:
            asked = asyncio.create_task(client.post(url + "/chat/completions", json=body))
            await asyncio.sleep(0.2)
        assert (await asked).json()["choices"][0]["message"]["content"] == "it is noon"
        with pytest.raises(httpx.ConnectError):
            await client.get(url + "/models")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])
def test_the_door_opens_on_loopback_only(host: str) -> None:
    with pytest.raises(BadConfig) as refused:
        listen.open_sockets(Settings(host=host, port=0))
    assert refused.value.code == "config_not_loopback"


def test_a_port_in_use_says_so() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(BadConfig) as refused:
            listen.open_sockets(Settings(port=other.getsockname()[1]))
    assert refused.value.code == "port_in_use"


async def raw(url: str, *parts: bytes) -> bytes:
    """What comes back for these bytes, until the connection ends or rests."""
    host, port = url.removeprefix("http://").removesuffix("/v1").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    got = b""
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.02)
        while more := await asyncio.wait_for(reader.read(65536), 2.0):
            got += more
    except TimeoutError:
        got += b"<rests>"
    except ConnectionError:  # more was on its way than anybody read
        pass
    finally:
        writer.close()
    return got


@pytest.mark.parametrize(
    "what",
    [
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 33_000,
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ],
)
async def test_what_is_no_http_gets_an_error_in_the_shape_of_every_other(tmp_path: Path, what: bytes) -> None:
    async with listening(open_door(tmp_path)) as url:
        head, _, body = (await raw(url, what)).partition(b"\r\n\r\n")
        assert (await raw(url, b"GET /healthz HTTP/1.0\r\n\r\n")).endswith(b'{"status":"ok"}')
    assert head.startswith(b"HTTP/1.1 400")
    assert b"connection: close" in head.lower()
    assert msgspec.json.decode(body)["error"]["code"] == "bad_http"


async def test_a_body_that_goes_wrong_after_its_answer_ends_the_connection_and_nothing_else(
    tmp_path: Path,
) -> None:
    async with listening(open_door(tmp_path)) as url:
        head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        got = await raw(url, head, b"not hexadecimal\r\n")
        assert got.startswith(b"HTTP/1.1 200")
        assert (await raw(url, b"GET /healthz HTTP/1.0\r\n\r\n")).endswith(b'{"status":"ok"}')


async def test_a_body_with_two_lengths_is_refused_and_what_follows_it_is_not_read(tmp_path: Path) -> None:
    door = open_door(tmp_path)
    async with listening(door) as url:
        got = await raw(
            url,
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            + door.api_key.encode()
            + b"\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n"
            + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        )
    assert got.startswith(b"HTTP/1.1 400")
    assert got.count(b"HTTP/1.1") == 1
    assert b"bad_http" in got


async def test_a_body_that_is_packed_is_told_so(tmp_path: Path) -> None:
    door = open_door(tmp_path)
    async with listening(door) as url, httpx.AsyncClient(base_url=url) as client:
        got = await client.post(
            "/chat/completions",
            content=b"\x1f\x8b\x08",
            headers={"authorization": f"Bearer {door.api_key}", "content-encoding": "gzip"},
        )
    assert (got.status_code, got.json()["error"]["code"]) == (415, "unsupported_encoding")
