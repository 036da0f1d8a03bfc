"""What is to be seen of an engine: who is at work, what each slot holds, who waits, and how much reading was spared."""

from __future__ import annotations

import asyncio

from tests.tidegate.engines.test_ahead import ask, engine, rested
from tidegate.engines.llama import LlamaEngine
from tidegate.engines.seats import Tally

__all__ = ["engine"]


async def test_an_engine_at_rest_holds_nothing_and_nobody_waits(engine: LlamaEngine) -> None:
    seats = engine.seats()
    assert (seats.at_work, seats.waiting, seats.tally) == (0, 0, Tally())
    assert seats.places == sum(not one.spare for one in seats.slots)
    assert all(one.held == 0 for one in seats.slots)


async def test_what_was_read_stays_in_its_slot_and_a_repeat_is_counted_as_reused(engine: LlamaEngine) -> None:
    await engine.generate(ask())
    await rested(engine)
    first = engine.seats()
    count = engine.count_tokens(ask())
    assert max(one.held for one in first.slots) >= count
    assert first.tally == Tally(1, 0, count, 0)
    await engine.generate(ask())
    await rested(engine)
    again = engine.seats().tally
    assert (again.served, again.shared, again.prompt_tokens) == (2, 1, 2 * count)
    assert 0 < again.reused < count


async def test_those_at_work_and_those_who_wait_are_seen_while_they_do(engine: LlamaEngine) -> None:
    places = engine.seats().places
    work = [
        asyncio.create_task(engine.generate(ask(f"{at} a story about cats", 200))) for at in range(places + 2)
    ]
    most = waited = 0
    while not all(one.done() for one in work):
        seats = engine.seats()
        most, waited = max(most, seats.at_work), max(waited, seats.waiting)
        assert seats.at_work <= places
        await asyncio.sleep(0.002)
    await asyncio.gather(*work)
    await rested(engine)
    assert most == places
    assert waited >= 1
    assert engine.seats().at_work == 0
