"""A client that is answered while it still sends: it reads its answer, is told that this is the end, and cannot go on for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.config import Door as Settings
from edge.gateway import listen
from edge.gateway.lingering import USUAL, Bounds
from tests.fakes.edge_parts import OpenDoor, house, open_door

SMALL = Settings(port=0, max_body_bytes=10_000, read_timeout_s=5.0)
PIECE = b"x" * 65_536


@asynccontextmanager
async def connected(
    door: OpenDoor, bounds: Bounds = USUAL
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    sockets = listen.open_sockets(SMALL)
    server = listen.server(door.app, SMALL, bounds)
    task = asyncio.create_task(server.serve(sockets))
    while not server.started:  # noqa: ASYNC110  uvicorn sets a flag, no event
        await asyncio.sleep(0.01)
    reader, writer = await asyncio.open_connection("127.0.0.1", sockets[0].getsockname()[1])
    try:
        async with asyncio.timeout(20):
            yield reader, writer
    finally:
        writer.close()
        server.should_exit = True
        await task


def head(door: OpenDoor, length: str) -> bytes:
    lines = (
        "POST /v1/chat/completions HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {door.api_key}",
        length,
    )
    return "\r\n".join((*lines, "", "")).encode()  # fmt: skip


@pytest.mark.parametrize("length", ["Content-Length: 3000000", "Transfer-Encoding: chunked"])
async def test_who_still_sends_reads_the_413_and_that_the_connection_ends(
    tmp_path: Path, length: str
) -> None:
    door = open_door(tmp_path, house(), settings=SMALL)
    async with connected(door) as (reader, writer):
        writer.write(head(door, length))
        for _ in range(40):  # 2.6 MB, whatever is answered meanwhile
            chunk = f"{len(PIECE):x}\r\n".encode() + PIECE + b"\r\n" if "chunked" in length else PIECE
            writer.write(chunk)
            await writer.drain()
        got = await reader.read()  # to the end, which the door makes
    assert got.startswith(b"HTTP/1.1 413")
    assert b"\r\nconnection: close\r\n" in got.lower()
    assert b"body_too_large" in got
    assert got.count(b"HTTP/1.1") == 1


async def test_who_sends_nothing_more_is_let_go(tmp_path: Path) -> None:
    door = open_door(tmp_path, house(), settings=SMALL)
    async with connected(door, Bounds(0.2)) as (reader, writer):
        writer.write(head(door, "Content-Length: 3000000"))
        assert (await reader.read()).startswith(b"HTTP/1.1 413")
        with pytest.raises(ConnectionError):
            await _send_until_it_breaks(writer)


async def test_who_sends_for_ever_is_cut_off(tmp_path: Path) -> None:
    door = open_door(tmp_path, house(), settings=SMALL)
    async with connected(door, Bounds(600.0, 500_000)) as (_, writer):
        writer.write(head(door, "Content-Length: 900000000"))
        with pytest.raises(ConnectionError):
            await _send_until_it_breaks(writer)


async def test_a_stranger_is_not_read_to_the_end(tmp_path: Path) -> None:
    door = open_door(tmp_path, house(), settings=SMALL)
    async with connected(door) as (reader, writer):
        writer.write(
            b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n{"
        )
        got = await reader.read()
    assert got.startswith(b"HTTP/1.1 401")
    assert b"\r\nconnection: close\r\n" in got.lower()


async def test_who_has_sent_all_keeps_the_connection(tmp_path: Path) -> None:
    door = open_door(tmp_path, house(), settings=SMALL)
    body = b'{"model":"tidegate","messages":[{"role":"user","content":"hi"}]}'
    async with connected(door) as (reader, writer):
        for part in (body, b'{"model":1}'):
            writer.write(head(door, f"Content-Length: {len(part)}"))
            await writer.drain()
            writer.write(part)
            got = await reader.readuntil(b"\r\n\r\n")
            assert got.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400"))
            assert b"connection: close" not in got.lower()
            length = next(one for one in got.lower().split(b"\r\n") if one.startswith(b"content-length"))
            await reader.readexactly(int(length.split(b":")[1]))


async def _send_until_it_breaks(writer: asyncio.StreamWriter) -> None:
    while True:  # within the bound of the connection
        writer.write(PIECE)
        await writer.drain()
        await asyncio.sleep(0)
