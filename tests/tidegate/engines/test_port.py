"""One contract, every engine: what any caller may rely on."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest

from tests.fakes.completions import serving
from tests.fakes.engine import FakeEngine
from tests.fakes.models import edge_model, stories
from tidegate.chat import Message, Prompt, Role
from tidegate.engines.llama import Limits, LlamaEngine
from tidegate.engines.port import Engine, Finish, Terms
from tidegate.engines.remote import RemoteEngine
from tidegate.errors import BadRequest, TidegateError

KINDS = ["fake", pytest.param("stories", marks=pytest.mark.shared), "embedded", "remote"]


@pytest.fixture(params=KINDS)
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    match request.param:
        case "fake":
            made: Engine = FakeEngine()
            yield made
        case "remote":
            with serving() as url:
                made = RemoteEngine(url, "small", context_tokens=64)
                yield made
                await made.close()
            return
        case kind:
            path = stories() if kind == "stories" else edge_model()
            made = LlamaEngine.load(path, limits=Limits(context_tokens=128, batch_tokens=64))
            yield made
    await made.close()


def ask(text: str, max_tokens: int = 8, schema: str = "") -> Prompt:
    return Prompt((Message(Role.USER, text),), max_tokens=max_tokens, response_schema=schema)


async def test_it_names_itself_and_its_weights(engine: Engine) -> None:
    assert engine.model
    assert re.fullmatch(r"[0-9a-f]{64}", engine.digest)
    assert engine.context_tokens > 0


async def test_it_writes_no_more_than_it_was_allowed_and_says_when_it_was_cut(engine: Engine) -> None:
    draft = await engine.generate(ask("Once upon a time", max_tokens=2))
    assert draft.usage.completion_tokens <= 2
    assert draft.finish is not Finish.LENGTH or draft.usage.completion_tokens == 2
    assert draft.usage.prompt_tokens > 0


async def test_a_conversation_longer_than_the_context_is_the_callers_mistake(engine: Engine) -> None:
    with pytest.raises(BadRequest) as caught:
        await engine.generate(ask("word " * 400))
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "messages")


async def test_an_unusable_schema_is_the_callers_mistake(engine: Engine) -> None:
    with pytest.raises(BadRequest) as caught:
        await engine.generate(ask("hello", schema='"not an object"'))
    assert caught.value.param == "response_format"


async def test_the_same_question_gets_the_same_answer(engine: Engine) -> None:
    first, second = [await engine.generate(ask("Once upon a time")) for _ in range(2)]
    assert first.text == second.text


async def test_what_is_heard_is_the_beginning_of_the_draft_and_comes_before_it(engine: Engine) -> None:
    if isinstance(engine, RemoteEngine):
        pytest.skip("a remote engine tells nothing early")
    assert isinstance(engine, FakeEngine | LlamaEngine)
    heard: list[str] = []
    draft = await engine.generate(
        ask("Once upon a time", max_tokens=20), Terms("tests", 5.0, hear=heard.append)
    )
    assert draft.text.startswith("".join(heard))
    assert heard or not draft.text


async def test_requests_at_once_are_all_answered(engine: Engine) -> None:
    drafts = await asyncio.gather(*(engine.generate(ask(f"number {n % 2}", max_tokens=3)) for n in range(6)))
    assert [d.text for d in drafts[:2]] * 3 == [d.text for d in drafts]


async def test_a_cancelled_request_leaves_the_engine_usable(engine: Engine) -> None:
    running = asyncio.create_task(engine.generate(ask("Once upon a time", max_tokens=60)))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await engine.generate(ask("Once upon a time", max_tokens=2))).usage.completion_tokens <= 2


async def test_a_closed_engine_says_so_and_closes_twice(engine: Engine) -> None:
    await engine.close()
    await engine.close()
    with pytest.raises(TidegateError):
        await engine.generate(ask("hello"))
