"""Pydantic AI: an agent that calls a tool of its own, by both of OpenAI's dialects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.journeys.clients.said import CALLED, MODEL, SAY, why

if TYPE_CHECKING:
    from tests.journeys.clients.conftest import Door

pydantic_ai = pytest.importorskip("pydantic_ai", reason=why("pydantic-ai-slim"))
pydantic = pytest.importorskip("pydantic", reason=why("pydantic"))
PACKAGE = "pydantic-ai-slim"


class Light(pydantic.BaseModel):
    """The state that a light should have."""

    room: Literal["kitchen", "hall"]
    on: bool


def model(door: Door, kind: str) -> Any:
    from pydantic_ai.models import openai
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(base_url=door.url, api_key=door.key)
    return getattr(openai, kind)(MODEL, provider=provider)


def agent(door: Door, kind: str) -> tuple[Any, list[dict[str, str]]]:
    """An agent with one tool, and what the tool was asked to do."""
    made, asked = pydantic_ai.Agent(model(door, kind)), []

    @made.tool_plain  # type: ignore[misc]
    def SwitchLight(room: str, state: str) -> str:
        """Turns a light on or off"""
        asked.append({"room": room, "state": state})
        return "done"

    return made, asked


@pytest.mark.parametrize("kind", ["OpenAIChatModel", "OpenAIResponsesModel"])
def test_an_agent_calls_its_tool_and_tells_the_result(door: Door, kind: str) -> None:
    made, asked = agent(door, kind)
    told = made.run_sync(SAY)
    assert asked == [CALLED]
    assert told.output


async def test_an_agent_streams(door: Door) -> None:
    made, asked = agent(door, "OpenAIChatModel")
    async with made.run_stream(SAY) as stream:
        said = [text async for text in stream.stream_text()]
    assert asked == [CALLED]
    assert said[-1]


def test_an_output_type_is_enforced_by_the_schema(door: Door) -> None:
    made = pydantic_ai.Agent(model(door, "OpenAIChatModel"), output_type=pydantic_ai.NativeOutput(Light))
    assert isinstance(made.run_sync(SAY).output, Light)
