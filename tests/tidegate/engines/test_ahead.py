"""A prompt read before it is asked about, and a draft that ends at its deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import pytest

from tests.fakes.models import stories
from tidegate.chat import Message, Prompt, Role
from tidegate.clock import SystemClock
from tidegate.engines.llama import Limits, LlamaEngine
from tidegate.engines.port import Draft, Finish, GivesUp, Terms, TokenScore
from tidegate.errors import BadRequest, Exhausted

pytestmark = pytest.mark.shared
LIMITS = Limits(context_tokens=256, batch_tokens=128, slots=3)
LONG = "Once upon a time there was a cat and a dog. " * 5


def ask(text: str = LONG, max_tokens: int = 24) -> Prompt:
    return Prompt((Message(Role.USER, text),), max_tokens=max_tokens)


@pytest.fixture
async def engine() -> AsyncIterator[LlamaEngine]:
    made = LlamaEngine.load(stories(), limits=LIMITS)
    yield made
    await made.close()


async def cold(prompt: Prompt) -> Draft:
    fresh = LlamaEngine.load(stories(), limits=LIMITS)
    draft = await fresh.generate(prompt)
    await fresh.close()
    return draft


async def rested(engine: LlamaEngine) -> None:
    """Nothing is at work in the engine."""
    async with asyncio.timeout(10):
        while engine.at_work:  # noqa: ASYNC110  an engine has no event for it
            await asyncio.sleep(0.001)


async def begun(engine: LlamaEngine, prompt: Prompt) -> asyncio.Task[None]:
    """Reading ahead, and as far as its slot."""
    reading = asyncio.ensure_future(engine.read_ahead(prompt))
    async with asyncio.timeout(10):
        while not engine.at_work:  # noqa: ASYNC110
            await asyncio.sleep(0)
    return reading


async def test_what_was_read_ahead_need_not_be_read_again(engine: LlamaEngine) -> None:
    reading = await begun(engine, ask())
    await rested(engine)
    draft, fresh = await engine.generate(ask()), await cold(ask())
    assert draft.features["reused_tokens"] == draft.usage.prompt_tokens - 1
    assert draft.text == fresh.text
    assert draft.tokens == fresh.tokens, "to the last bit"
    reading.cancel()


async def test_a_draft_goes_on_in_the_place_of_whoever_reads_ahead(engine: LlamaEngine) -> None:
    fresh = await cold(ask())
    for _ in range(5):
        reading = await begun(engine, ask())
        draft = await engine.generate(ask())
        assert draft.tokens == fresh.tokens
        reading.cancel()
        await engine.generate(ask("Lily saw a big red ball. " * 6, 2))  # what was read is soon overwritten
        await engine.generate(ask("Tom had a small blue car. " * 6, 2))
        await engine.generate(ask("Ben was sad and sat down. " * 6, 2))
    await rested(engine)


async def test_another_prompt_has_a_place_of_its_own(engine: LlamaEngine) -> None:
    reading = await begun(engine, ask())
    other = ask("Lily saw a big red ball. " * 6)
    assert (await engine.generate(other)).tokens == (await cold(other)).tokens
    reading.cancel()
    await rested(engine)


async def test_whoever_stops_reading_ahead_leaves_the_slot(engine: LlamaEngine) -> None:
    reading = await begun(engine, ask())
    reading.cancel()
    await rested(engine)


async def test_nothing_is_read_ahead_into_the_last_free_slot() -> None:
    engine = LlamaEngine.load(stories(), limits=replace(LIMITS, slots=1))
    await engine.read_ahead(ask())
    assert engine.at_work == 0
    await engine.close()


async def test_what_does_not_fit_is_told_ahead_too(engine: LlamaEngine) -> None:
    with pytest.raises(BadRequest):
        await engine.read_ahead(ask(LONG * 10))


def slowly(_seen: Mapping[str, float]) -> GivesUp:
    """A model that takes its time over each token."""

    def waits(_token: TokenScore) -> bool:
        time.sleep(0.01)
        return False

    return waits


async def test_a_draft_ends_at_its_deadline_with_what_there_is(engine: LlamaEngine) -> None:
    whole = await engine.generate(ask("Once upon a time", 200))
    due = SystemClock().mono() + 0.3
    cut = await engine.generate(ask("Once upon a time", 200), Terms(due=due, give_up=slowly))
    assert cut.finish is Finish.LENGTH
    assert cut.features["overdue"] == 1.0
    assert "overdue" not in whole.features
    assert whole.text.startswith(cut.text)
    assert len(cut.tokens) < len(whole.tokens)


async def test_a_deadline_that_is_not_reached_changes_nothing(engine: LlamaEngine) -> None:
    prompt = ask("Once upon a time")
    draft = await engine.generate(prompt, Terms(due=SystemClock().mono() + 600))
    assert draft.tokens == (await cold(prompt)).tokens
    assert "overdue" not in draft.features


async def test_what_is_due_before_it_begins_waits_for_no_slot(engine: LlamaEngine) -> None:
    with pytest.raises(Exhausted):
        await engine.generate(ask(), Terms(due=SystemClock().mono() - 1))
