"""Everything else that the SDK's `responses` can call: what a response was asked, what one would cost, and what is not here."""

from __future__ import annotations

from pathlib import Path

import openai
import pytest

from tests.edge.memory.test_memory_at_the_door import world
from tests.fakes.edge_clients import http, sdk
from tidegate.chat import JSON

ASKED: list[JSON] = [
    {"role": "user", "content": [{"type": "input_text", "text": "is the light on?"}]},
    {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"room":"hall"}'},
    {"type": "function_call_output", "call_id": "c1", "output": "it is on"},
    {"role": "user", "content": "then switch it off"},
]
KINDS = ["message", "function_call", "function_call_output", "message"]


async def test_the_items_of_a_response_are_listed_newest_first_or_oldest_first(tmp_path: Path) -> None:
    here = world(tmp_path)
    client = sdk(here.door)
    made = await client.responses.create(model="tidegate", input=ASKED, instructions="be brief")  # type: ignore[arg-type]
    newest = await client.responses.input_items.list(made.id)
    oldest = await client.responses.input_items.list(made.id, order="asc")
    assert [one.type for one in oldest.data] == KINDS
    assert [one.id for one in newest.data] == [one.id for one in reversed(oldest.data)]
    first = oldest.data[0].model_dump()
    assert (first["role"], first["content"][0]["text"]) == ("user", "is the light on?")
    assert oldest.data[1].model_dump()["arguments"] == '{"room":"hall"}'
    assert oldest.data[2].model_dump()["output"] == "it is on"
    assert "be brief" not in str(oldest)


async def test_they_are_paged_and_every_item_comes_once(tmp_path: Path) -> None:
    here = world(tmp_path)
    client = sdk(here.door)
    made = await client.responses.create(model="tidegate", input=ASKED)  # type: ignore[arg-type]
    page = await client.responses.input_items.list(made.id, limit=3, order="asc")
    assert (len(page.data), page.has_more) == (3, True)
    seen = [one.type async for one in client.responses.input_items.list(made.id, limit=1, order="asc")]
    assert seen == KINDS


async def test_a_chain_lists_the_items_of_each_response_under_its_own_id(tmp_path: Path) -> None:
    here = world(tmp_path)
    client = sdk(here.door)
    ids = [""]
    for text in ("one", "two", "three"):
        previous = ids[-1] or openai.omit
        ids.append(
            (await client.responses.create(model="tidegate", input=text, previous_response_id=previous)).id
        )
    for response, text in zip(ids[1:], ("one", "two", "three"), strict=True):
        items = await client.responses.input_items.list(response)
        assert [one.model_dump()["content"][0]["text"] for one in items.data] == [text]
    assert [m.content for m in here.model.asked[-1].messages if m.role == "user"] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=x", "limit"),
        ("order=up", "order"),
        ("after=no", "after"),
    ],
)
async def test_a_page_that_cannot_be_is_a_400_that_names_the_parameter(
    tmp_path: Path, query: str, param: str
) -> None:
    here = world(tmp_path)
    async with http(here.door) as client:
        made = (await client.post("/responses", json={"model": "tidegate", "input": "hi"})).json()
        got = await client.get(f"/responses/{made['id']}/input_items?{query}")
    assert (got.status_code, got.json()["error"]["param"]) == (400, param)


async def test_nobody_sees_the_items_of_a_strangers_or_an_unknown_response(tmp_path: Path) -> None:
    here = world(tmp_path)
    client = sdk(here.door)
    made = await client.responses.create(model="tidegate", input="hi", store=False)
    for unknown in (made.id, "resp_00000000000000000000000000000000", "x"):
        with pytest.raises(openai.NotFoundError):
            await client.responses.input_items.list(unknown)


async def test_only_a_background_response_could_be_cancelled_or_streamed_again(tmp_path: Path) -> None:
    here = world(tmp_path)
    client = sdk(here.door)
    made = await client.responses.create(model="tidegate", input="hi")
    with pytest.raises(openai.BadRequestError) as cancelled:
        await client.responses.cancel(made.id)
    assert cancelled.value.code == "unsupported_parameter"
    with pytest.raises(openai.BadRequestError):
        await client.responses.retrieve(made.id, stream=True)
    with pytest.raises(openai.NotFoundError):
        await client.responses.cancel("resp_unknown")


async def test_input_tokens_count_what_would_be_read_with_what_it_goes_on_from(tmp_path: Path) -> None:
    here = world(tmp_path)
    client = sdk(here.door)
    made = await client.responses.create(model="tidegate", input="hello")
    alone = await client.responses.input_tokens.count(model="tidegate", input="and")
    after = await client.responses.input_tokens.count(input="and", previous_response_id=made.id)
    assert alone.object == "response.input_tokens"
    assert alone.input_tokens == len("and")  # the fake model counts characters
    assert after.input_tokens == len("hello" + "it is noon" + "and")
    with pytest.raises(openai.BadRequestError) as wrong:
        await client.responses.input_tokens.count(input="x", extra_body={"nonsense": 1})
    assert wrong.value.code == "unknown_parameter"
    assert len(here.model.asked) == 1  # nothing was generated
