"""The table of words: read, looked up, refused when it is not one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from tidegate.errors import Broken
from tidegate.risk.words import FORMAT, WIDTH, Table, Words, packed, read_words, shipped

RNG = np.random.default_rng(2)
VECTORS = RNG.normal(size=(3, WIDTH))


@pytest.fixture
def table(tmp_path: Path) -> Words:
    (tmp_path / "w").write_bytes(packed(["lamp", "door", "garden"], VECTORS))
    return read_words(tmp_path / "w")


def test_a_table_gives_back_its_vectors_to_a_part_in_a_hundred(table: Words) -> None:
    assert float(np.abs(table.vectors - VECTORS).max()) < 0.01 * float(np.abs(VECTORS).max())
    assert len(table.digest) == 64


def test_words_count_without_case_and_common_endings(table: Words) -> None:
    rows = table.of(["Lamps", "lamp", "LAMP, unheard!"])
    assert rows[0] == pytest.approx(rows[1])
    assert rows[0] == pytest.approx(rows[2])
    assert float(rows[0] @ rows[0]) == pytest.approx(1)


@pytest.mark.parametrize("text", ["", "las", "unheard of", "\ud800", "ing ed s"])
def test_a_text_without_known_words_is_nothing(table: Words, text: str) -> None:
    assert not table.of([text]).any()


def test_a_long_prompt_is_read_at_both_ends(table: Words) -> None:
    row = table.of(["lamp " + "x " * 100_000 + "door"])[0]
    assert row @ table.of(["lamp door"])[0] == pytest.approx(1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nothing",
        msgspec.msgpack.encode(Table("other", (), b"", b"")),
        msgspec.msgpack.encode(Table(FORMAT, ("a",), b"", b"")),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w").write_bytes(content)
    with pytest.raises(Broken, match="table of words"):
        read_words(tmp_path / "w")
    with pytest.raises(Broken, match="cannot be read"):
        read_words(tmp_path / "none")


def test_the_shipped_table_knows_that_a_sofa_is_nearer_to_a_chair_than_to_a_theorem() -> None:
    found = shipped()
    assert found is not None
    sofa, chair, theorem = found.of(["sofa", "chair", "theorem"])
    assert sofa @ chair > sofa @ theorem + 0.1
