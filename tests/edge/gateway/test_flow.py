"""A page told while it is made: what can be written at the same time is one write, and every byte of it is the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
