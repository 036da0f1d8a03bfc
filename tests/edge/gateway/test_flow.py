"""A page told while it is made: what can be written at the same time is one write, and every byte of it is the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.gateway.flow import MOST_BYTES, Flow, together
from edge.gateway.render import Page
from edge.routing.plan import Why
from tidegate.errors import Broken

PAGE = Page(answers=(), created=1, model="m")


def _events(flow: Flow) -> Iterator[bytes]:
    """A dialect: a first event before any text, one for each piece, one behind."""
    yield b"<"
    for piece in flow.pieces():
        yield piece.encode()
    yield b">"
    yield b"end"


async def test_what_is_there_at_the_same_time_is_written_together() -> None:
    flow = Flow()
    writes = flow.told_by(_events(flow))
    flow.hear(Why.LOCAL_ONLY, "it ")
    flow.hear(Why.LOCAL_ONLY, "is ")
    assert await anext(writes) == b"<it is "
    flow.hear(Why.LOCAL_ONLY, "no")
    assert await anext(writes) == b"no"
    flow.hear(Why.LOCAL_ONLY, "on")
    flow.settle(PAGE)
    assert [one async for one in writes] == [b"on>end"]


async def test_a_broken_page_ends_after_what_was_told() -> None:
    flow = Flow()
    flow.hear(Why.LOCAL_ONLY, "it ")
    flow.fail(Broken("the model failed", code="model_failed"))
    assert [one async for one in flow.told_by(_events(flow))] == [b"<it "]


@pytest.mark.parametrize("sizes", [[], [0], [1, 2, 3], [MOST_BYTES], [MOST_BYTES - 1, 1, 1], [10] * 5000])
def test_events_put_together_are_the_same_bytes_in_pieces_of_a_bounded_size(sizes: list[int]) -> None:
    events = [bytes([65 + at % 26]) * size for at, size in enumerate(sizes)]
    pieces = list(together(events))
    assert b"".join(pieces) == b"".join(events)
    assert all(len(piece) < MOST_BYTES + max(sizes) for piece in pieces)
    assert all(len(piece) >= MOST_BYTES for piece in pieces[:-1]), "few pieces"


async def _told(flow: Flow, into: list[bytes]) -> None:
    async for one in flow.told_by(_events(flow)):
        into.append(one)  # noqa: PERF401  looked at while it is being written


async def _turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_piece_that_need_not_wait_is_written_where_it_is_heard() -> None:
    out, straight = list[bytes](), list[bytes]()

    def keeps(data: bytes) -> bool:
        straight.append(data)
        return True

    flow = Flow(straight=keeps)
    writing = asyncio.ensure_future(_told(flow, out))
    flow.hear(Why.LOCAL_ONLY, "it ")  # nobody writes the stream yet
    await _turn()
    assert (out, straight) == ([b"<it "], [])
    flow.hear(Why.LOCAL_ONLY, "is ")
    assert straight == [b"is "]
    flow.hear(Why.LOCAL_ONLY, "noon")
    assert straight == [b"is ", b"noon"]
    flow.settle(PAGE)
    await writing
    assert out == [b"<it ", b">end"]


@given(st.lists(st.tuples(st.sampled_from("hhht"), st.booleans()), max_size=30))
async def test_in_whatever_way_pieces_leave_their_order_stays(steps: list[tuple[str, bool]]) -> None:
    out, ready = list[bytes](), True

    def straight(data: bytes) -> bool:
        if ready:
            out.append(data)
        return ready

    flow = Flow(straight=straight)
    writing, said = asyncio.ensure_future(_told(flow, out)), ""
    for at, (step, keeps_up) in enumerate(steps):
        ready = keeps_up
        if step == "t":
            await _turn()
        else:
            said += f"{at},"
            flow.hear(Why.LOCAL_ONLY, f"{at},")
    flow.settle(PAGE)
    await writing
    assert b"".join(out).decode() == f"<{said}>end"


async def test_a_page_that_cannot_be_written_breaks_the_stream() -> None:
    def events(flow: Flow) -> Iterator[bytes]:
        for piece in flow.pieces():
            if piece == "x":
                raise ZeroDivisionError
            yield piece.encode()

    flow = Flow(straight=lambda _: True)
    writing = asyncio.ensure_future(anext(flow.told_by(events(flow)), b"over"))
    await _turn()
    flow.hear(Why.LOCAL_ONLY, "x")
    assert await writing == b"over"
    assert isinstance(flow.broken, ZeroDivisionError)
