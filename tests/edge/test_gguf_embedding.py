"""Vectors of any GGUF file at the door, next to the built-in embedder: pooled as the file says, or by the mean."""

from __future__ import annotations

import base64
import os
import struct
from pathlib import Path

import openai
import pytest

from edge.config import Embedding
from edge.embedding import LazyEmbedder, of_file
from tests.fakes.edge_clients import http, sdk
from tests.fakes.edge_parts import FakeEmbedder, open_door
from tidegate.errors import BadConfig, Broken

SHARED = Path(os.environ.get("TIDEGATE_SHARED", str(Path(__file__).parents[3] / "shared"))) / "data" / "gguf"
STORIES = SHARED / "stories260K" / "stories260K-f32.gguf"
CAT, DOG = "Once upon a time there was a cat.", "Once upon a time there was a dog."
needs_files = [
    pytest.mark.shared,
    pytest.mark.skipif(not STORIES.exists(), reason="the GGUF files of ../shared are not here"),
]


@pytest.fixture(scope="module")
def stories() -> dict[str, LazyEmbedder]:
    return of_file(Embedding(path=STORIES, context_tokens=64))


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


class TestOfAFile:
    pytestmark = needs_files

    async def test_a_batch_comes_in_order_each_as_if_alone_as_floats_and_as_base64(
        self, stories: dict[str, LazyEmbedder], tmp_path: Path
    ) -> None:
        async with sdk(open_door(tmp_path, more_embeds=stories)) as client:
            batch = await client.embeddings.create(model="stories260k-f32", input=[CAT, DOG, "the"])
            alone = await client.embeddings.create(
                model="stories260k-f32", input=CAT, encoding_format="float"
            )
            raw = await client.embeddings.create(model="stories260k-f32", input=CAT, encoding_format="base64")
        vectors = [one.embedding for one in batch.data]
        assert [len(one) for one in vectors] == [64, 64, 64]
        assert batch.model == "stories260k-f32"
        assert vectors[0] == pytest.approx(alone.data[0].embedding, abs=1e-7)
        told = raw.data[0].embedding
        assert isinstance(told, str)
        assert struct.unpack("<64f", base64.b64decode(told)) == pytest.approx(vectors[0], abs=1e-7)
        assert all(cosine(one, one) == pytest.approx(1.0, abs=1e-5) for one in vectors)
        assert cosine(vectors[0], vectors[1]) > cosine(vectors[0], vectors[2]) + 0.05
        assert batch.usage.prompt_tokens > 20

    async def test_it_is_the_mean_of_the_last_layer_as_llama_cpp_itself_gives_it(
        self, stories: dict[str, LazyEmbedder]
    ) -> None:
        from llama_cpp import LLAMA_POOLING_TYPE_MEAN, Llama

        peer = Llama(
            str(STORIES),
            embedding=True,
            pooling_type=LLAMA_POOLING_TYPE_MEAN,
            n_ctx=64,
            n_threads=1,
            verbose=False,
        )
        (vector,) = await stories["stories260k-f32"].embed([CAT])
        theirs = peer.embed(CAT, normalize=True)
        peer.close()
        assert cosine(list(struct.unpack("<64f", vector.raw)), theirs) > 0.99999

    async def test_dimensions_are_the_models_own_or_refused(
        self, stories: dict[str, LazyEmbedder], tmp_path: Path
    ) -> None:
        async with sdk(open_door(tmp_path, more_embeds=stories)) as client:
            same = await client.embeddings.create(model="stories260k-f32", input=CAT, dimensions=64)
            assert len(same.data[0].embedding) == 64
            with pytest.raises(openai.BadRequestError, match="64 numbers"):
                await client.embeddings.create(model="stories260k-f32", input=CAT, dimensions=32)

    async def test_a_text_beyond_the_window_is_named_as_cut(
        self, stories: dict[str, LazyEmbedder], tmp_path: Path
    ) -> None:
        async with http(open_door(tmp_path, more_embeds=stories)) as client:
            body = {"model": "stories260k-f32", "input": ["short", "word " * 300]}
            got = (await client.post("/embeddings", json=body)).json()
        assert got["tidegate"] == {"source": "device", "cut": [1]}
        assert got["usage"]["prompt_tokens"] < 64 + 10

    async def test_it_is_listed_beside_the_built_in_one_and_each_answers_to_its_name(
        self, stories: dict[str, LazyEmbedder], tmp_path: Path
    ) -> None:
        door = open_door(tmp_path, embeds=FakeEmbedder(), more_embeds=stories)
        async with sdk(door) as client:
            names = [one.id async for one in client.models.list()]
            built_in = await client.embeddings.create(model="embedding", input="hi")
            with pytest.raises(openai.NotFoundError, match="stories260k-f32"):
                await client.embeddings.create(model="other", input="hi")
        assert names[-2:] == ["embedding", "stories260k-f32"]
        assert len(built_in.data[0].embedding) == 384

    async def test_a_vocabulary_alone_has_no_embeddings_and_the_door_says_so(self, tmp_path: Path) -> None:
        file = SHARED / "vocab" / "ggml-vocab-bert-bge.gguf"
        door = open_door(tmp_path, more_embeds=of_file(Embedding(path=file, name="bge")))
        async with http(door) as client:
            got = await client.post("/embeddings", json={"model": "bge", "input": "hi"})
        assert (got.status_code, got.json()["error"]["code"]) == (503, "embedder_broken")
        assert "vocabulary" in got.json()["error"]["message"]


def test_without_a_file_there_is_no_other_embedder() -> None:
    assert of_file(Embedding()) == {}


def test_its_name_is_the_files_or_the_settings_and_never_the_built_in_ones() -> None:
    assert list(of_file(Embedding(path=Path("a/My Model.Q8_0.gguf")))) == ["my-model.q8_0"]
    assert list(of_file(Embedding(path=Path("x.gguf"), name="mine"))) == ["mine"]
    for wrong in (Embedding(path=Path("embedding.gguf")), Embedding(path=Path("x.gguf"), name="embedding")):
        with pytest.raises(BadConfig):
            of_file(wrong)


async def test_a_file_that_is_not_there_or_no_model_is_told_when_it_is_asked(tmp_path: Path) -> None:
    missing = of_file(Embedding(path=tmp_path / "gone.gguf"))["gone"]
    assert not missing.present
    with pytest.raises(Broken):
        await missing.embed(["hi"])
    text = tmp_path / "text.gguf"
    text.write_bytes(b"no model at all")
    with pytest.raises(Broken):
        await of_file(Embedding(path=text))["text"].embed(["hi"])
