"""Texts become vectors at the door, for the `openai` SDK, and nothing of them leaves."""

from __future__ import annotations

from pathlib import Path

import openai
import pytest

from tests.fakes.edge_clients import http, sdk
from tests.fakes.edge_parts import FakeDispatch, FakeEmbedder, FakeModel, house, open_door
from tidegate.chat import JSON


async def test_the_sdk_gets_one_vector_per_text_in_order(tmp_path: Path) -> None:
    async with sdk(open_door(tmp_path, embeds=FakeEmbedder())) as client:
        found = await client.embeddings.create(model="embedding", input=["a", "bcd"])
    assert [one.embedding[0] for one in found.data] == [1.0, 3.0]
    assert [one.index for one in found.data] == [0, 1]
    assert [len(one.embedding) for one in found.data] == [384, 384]
    assert (found.usage.prompt_tokens, found.usage.total_tokens) == (4, 4)


async def test_base64_and_numbers_are_the_same_vector(tmp_path: Path) -> None:
    async with sdk(open_door(tmp_path, embeds=FakeEmbedder())) as client:
        packed = await client.embeddings.create(model="embedding", input="abc", encoding_format="base64")
        plain = await client.embeddings.create(model="embedding", input="abc", encoding_format="float")
        usual = await client.embeddings.create(model="embedding", input="abc")
    assert isinstance(packed.data[0].embedding, str)
    assert plain.data[0].embedding == usual.data[0].embedding


async def test_a_text_that_was_cut_is_named(tmp_path: Path) -> None:
    async with http(open_door(tmp_path, embeds=FakeEmbedder())) as client:
        got = await client.post("/embeddings", json={"model": "embedding", "input": ["short", "x" * 50]})
    assert got.json()["tidegate"] == {"source": "device", "cut": [1]}
    assert got.headers["x-tidegate-source"] == "device"
    assert got.json()["usage"]["prompt_tokens"] == 15


async def test_nothing_of_it_is_sent_and_no_model_is_asked(tmp_path: Path) -> None:
    model, dispatch = FakeModel(), FakeDispatch()
    door = open_door(tmp_path, house(model, dispatch), embeds=FakeEmbedder())
    async with http(door) as client:
        await client.post("/embeddings", json={"model": "embedding", "input": "mail eve@example.org"})
    assert (model.asked, dispatch.sent) == ([], [])


async def test_without_an_embedder_it_is_a_503_that_says_what_to_run(tmp_path: Path) -> None:
    async with sdk(open_door(tmp_path)) as client:
        with pytest.raises(openai.InternalServerError) as told:
            await client.embeddings.create(model="embedding", input="a")
        assert "embedding" not in [one.id async for one in client.models.list()]
    assert (told.value.status_code, told.value.code) == (503, "embedder_missing")
    assert told.value.response.headers["x-should-retry"] == "false"


async def test_the_model_is_listed_last_when_it_is_there(tmp_path: Path) -> None:
    async with sdk(open_door(tmp_path, embeds=FakeEmbedder())) as client:
        names = [one.id async for one in client.models.list()]
        assert (await client.models.retrieve("embedding")).id == "embedding"
        with pytest.raises(openai.NotFoundError, match="POST /v1/embeddings"):
            await client.chat.completions.create(
                model="embedding", messages=[{"role": "user", "content": "hi"}]
            )
    assert names == ["tidegate", "tidegate-local", "fake-1", "embedding"]


@pytest.mark.parametrize(
    ("more", "status", "param", "code"),
    [
        ({"input": []}, 400, "input", "invalid_parameter"),
        ({"input": ""}, 400, "input", "invalid_parameter"),
        ({"input": ["a", ""]}, 400, "input[1]", "invalid_parameter"),
        ({"input": [1, 2]}, 400, "input[0]", "unsupported_content"),
        ({"input": [[1, 2], [3]]}, 400, "input[0]", "unsupported_content"),
        ({"input": ["a", [3]]}, 400, "input[1]", "unsupported_content"),
        ({"input": ["a"] * 2049}, 400, "input", "invalid_parameter"),
        ({"input": None}, 400, "input", "invalid_parameter"),
        ({"input": [1.5]}, 400, "input[0]", "invalid_parameter"),
        ({"dimensions": 256}, 400, "dimensions", "unsupported_parameter"),
        ({"dimensions": 0}, 400, "dimensions", "invalid_parameter"),
        ({"encoding_format": "hex"}, 400, "encoding_format", "invalid_parameter"),
        ({"colour": 1}, 400, "colour", "unknown_parameter"),
        ({"model": "text-embedding-3-small"}, 404, "model", "model_not_found"),
    ],
)
async def test_what_is_wrong_is_named(
    tmp_path: Path, more: dict[str, JSON], status: int, param: str, code: str
) -> None:
    async with http(open_door(tmp_path, embeds=FakeEmbedder())) as client:
        got = await client.post("/embeddings", json={"model": "embedding", "input": "a", **more})
    error = got.json()["error"]
    assert (got.status_code, error["param"], error["code"]) == (status, param, code)


@pytest.mark.parametrize("more", [{"dimensions": 384}, {"user": "u"}, {"input": ["a"] * 2048}])
async def test_what_real_clients_send_is_taken(tmp_path: Path, more: dict[str, JSON]) -> None:
    async with http(open_door(tmp_path, embeds=FakeEmbedder())) as client:
        got = await client.post("/embeddings", json={"model": "embedding", "input": "a", **more})
    assert got.status_code == 200
