"""The `openai` SDK: every endpoint of it that the door has."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.journeys.clients.said import CALLED, CLOSED, FUNCTION, MODEL, SAY, TOOL, why

if TYPE_CHECKING:
    from tests.journeys.clients.conftest import Door

openai = pytest.importorskip("openai", reason=why("openai"))
PACKAGE = "openai"
ASKED = [{"role": "user", "content": SAY}]


@pytest.fixture
def client(door: Door) -> openai.OpenAI:
    return openai.OpenAI(base_url=door.url, api_key=door.key, max_retries=0)


def test_the_models_are_listed_and_the_chat_model_comes_first(client: openai.OpenAI) -> None:
    assert next(iter(client.models.list())).id == "tidegate"
    assert client.models.retrieve(MODEL).owned_by == "tidegate"


def test_a_tool_is_called_and_its_result_is_told(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(model=MODEL, messages=ASKED, tools=[TOOL])
    (choice,) = first.choices
    (call,) = choice.message.tool_calls
    assert (choice.finish_reason, call.function.name) == ("tool_calls", "SwitchLight")
    assert json.loads(call.function.arguments) == CALLED
    result = {"role": "tool", "tool_call_id": call.id, "content": "done"}
    told = client.chat.completions.create(
        model=MODEL, messages=[*ASKED, choice.message.model_dump(), result], tools=[TOOL]
    )
    assert told.choices[0].finish_reason == "stop"
    assert told.choices[0].message.content


def test_a_chat_streams_with_tool_call_deltas_and_a_usage_chunk(client: openai.OpenAI) -> None:
    with client.chat.completions.stream(
        model=MODEL, messages=ASKED, tools=[TOOL], stream_options={"include_usage": True}
    ) as stream:
        kinds = [event.type for event in stream]
        whole = stream.get_final_completion()
    assert "tool_calls.function.arguments.delta" in kinds
    assert json.loads(whole.choices[0].message.tool_calls[0].function.arguments) == CALLED
    assert whole.usage.total_tokens > 0


def test_a_schema_shapes_the_answer(client: openai.OpenAI) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "light", "schema": CLOSED, "strict": True}}
    got = client.chat.completions.create(model=MODEL, messages=ASKED, response_format=wanted)
    assert json.loads(got.choices[0].message.content).keys() == {"room", "on"}


def test_logprobs_n_and_seed_are_honoured(client: openai.OpenAI) -> None:
    def ask() -> list[str]:
        got = client.chat.completions.create(
            model=MODEL,
            messages=ASKED,
            tools=[TOOL],
            n=2,
            seed=7,
            temperature=1.0,
            logprobs=True,
            top_logprobs=3,
        )
        assert len(got.choices) == 2
        assert len(got.choices[0].logprobs.content[0].top_logprobs) == 3
        return [
            choice.message.model_dump_json(exclude={"tool_calls": {"__all__": {"id"}}})
            for choice in got.choices
        ]

    assert ask() == ask()


def test_responses_call_a_tool_whole_and_streamed(client: openai.OpenAI) -> None:
    tools = [{"type": "function", **FUNCTION}]
    whole = client.responses.create(model=MODEL, input=SAY, tools=tools)
    assert [json.loads(item.arguments) for item in whole.output if item.type == "function_call"] == [CALLED]
    with client.responses.stream(model=MODEL, input=SAY, tools=tools) as stream:
        kinds = [event.type for event in stream]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert "response.function_call_arguments.done" in kinds


def test_completions_and_their_stream(client: openai.OpenAI) -> None:
    whole = client.completions.create(model=MODEL, prompt=["one", "two"])
    assert len(whole.choices) == 2
    streamed = client.completions.create(model=MODEL, prompt="one", stream=True)
    assert "".join(part.choices[0].text for part in streamed) == whole.choices[0].text


def test_embeddings_come_as_the_sdk_asks_for_them(client: openai.OpenAI) -> None:
    if "embedding" not in {model.id for model in client.models.list()}:
        pytest.skip("the embedder is not built here: tidegate models build embedder")
    got = client.embeddings.create(
        model="embedding", input=["a heat pump", "a bicycle"]
    )  # base64, its default
    assert [len(one.embedding) for one in got.data] == [384, 384]


def test_errors_arrive_as_the_sdks_own(client: openai.OpenAI, door: Door) -> None:
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="gpt-9", messages=ASKED)
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as wrong:
        client.chat.completions.create(model=MODEL, messages=ASKED, temperature=9)
    assert wrong.value.param == "temperature"
    stranger = openai.OpenAI(base_url=door.url, api_key="tg_wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        stranger.models.list()


def test_eight_ask_at_once_through_the_asynchronous_client(door: Door) -> None:
    async def all_of_them() -> list[str]:
        async with openai.AsyncOpenAI(base_url=door.url, api_key=door.key, max_retries=0) as client:
            ask = client.chat.completions.create
            got = await asyncio.gather(*(ask(model=MODEL, messages=ASKED, tools=[TOOL]) for _ in range(8)))
        return [one.choices[0].message.tool_calls[0].function.arguments for one in got]

    assert [json.loads(arguments) for arguments in asyncio.run(all_of_them())] == [CALLED] * 8
