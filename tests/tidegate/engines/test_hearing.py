"""What a draft tells reaches its listener whole, in order, at first at once, and then in few hand-overs."""

from __future__ import annotations

import asyncio
import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.engines.hearing import Hearing

FOREVER = 1e9  # a pause that no test lives to see the end of


async def _turn() -> None:
    """Whatever is due on the loop is done."""
    for _ in range(3):
        await asyncio.sleep(0)


async def test_the_first_piece_is_heard_at_once_and_the_next_ones_together() -> None:
    heard: list[str] = []
    hearing = Hearing(asyncio.get_running_loop(), heard.append, pause_s=0.05)
    hearing.put("It ")
    await _turn()
    assert heard == ["It "]
    for piece in ("is ", "no", "on"):
        hearing.put(piece)
        await _turn()
    assert heard == ["It "], "the pause is not over"
    await asyncio.sleep(0.12)
    assert heard == ["It ", "is noon"]


async def test_after_a_pause_without_pieces_the_next_one_is_heard_at_once_again() -> None:
    heard: list[str] = []
    hearing = Hearing(asyncio.get_running_loop(), heard.append, pause_s=0.001)
    hearing.put("one")
    await asyncio.sleep(0.05)
    hearing.put("two")
    await _turn()
    assert heard == ["one", "two"]


async def test_what_is_left_is_heard_when_the_draft_is_done() -> None:
    heard: list[str] = []
    hearing = Hearing(asyncio.get_running_loop(), heard.append, pause_s=FOREVER)
    hearing.put("one ")
    await _turn()
    hearing.put("two ")
    hearing.put("three")
    hearing.finish()
    assert heard == ["one ", "two three"]
    hearing.finish()
    assert heard == ["one ", "two three"], "nothing is heard twice, and nothing that is empty"


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=4), max_size=40), st.sampled_from([0.0001, 0.002]))
def test_from_another_thread_every_character_is_heard_once_and_in_order(
    pieces: list[str], pause_s: float
) -> None:
    async def listen() -> list[str]:
        heard: list[str] = []
        loop = asyncio.get_running_loop()
        hearing, done = Hearing(loop, heard.append, pause_s=pause_s), asyncio.Event()

        def write() -> None:
            for piece in pieces:
                hearing.put(piece)
            loop.call_soon_threadsafe(hearing.finish)
            loop.call_soon_threadsafe(done.set)

        writer = threading.Thread(target=write)
        writer.start()
        await asyncio.wait_for(done.wait(), 10)
        writer.join()
        return heard

    heard = asyncio.run(listen())
    assert "".join(heard) == "".join(pieces)
    assert all(heard)


async def test_a_loop_that_is_gone_is_no_reason_to_stop_writing() -> None:
    loop = asyncio.new_event_loop()
    hearing = Hearing(loop, lambda text: None)
    loop.close()
    hearing.put("nobody listens")
