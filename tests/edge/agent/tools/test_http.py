"""HTTP tools against a real server on loopback that behaves and misbehaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from edge.agent.settings import Declared, HttpSetting, ToolSetting
from edge.agent.toolbox import chest
from edge.agent.values import Ended, Outcome
from tidegate.chat import JSON
from tidegate.errors import BadConfig

PARAMETERS = {
    "type": "object",
    "properties": {"room": {"type": "string"}, "level": {"type": "integer"}},
}


@dataclass
class Server:
    """Answers each request with what stands in `reply`; remembers what came."""

    reply: bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
    port: int = 0
    heard: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            ),
            0,
        )
        self.heard.append((head + await reader.readexactly(length)).decode())
        if self.reply == b"hang":
            await asyncio.sleep(30)
        writer.write(self.reply)
        if self.reply.endswith(b"flood"):
            try:
                while True:
                    writer.write(b"x" * 65_536)
                    await writer.drain()
            except ConnectionError:
                pass
        writer.close()


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[Server]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


def tool(http: HttpSetting, **changes: object) -> ToolSetting:
    made = {
        "name": "t",
        "description": "",
        "parameters": PARAMETERS,
        "http": http,
        "seconds": 2.0,
        "output_bytes": 5_000,
    }
    return ToolSetting(**{**made, **changes})  # type: ignore[arg-type]


async def act(
    server: Server, arguments: dict[str, JSON], http: HttpSetting | None = None, **changes: object
) -> Outcome:
    setting = http or HttpSetting(url=f"http://127.0.0.1:{server.port}/rooms/{{room}}")
    box = chest(Declared(tools=(tool(setting, **changes),)), {"TOKEN": "secret"})
    return await box.call((await box.tools())["t"], arguments, "key-7")


async def test_a_request_carries_its_arguments_and_one_key_per_call() -> None:
    async with serving(Server()) as server:
        post = HttpSetting(
            url=f"http://127.0.0.1:{server.port}/rooms/{{room}}",
            method="POST",
            body="json",
            headers={"authorization": "${TOKEN}"},
        )
        found = await act(server, {"room": "a/b", "level": 3}, post)
    assert (found.ended, found.text) == (Ended.OK, "ok")
    head, _, body = server.heard[0].partition("\r\n\r\n")
    assert head.startswith("POST /rooms/a%2Fb HTTP/1.1")
    assert "idempotency-key: key-7" in head.lower()
    assert "authorization: secret" in head.lower()
    assert json.loads(body) == {"level": 3}


@pytest.mark.parametrize(
    ("reply", "ended", "note"),
    [
        (b"HTTP/1.1 503 Busy\r\ncontent-length: 4\r\n\r\nbusy", Ended.FAILED, "HTTP 503"),
        (
            b"HTTP/1.1 302 Found\r\nlocation: http://example.org/\r\ncontent-length: 0\r\n\r\n",
            Ended.FAILED,
            "HTTP 302",
        ),
        (b"hang", Ended.TIMED_OUT, "after 2 s"),
        (b"HTTP/1.1 200 OK\r\n\r\nflood", Ended.FLOODED, "more than 5000 bytes"),
        (b"nonsense\r\n\r\n", Ended.UNREACHABLE, "RemoteProtocolError"),
        (b"", Ended.UNREACHABLE, "RemoteProtocolError"),
    ],
)
async def test_a_server_that_misbehaves_is_an_outcome(reply: bytes, ended: Ended, note: str) -> None:
    async with serving(Server(reply)) as server:
        found = await act(server, {"room": "x"})
    assert (found.ended, found.note) == (ended, note)
    assert len(found.text) <= 5_000


async def test_a_server_that_is_not_there_and_an_argument_that_walks_up_are_outcomes() -> None:
    assert (await act(Server(port=1), {"room": "x"})).ended is Ended.UNREACHABLE
    assert (await act(Server(port=1), {"room": ".."})).ended is Ended.BAD_CALL


async def test_json_that_was_promised_is_held_to() -> None:
    async with serving(Server()) as server:
        assert (await act(server, {"room": "x"}, output="json")).ended is Ended.INVALID


@pytest.mark.parametrize(
    ("url", "hosts", "local_only"),
    [
        ("http://example.org/", (), False),
        ("http://example.org/", ("example.com",), False),
        ("http://example.org/", ("example.org",), True),
        ("http://{room}/", (), False),
        ("http://127.0.0.1@example.org/", (), False),
        ("file:///etc/passwd", (), False),
        ("http://user:pass@127.0.0.1/", (), False),
    ],
)
def test_an_address_that_is_not_allowed_stops_the_start(
    url: str, hosts: tuple[str, ...], local_only: bool
) -> None:
    with pytest.raises(BadConfig):
        chest(
            Declared(tools=(tool(HttpSetting(url=url)),), hosts=frozenset(hosts), local_only=local_only), {}
        )


async def test_another_machine_counts_as_outward_and_loopback_does_not() -> None:
    declared = Declared(
        tools=(
            tool(HttpSetting(url="http://example.org/")),
            tool(HttpSetting(url="http://localhost/"), name="near"),
        ),
        hosts=frozenset({"example.org"}),
    )
    found = await chest(declared, {}).tools()
    assert (found["t"].outward, found["near"].outward) == (True, False)
