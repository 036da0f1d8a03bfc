"""What leaves at once, what waits for the end of a turn, and that no byte is lost or changes its place."""

from __future__ import annotations

import asyncio

import pytest

from edge.gateway.gathering import Gathering

HEAD = b"HTTP/1.1 200 \r\n\r\n"


class Wire(asyncio.Transport):
    """Remembers each write."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.ended = ""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"

    def get_write_buffer_size(self) -> int:
        return 0


def gathering(most: int = 100) -> tuple[Wire, Gathering]:
    wire = Wire()
    return wire, Gathering(wire, asyncio.get_running_loop(), most)


async def test_a_head_leaves_with_what_is_written_in_the_same_turn() -> None:
    wire, out = gathering()
    for part in (HEAD, b"one", b"", b"two"):
        out.write(part)
    assert wire.written == []
    assert out.get_write_buffer_size() == len(HEAD) + 6
    await asyncio.sleep(0)
    assert wire.written == [HEAD + b"onetwo"]


async def test_a_head_does_not_wait_longer_than_its_turn() -> None:
    wire, out = gathering()
    out.write(HEAD)
    await asyncio.sleep(0)
    assert wire.written == [HEAD]


async def test_what_follows_later_leaves_at_once() -> None:
    wire, out = gathering()
    out.write(HEAD)
    await asyncio.sleep(0)
    out.write(b"one")
    assert wire.written == [HEAD, b"one"]
    out.write(b"")
    assert len(wire.written) == 2


async def test_a_large_page_does_not_wait_so_that_its_writer_learns_that_nobody_reads() -> None:
    wire, out = gathering(most=30)
    for part in (HEAD, b"x" * 30, b"y"):
        out.write(part)
    assert wire.written == [HEAD + b"x" * 30, b"y"]
    await asyncio.sleep(0)
    assert len(wire.written) == 2, "nothing is written twice"


@pytest.mark.parametrize(("end", "left"), [("close", [HEAD]), ("abort", [])])
async def test_the_end_lets_nothing_lie(end: str, left: list[bytes]) -> None:
    wire, out = gathering()
    out.write(HEAD)
    getattr(out, end)()
    assert wire.written == left
    assert wire.ended == {"close": "closed", "abort": "aborted"}[end]
    await asyncio.sleep(0)
    assert wire.written == left
