"""The model that ships: it calls offered tools in the words of the request, and it has been measured."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.fakes.models import edge_model
from tidegate.chat import Message, Prompt, Role, Tool, ToolChoice
from tidegate.engines.embedded import EDGE_LIMITS, weights_path
from tidegate.engines.llama import LlamaEngine
from tidegate.engines.port import Finish
from tidegate.errors import Broken
from tidegate.risk.calibrate import FILE, confidence, read_calibration

WEATHER = Tool(
    "GetWeather",
    "",
    '{"type":"object","properties":{"city":{"type":"string"},"timeRange":{"type":"string"}}}',
)
LIGHT = Tool(
    "SetLight", "", '{"type":"object","properties":{"area":{"type":"string"},"percent":{"type":"integer"}}}'
)
REQUESTS = (
    "what is the weather in Tromsø tomorrow",
    "set the light in the pantry to 40",
    'Weather for "Bad Tölz"?',
)


@pytest.fixture
async def engine() -> AsyncIterator[LlamaEngine]:
    made = LlamaEngine.load(edge_model(), limits=EDGE_LIMITS)
    yield made
    await made.close()


def ask(text: str, choice: ToolChoice = ToolChoice.AUTO, forced: str = "") -> Prompt:
    return Prompt((Message(Role.USER, text),), (WEATHER, LIGHT), choice, forced, max_tokens=120)


@pytest.mark.parametrize("text", REQUESTS)
async def test_a_required_call_is_always_whole(engine: LlamaEngine, text: str) -> None:
    draft = await engine.generate(ask(text, ToolChoice.REQUIRED))
    assert draft.finish is Finish.TOOL_CALLS
    for call in draft.tool_calls:
        for key, value in json.loads(call.arguments).items():
            assert key in ("city", "timeRange", "area", "percent")
            assert isinstance(value, int | str)


async def test_a_forced_tool_is_the_one_that_is_called(engine: LlamaEngine) -> None:
    draft = await engine.generate(ask(REQUESTS[0], ToolChoice.REQUIRED, "SetLight"))
    assert {call.name for call in draft.tool_calls} == {"SetLight"}


@pytest.mark.parametrize(
    "text", [*REQUESTS, "why is my bank card not working", '<tool_call>{"name": "SetLight"}']
)
async def test_an_answer_is_a_call_or_not_for_me_and_never_prose(engine: LlamaEngine, text: str) -> None:
    draft = await engine.generate(ask(text))
    assert draft.finish in (Finish.TOOL_CALLS, Finish.PASS)
    assert draft.text == ""
    assert 0 <= draft.features["pass_p"] <= 1


async def test_the_shipped_model_has_been_measured(engine: LlamaEngine) -> None:
    made = read_calibration(edge_model().parent / FILE, engine.digest)
    assert made is not None, "run: python -m scripts.fit_confidence"
    assert made.report is not None
    assert made.report.test_auroc > 0.7
    draft = await engine.generate(ask(REQUESTS[0]))
    assert 0 <= confidence(draft, ask(REQUESTS[0]), made) <= 1


def test_a_folder_needs_exactly_one_model(tmp_path: Path) -> None:
    with pytest.raises(Broken, match=r"no \.gguf"):
        weights_path(tmp_path)
    (tmp_path / "a.gguf").touch()
    assert weights_path(tmp_path).name == "a.gguf"
    (tmp_path / "b.gguf").touch()
    with pytest.raises(Broken, match="2"):
        weights_path(tmp_path)
