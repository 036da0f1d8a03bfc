"""Whatever turns texts into vectors keeps these promises; the built embedder, where there is one, keeps a few more."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pytest

from tests.fakes.embedder import WordEmbedder
from tidegate.assets import built_dir, model_dir
from tidegate.engines.embedder import LEAST_COSINE, Embedder, check, shipped
from tidegate.errors import BadConfig, Broken
from tidegate.models.recipe import RECIPE, SELF_TEST, read_recipe


class Embeds(Protocol):
    @property
    def width(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]: ...


WARRANTY = "How long is the guarantee?"
ABOUT_WARRANTY = "The guarantee of the compressor lasts five years."
ELSEWHERE = "Clean the water filter in the return pipe."
TEXTS = [WARRANTY, ABOUT_WARRANTY, ELSEWHERE, "", "x", "ÄÖÜ ß 漢字 \u200b", "\ud800", "word " * 2000]


@pytest.fixture(scope="module")
def built() -> Embedder:
    try:
        return shipped()
    except Broken as error:
        pytest.skip(f"the embedder is not built here ({error.code}): run scripts/setup")


@pytest.fixture(params=["fake", "built"])
def embeds(request: pytest.FixtureRequest) -> Embeds:
    if request.param == "fake":
        return WordEmbedder()
    real = request.getfixturevalue("built")
    assert isinstance(real, Embedder)
    return real


def test_every_text_gets_one_row_of_length_one(embeds: Embeds) -> None:
    rows = embeds.embed(TEXTS)
    assert rows.shape == (len(TEXTS), embeds.width)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)


def test_no_text_gives_no_row(embeds: Embeds) -> None:
    assert embeds.embed([]).shape == (0, embeds.width)


def test_a_row_depends_on_its_own_text_alone_to_the_bit(embeds: Embeds) -> None:
    alone = np.concatenate([embeds.embed([text]) for text in TEXTS])
    assert np.array_equal(alone, embeds.embed(TEXTS))
    assert np.array_equal(alone[::-1], embeds.embed(TEXTS[::-1]))


def test_what_a_text_is_about_brings_it_near(embeds: Embeds) -> None:
    question, answer, other = embeds.embed([WARRANTY, ABOUT_WARRANTY, ELSEWHERE])
    assert question @ answer > question @ other


def test_the_beginning_of_a_long_text_decides(built: Embedder) -> None:
    long = "the pump stops when the water is too cold " * 60
    first, second = built.embed([long, long + "and now about something else"])
    assert np.array_equal(first, second)
    assert len(built.pieces(long)) == 256


def test_a_hostile_text_costs_no_more_than_its_window(built: Embedder) -> None:
    assert len(built.pieces("a" * 1_000_000)) <= 256
    assert len(built.pieces("\u0300" * 100_000)) <= 256


def test_the_network_on_this_machine_stays_near_the_float32_one(built: Embedder) -> None:
    for row in json.loads((RECIPE / SELF_TEST).read_bytes())["vectors"]:
        cosine = float(built.embed([row["text"]])[0] @ np.asarray(row["vector"], dtype=np.float32))
        assert cosine >= LEAST_COSINE


@pytest.mark.parametrize("window", [0, 2, 513])
def test_a_window_that_the_network_does_not_have_is_refused(built: Embedder, window: int) -> None:
    with pytest.raises(BadConfig, match=str(window)):
        Embedder.load(model_dir("embedder"), window=window)


def test_a_self_test_of_another_network_is_noticed(built: Embedder) -> None:
    rows = json.loads((RECIPE / SELF_TEST).read_bytes())["vectors"]
    rows[0]["vector"] = rows[1]["vector"]
    with pytest.raises(Broken, match="other numbers"):
        built.prove({"vectors": rows})


def test_one_changed_byte_in_the_weights_is_noticed(built: Embedder, tmp_path: Path) -> None:
    folder = tmp_path / "embedder"
    shutil.copytree(model_dir("embedder"), folder)
    with (folder / "weights.bin").open("r+b") as file:
        file.seek(1_000_000)
        byte = file.read(1)
        file.seek(1_000_000)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(Broken, match=r"weights\.bin"):
        check(folder, read_recipe())


def test_a_machine_without_one_says_what_to_do(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "models"):
        with pytest.raises(Broken) as caught:
            shipped({"TIDEGATE_MODELS": str(folder)})
        assert caught.value.code == "embedder_missing"
        assert "tidegate models build embedder" in caught.value.hint
        assert "by words alone" in caught.value.hint
        (tmp_path / "models" / "embedder").mkdir(parents=True, exist_ok=True)


def test_what_is_built_is_found_where_it_was_built(tmp_path: Path) -> None:
    for environ in ({"TIDEGATE_CACHE": str(tmp_path / "c")}, {"TIDEGATE_MODELS": str(tmp_path / "m")}):
        folder = built_dir("embedder", environ)
        folder.mkdir(parents=True)
        assert model_dir("embedder", environ) == folder
