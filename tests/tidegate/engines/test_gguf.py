"""Headers of GGUF files: what is read, and that a hostile one is refused rather than believed."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.gguf_files import gguf
from tests.fakes.models import edge_model, stories
from tidegate.engines.gguf import Header, read_header
from tidegate.errors import Broken


def read(tmp_path: Path, content: bytes) -> Header:
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    return read_header(path)


def test_numbers_are_one_for_all_layers_or_one_for_each(tmp_path: Path) -> None:
    one = {"llama.block_count": 3, "llama.attention.head_count": 4}
    assert read(tmp_path, gguf({**one})).per_layer("attention.head_count") == (4, 4, 4)
    each = read(tmp_path, gguf({**one, "llama.attention.head_count": [4, 2, 1]}))
    assert each.per_layer("attention.head_count") == (4, 2, 1)
    assert each.number("attention.head_count") == 0
    assert each.per_layer("nothing") == (0, 0, 0)


def test_long_arrays_are_counted_and_not_kept(tmp_path: Path) -> None:
    header = read(
        tmp_path, gguf({"tokenizer.ggml.tokens": ["a", "bc", ""] * 1000, "x": [1] * 2000, "y": [7, 8]})
    )
    assert header.lengths == {"tokenizer.ggml.tokens": 3000, "x": 2000, "y": 2}
    assert header.arrays == {"y": (7, 8)}


@pytest.mark.parametrize(
    ("fields", "quantisation"),
    [
        ({"general.file_type": 15}, "Q4_K_M"),
        ({"general.file_type": 7}, "Q8_0"),
        ({"general.file_type": 4711}, "F32"),
        ({}, "F32"),
    ],
)
def test_the_quantisation_is_the_one_said_else_that_of_most_weights(
    tmp_path: Path, fields: dict[str, str | int | float | list[int] | list[str]], quantisation: str
) -> None:
    assert read(tmp_path, gguf(fields)).quantisation == quantisation


def test_a_vocabulary_alone_is_whole_without_padding(tmp_path: Path) -> None:
    content = gguf(tensors=0).rstrip(b"\0")
    assert read(tmp_path, content).tensors == 0


@pytest.mark.parametrize("alignment", [0, "sixty-four", -1.5])
def test_a_strange_alignment_is_taken_for_the_usual_one(tmp_path: Path, alignment: str | float) -> None:
    assert read(tmp_path, gguf({"general.alignment": alignment})).tensors == 1


@pytest.mark.parametrize("cut", [1, 31, 32, 100])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    with pytest.raises(Broken) as said:
        read(tmp_path, gguf({"tokenizer.ggml.tokens": ["a"] * 50})[:-cut])
    assert said.value.code == "model_truncated"


def test_a_header_larger_than_what_is_read_first_is_read_on(tmp_path: Path) -> None:
    long = gguf({"tokenizer.ggml.tokens": ["word"] * 400_000, "general.name": "behind it"})
    assert len(long) > 4 * 1024 * 1024
    found = read(tmp_path, long)
    assert (found.fields["general.name"], found.lengths["tokenizer.ggml.tokens"]) == ("behind it", 400_000)
    with pytest.raises(Broken) as said:
        read(tmp_path, long[: 4 * 1024 * 1024 + 100])
    assert said.value.code == "model_truncated"


def test_a_text_longer_than_the_file_is_refused(tmp_path: Path) -> None:
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1) + b"t" + struct.pack("<IIQ", 9, 8, 2)
    for texts in (
        struct.pack("<Q", 2**63),
        struct.pack("<Q", 1) + b"a",
        struct.pack("<QQ", 0, 1),
        struct.pack("<Q", 0),
    ):
        with pytest.raises(Broken) as said:
            read(tmp_path, head + texts)
        assert said.value.code == "model_truncated"
    assert read(tmp_path, head + struct.pack("<QQ", 0, 0)).lengths == {"t": 2}


@settings(max_examples=40)
@given(st.binary(max_size=200), st.integers(0, 150))
def test_noise_in_a_header_is_refused_or_read_and_never_a_defect(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int
) -> None:
    content = gguf({"a": [1, 2], "b": ["x"]})
    path = tmp_path_factory.mktemp("noise") / "m.gguf"
    path.write_bytes(content[:at] + noise + content[at + len(noise) :])
    try:
        read_header(path)
    except Broken as refusal:
        assert refusal.code in {"model_not_gguf", "model_truncated"}


@pytest.mark.shared
def test_a_real_file_is_described() -> None:
    header = read_header(stories())
    assert (header.architecture, header.quantisation, header.trained_context) == ("llama", "F32", 512)
    assert header.per_layer("attention.head_count_kv") == (4,) * 5


def test_the_shipped_model_is_described() -> None:
    header = read_header(edge_model())
    assert (header.architecture, header.quantisation) == ("qwen3", "Q8_0")
    assert header.lengths["tokenizer.ggml.tokens"] == header.number("vocab_size")
