"""Where the copied tokens stand, and what the guided heads are made to carry."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="torch is only for training; a user never needs it")
pytest.importorskip("tokenizers", reason="tokenizers learns the vocabulary")

import torch

from scripts.decoder_file import Shape
from scripts.training import copying, pointing, tokenizer
from scripts.training.model import Decoder, grown
from scripts.training.packing import plain
from scripts.training.records import Call, Example, Param, ToolSpec
from scripts.training.template import completion_of, prompt_of

torch.set_num_threads(1)
WEATHER = ToolSpec("GetWeather", (Param("city"), Param("timeRange")))
REQUEST = Example("t", "rain in Oslo today", (WEATHER,), (Call("GetWeather", (("city", "Oslo"),)),))
SMALL = Shape(400, 64, 3, 2, 96)


def test_every_copied_token_points_at_itself_in_the_prompt_and_the_rest_at_the_first_tag() -> None:
    codec = tokenizer.learn([prompt_of(REQUEST) + completion_of(REQUEST)] * 3, 320)
    prompt = codec.encode(prompt_of(REQUEST)).ids
    ids = prompt + codec.encode(completion_of(REQUEST)).ids
    sources = pointing.sources_of(REQUEST, ids, len(prompt), codec)
    copied = [(ids[at + 1], ids[source]) for at, source in enumerate(sources) if source > 0]
    assert copied
    assert all(wanted == found for wanted, found in copied)
    assert codec.decode([wanted for wanted, _ in copied]).replace(" ", "") == "GetWeathercityOslo"
    assert set(sources[: len(prompt) - 1]) == {pointing.NOWHERE}


def test_a_grown_model_computes_what_the_small_one_did() -> None:
    torch.manual_seed(1)
    small = Decoder(SMALL)
    large = grown(small, 5)
    tokens = plain(torch.randint(0, SMALL.vocabulary, (9,)).tolist())
    assert torch.allclose(small(tokens), large(tokens), atol=1e-5)


def test_the_fitted_map_writes_the_token_that_is_looked_at() -> None:
    torch.manual_seed(2)
    embedding = torch.randn(50, 32)
    seen = torch.randn(1, 32) + embedding @ torch.linalg.qr(torch.randn(32, 32))[0]
    down, up = copying.fitted_map(seen, embedding, rank=24, ridge=1e-3)
    written = seen @ down.T @ up.T
    assert (written @ embedding.T).argmax(1).tolist() == list(range(50))
