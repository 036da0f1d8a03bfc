"""The engine over a real, very small model."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.models import stories
from tidegate.chat import Message, Prompt, Role, Tool, ToolChoice
from tidegate.engines.llama import Limits, LlamaEngine
from tidegate.engines.port import Finish, Terms
from tidegate.engines.threads import best, candidates, measured
from tidegate.errors import BadRequest, Broken, Exhausted

pytestmark = pytest.mark.shared
SMALL = Limits(context_tokens=256, batch_tokens=32)
WEATHER = Tool(
    "GetWeather", "", '{"type":"object","properties":{"city":{"type":"string","enum":["Oslo","Rome"]}}}'
)
HEAT = Tool("SetHeat", "", '{"type":"object","properties":{"degrees":{"type":"integer"}}}')


@pytest.fixture
async def engine() -> AsyncIterator[LlamaEngine]:
    made = LlamaEngine.load(stories(), limits=SMALL)
    yield made
    await made.close()


def ask(text: str, max_tokens: int = 24, temperature: float = 0.0, seed: int = 0) -> Prompt:
    return Prompt((Message(Role.USER, text),), max_tokens=max_tokens, temperature=temperature, seed=seed)


async def test_a_reused_prefix_changes_nothing_but_the_work(engine: LlamaEngine) -> None:
    questions = [
        "Once upon a time there was a cat",
        "Once upon a time there was a dog",
        "Lily saw",
        "Once upon",
    ]
    warm = [await engine.generate(ask(q)) for q in questions]
    for question, draft in zip(questions, warm, strict=True):
        fresh = LlamaEngine.load(stories(), limits=SMALL)
        cold = await fresh.generate(ask(question))
        await fresh.close()
        assert draft.text == cold.text
        assert [t.logprob for t in draft.tokens] == pytest.approx([t.logprob for t in cold.tokens], abs=1e-3)
    assert warm[1].features["reused_tokens"] > 5
    assert warm[2].features["reused_tokens"] <= 1


async def test_every_token_carries_what_confidence_needs(engine: LlamaEngine) -> None:
    draft = await engine.generate(replace(ask("Once upon a time", max_tokens=5), top_logprobs=3))
    assert "".join(t.text for t in draft.tokens) == draft.text
    for token in draft.tokens:
        assert token.logprob <= 0
        assert 0 <= token.entropy <= math.log(512)
        assert token.top[0] == (token.text, token.logprob)
        assert token.margin == pytest.approx(token.top[0][1] - token.top[1][1])
        assert len(token.top) == 3


async def test_a_stop_string_ends_the_answer_before_it(engine: LlamaEngine) -> None:
    whole = await engine.generate(ask("Once upon a time"))
    cut = await engine.generate(replace(ask("Once upon a time"), stop=("girl", "never said")))
    assert "girl" in whole.text
    assert cut.text == whole.text[: whole.text.index("girl")]
    assert cut.finish is Finish.STOP


async def test_a_seed_reproduces_and_another_seed_differs(engine: LlamaEngine) -> None:
    def at(seed: int) -> Prompt:
        return ask("Once upon a time", temperature=1.5, seed=seed)

    one, again, other = [(await engine.generate(at(seed))).text for seed in (7, 7, 8)]
    assert one == again
    assert one != other


async def test_a_schema_binds_the_answer(engine: LlamaEngine) -> None:
    schema = {"type": "object", "properties": {"mood": {"enum": ["good", "bad"]}}, "required": ["mood"]}
    draft = await engine.generate(
        replace(ask("How are you?", max_tokens=60), response_schema=json.dumps(schema))
    )
    assert json.loads(draft.text)["mood"] in ("good", "bad")


@pytest.mark.parametrize("param", ["response_format", "tools"])
async def test_a_schema_is_read_beside_the_loop_which_serves_others_meanwhile(
    engine: LlamaEngine, param: str
) -> None:
    unusable = '{"type":"object","properties":{"a":{"$ref":"#/$defs/nowhere"}}}'
    tool = Tool("T", "", unusable)
    asked = (
        replace(ask("hi"), response_schema=unusable)
        if param == "response_format"
        else replace(ask("hi"), tools=(tool,), tool_choice=ToolChoice.REQUIRED)
    )
    task = asyncio.create_task(engine.generate(asked))
    await asyncio.sleep(0)  # its first step; where it read on the loop it would be refused by now
    assert not task.done()
    with pytest.raises(BadRequest) as refused:
        await task
    assert (refused.value.code, refused.value.param) == ("unusable_schema", param)


@pytest.mark.parametrize("forced", ["", "SetHeat", "GetWeather"])
async def test_a_required_call_names_an_offered_tool_with_arguments_of_its_schema(forced: str) -> None:
    engine = LlamaEngine.load(stories(), limits=replace(SMALL, context_tokens=512))
    prompt = replace(
        ask("Warm it up", max_tokens=150),
        tools=(WEATHER, HEAT),
        tool_choice=ToolChoice.REQUIRED,
        forced_tool=forced,
    )
    draft = await engine.generate(replace(prompt, stop=("}}",)))
    await engine.close()
    assert draft.text == ""  # the call was cut off: that is nobody's answer
    written = "".join(token.text for token in draft.tokens)
    name, _, arguments = written.removeprefix('<tool_call>\n{"name": ').partition(', "arguments": ')
    assert json.loads(name) in ((forced,) if forced else ("GetWeather", "SetHeat"))
    assert arguments.startswith("{")


async def test_cancellation_frees_the_engine_before_the_answer_would_have_ended(engine: LlamaEngine) -> None:
    long = asyncio.create_task(engine.generate(ask("Once upon a time", max_tokens=240)))
    await asyncio.sleep(0.02)
    long.cancel()
    with pytest.raises(asyncio.CancelledError):
        await long
    for _ in range(1000):
        if engine.at_work:
            await asyncio.sleep(0.001)
    assert 0 < engine._worker._steps < 200, "the cancelled request ran to its end"


async def test_a_full_queue_refuses_instead_of_growing() -> None:
    engine = LlamaEngine.load(stories(), limits=replace(SMALL, queued=2))
    asked = [asyncio.create_task(engine.generate(ask("Once upon a time", max_tokens=40))) for _ in range(8)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    refused = [r for r in results if isinstance(r, Exhausted)]
    assert 1 <= len(refused) <= 6
    assert all(r.status == 429 for r in refused)
    await engine.close()


async def test_closing_finishes_what_was_accepted() -> None:
    engine = LlamaEngine.load(stories(), limits=SMALL)
    asked = asyncio.create_task(engine.generate(ask("Once upon a time", max_tokens=30)))
    await asyncio.sleep(0)
    await engine.close()
    assert (await asked).usage.completion_tokens > 0
    with pytest.raises(Broken, match="unloaded"):
        engine.count_tokens(ask("hello"))


async def test_a_glance_tells_about_the_first_token_and_writes_nothing(engine: LlamaEngine) -> None:
    seen = await engine.glance(ask("Once upon a time"))
    first = (await engine.generate(ask("Once upon a time", max_tokens=1))).tokens[0]
    assert seen["first_entropy"] == pytest.approx(first.entropy, abs=1e-4)
    assert "pass_p" not in seen, "this model has no such token"


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda b: b"GGML" + b[4:], "model_not_gguf"),
        (lambda b: b"", "model_not_gguf"),
        (lambda b: b[:1000], "model_truncated"),
        (lambda b: b[:-1], "model_truncated"),
        (lambda b: b[:8] + b"\xff" * 8 + b[16:], "model_not_gguf"),
        (
            lambda b: b.replace(
                b"\x05\x00\x00\x00\x00\x00\x00\x00llama", b"\x05\x00\x00\x00\x00\x00\x00\x00xlama", 1
            ),
            "model_unusable",
        ),
    ],
    ids=[
        "other magic",
        "empty",
        "cut in the header",
        "one byte short",
        "absurd counts",
        "unknown architecture",
    ],
)
async def test_a_damaged_file_is_refused_with_its_reason(tmp_path: Path, damage: object, code: str) -> None:
    assert callable(damage)
    path = tmp_path / "model.gguf"
    path.write_bytes(damage(stories().read_bytes()))
    with pytest.raises(Broken) as caught:
        LlamaEngine.load(path)
    assert caught.value.code == code
    assert "model.gguf" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(Broken, match=r"absent\.gguf"):
        LlamaEngine.load(tmp_path / "absent.gguf")


async def test_what_is_heard_early_is_what_the_draft_begins_with(engine: LlamaEngine) -> None:
    heard: list[str] = []
    prompt = replace(ask("Once upon a time", max_tokens=60), stop=("girl",))
    draft = await engine.generate(prompt, Terms(hear=heard.append))
    assert heard
    assert draft.text.startswith("".join(heard))
    assert len("".join(heard)) > len(draft.text) - 8


async def test_a_short_question_does_not_wait_for_a_long_answer() -> None:
    engine = LlamaEngine.load(stories(), limits=replace(SMALL, slots=2))
    long = asyncio.create_task(engine.generate(ask("Once upon a time", max_tokens=200)))
    await asyncio.sleep(0)
    await engine.generate(ask("Lily", max_tokens=2))
    assert not long.done()
    assert (await long).usage.completion_tokens > 20
    await engine.close()


async def test_a_request_that_waited_too_long_is_told_when_to_come_back() -> None:
    engine = LlamaEngine.load(stories(), limits=SMALL)
    long = asyncio.create_task(engine.generate(ask("Once upon a time", max_tokens=240)))
    await asyncio.sleep(0)
    with pytest.raises(Exhausted) as caught:
        await engine.generate(ask("Lily", max_tokens=2), Terms(wait_s=0.0))
    assert (caught.value.status, caught.value.code) == (429, "engine_busy")
    assert caught.value.retry_after_s >= 1
    assert not long.done()
    await long
    await engine.close()


async def test_a_file_that_is_replaced_while_loaded_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(stories().read_bytes())
    engine = LlamaEngine.load(path, limits=SMALL)
    before = await engine.generate(ask("Once upon a time"))
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF, but not a model")
    other.replace(path)
    assert (await engine.generate(ask("Once upon a time"))).text == before.text
    await engine.close()


async def test_a_file_that_is_written_over_while_loaded_changes_nothing_when_it_was_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(stories().read_bytes())
    engine = LlamaEngine.load(path, limits=SMALL)
    before = await engine.generate(ask("Once upon a time"))
    path.write_bytes(b"")
    assert (await engine.generate(ask("Once upon a time"))).text == before.text
    await engine.close()


def test_fewest_threads_win_unless_more_are_clearly_faster() -> None:
    assert best({1: 1.0, 2: 0.95, 4: 0.94}) == 1
    assert best({1: 1.0, 2: 0.6, 4: 0.58}) == 2
    assert best({1: 1.0, 2: 1.3, 4: 0.5}) == 4
    assert candidates(1) == (1,)
    assert candidates(6) == (1, 2, 4, 6)
    assert measured(lambda _count: None, 2) in (1, 2)
