"""LangChain, through langchain-openai."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from tests.journeys.clients.said import CALLED, MODEL, SAY, TOOL, why

if TYPE_CHECKING:
    from tests.journeys.clients.conftest import Door

langchain = pytest.importorskip("langchain_openai", reason=why("langchain-openai"))
pydantic = pytest.importorskip("pydantic", reason=why("pydantic"))
PACKAGE = "langchain-openai"


class Light(pydantic.BaseModel):
    """The state that a light should have."""

    room: Literal["kitchen", "hall"]
    on: bool


class SwitchLight(pydantic.BaseModel):
    """Turns a light on or off"""

    room: str
    state: str


@pytest.fixture
def chat(door: Door) -> langchain.ChatOpenAI:
    return langchain.ChatOpenAI(
        model=MODEL, base_url=door.url, api_key=door.key, max_retries=0, stream_usage=True
    )


def test_a_tool_is_called_and_its_result_is_told(chat: langchain.ChatOpenAI) -> None:
    from langchain_core.messages import HumanMessage, ToolMessage

    able = chat.bind_tools([TOOL])
    turns = [HumanMessage(SAY)]
    first = able.invoke(turns)
    (call,) = first.tool_calls
    assert (call["name"], call["args"]) == ("SwitchLight", CALLED)
    told = able.invoke([*turns, first, ToolMessage("done", tool_call_id=call["id"])])
    assert told.content
    assert not told.tool_calls


def test_a_stream_adds_up_to_the_same_call(chat: langchain.ChatOpenAI) -> None:
    parts = list(chat.bind_tools([TOOL]).stream(SAY))
    whole = sum(parts[1:], start=parts[0])
    assert [call["args"] for call in whole.tool_calls] == [CALLED]
    assert whole.usage_metadata["total_tokens"] > 0


def test_structured_output_by_schema_and_by_tool(chat: langchain.ChatOpenAI) -> None:
    assert isinstance(chat.with_structured_output(Light, method="json_schema").invoke(SAY), Light)
    by_tool = chat.with_structured_output(SwitchLight, method="function_calling").invoke(SAY)
    assert by_tool.model_dump() == CALLED


def test_the_responses_endpoint_serves_it_too(door: Door) -> None:
    chat = langchain.ChatOpenAI(
        model=MODEL, base_url=door.url, api_key=door.key, max_retries=0, use_responses_api=True
    )
    assert [call["args"] for call in chat.bind_tools([TOOL]).invoke(SAY).tool_calls] == [CALLED]


def test_a_chain_runs_in_a_batch(chat: langchain.ChatOpenAI) -> None:
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate

    chain = (
        ChatPromptTemplate.from_messages([("system", "be brief"), ("user", "{said}")])
        | chat
        | StrOutputParser()
    )
    assert all(chain.batch([{"said": "hello"}, {"said": "good morning"}]))


def test_embeddings_are_made_on_the_device(door: Door) -> None:
    listed = langchain.ChatOpenAI(model=MODEL, base_url=door.url, api_key=door.key).root_client.models.list()
    if "embedding" not in {model.id for model in listed}:
        pytest.skip("the embedder is not built here: tidegate models build embedder")
    embeds = langchain.OpenAIEmbeddings(
        model="embedding",
        base_url=door.url,
        api_key=door.key,
        max_retries=0,
        check_embedding_ctx_length=False,
    )
    assert [len(vector) for vector in embeds.embed_documents(["a heat pump", "a bicycle"])] == [384, 384]
