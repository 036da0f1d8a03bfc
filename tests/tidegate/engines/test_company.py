"""Whatever runs beside a request and whatever ran before it, its answer is the same to the byte."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.models import edge_model, stories
from tidegate.chat import Message, Prompt, Role, Tool
from tidegate.engines.llama import Limits, LlamaEngine
from tidegate.engines.port import Draft

ROOMY = Limits(context_tokens=512, batch_tokens=128, slots=8, spares=1)
TOOLS = tuple(
    Tool(
        name,
        "",
        f'{{"type":"object","properties":{{"{field}":{{"type":"string"}},"percent":{{"type":"integer"}}}}}}',
    )
    for name, field in (
        ("GetWeather", "city"),
        ("SetLight", "area"),
        ("PlayMusic", "artist"),
        ("SetAlarm", "time"),
    )
)
SAID = (
    "what is the weather in Oslo",
    "set the light in the pantry to 40",
    "play some Miles Davis",
    "wake me at seven",
    "why is my bank card not working",
    "weather in Rome and light in the hall",
    "turn the light in the office to 10 percent please",
    "play jazz in the kitchen until nine and then wake me",
)


def calls() -> list[Prompt]:
    return [Prompt((Message(Role.USER, text),), TOOLS, max_tokens=60) for text in SAID]


def tales() -> list[Prompt]:
    """Some greedy, some drawn, some long enough to be computed in tiles, some with a system prompt in common."""
    system = Message(Role.SYSTEM, "Once there was a small town by the sea, and in it lived a girl. " * 4)
    found = []
    for index, text in enumerate(
        ("Once upon a time", "Lily saw a dog", "The cat", "One day Tom found a ball " * 7)
    ):
        told = Prompt((Message(Role.USER, text),), max_tokens=40, temperature=index * 0.4, seed=7 + index)
        found += [told, replace(told, messages=(system, *told.messages))]
    return found


def said(drafts: Sequence[Draft]) -> list[tuple[object, ...]]:
    """What a client sees, but for the ids of calls, which are drawn."""
    return [(d.text, [(c.name, c.arguments) for c in d.tool_calls], d.finish, d.usage) for d in drafts]


def scores(drafts: Sequence[Draft]) -> list[float]:
    """Every number that confidence looks at."""
    found = [n for d in drafts for t in d.tokens for n in (t.logprob, t.entropy, t.margin)]
    return found + [v for d in drafts for k, v in sorted(d.features.items()) if k != "reused_tokens"]


async def test_threads_change_nothing_in_a_long_conversation() -> None:
    long = Prompt((Message(Role.USER, " ".join(SAID * 5)),), TOOLS, max_tokens=12)
    other = replace(long, messages=(Message(Role.USER, "play jazz"),))
    engine = LlamaEngine.load(edge_model(), limits=replace(ROOMY, context_tokens=1024, threads=2, slots=3))
    assert engine.count_tokens(long) > 256
    by_itself = await engine.generate(long)
    beside = (await asyncio.gather(*(engine.generate(p) for p in (other, long, other))))[1]
    await engine.close()
    assert said([beside]) == said([by_itself])
    assert scores([beside]) == scores([by_itself])


async def alone(path: Path, prompts: Sequence[Prompt]) -> list[Draft]:
    """Each on an engine of its own, that has seen nothing before."""
    found = []
    for prompt in prompts:
        engine = LlamaEngine.load(path, limits=replace(ROOMY, slots=1))
        found.append(await engine.generate(prompt))
        await engine.close()
    return found


@pytest.mark.parametrize("which", ["edge", pytest.param("stories", marks=pytest.mark.shared)])
async def test_eight_at_once_are_the_same_to_the_byte_as_eight_alone(which: str) -> None:
    path, prompts = (edge_model(), calls()) if which == "edge" else (stories(), tales())
    cold = await alone(path, prompts)
    engine = LlamaEngine.load(path, limits=ROOMY)
    together = await asyncio.gather(*(engine.generate(prompt) for prompt in prompts))
    again = [await engine.generate(prompt) for prompt in reversed(prompts)]
    await engine.close()
    assert said(together) == said(cold)
    assert said(again[::-1]) == said(cold)
    assert scores(together) == scores(cold)
    assert scores(again[::-1]) == scores(cold)
    assert sum(d.features["reused_tokens"] for d in together) > 60, (
        "nothing was shared, so nothing was proved"
    )
    assert all(d.features["reused_tokens"] for d in again)
