"""A file or a pipe as text: every byte of UTF-8 once, and a sentence for what is none."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import BadRequest
from tidegate.privacy.text_input import CHUNK, checked_size, require_another, text_of


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00")))
def test_text_comes_through(text: str) -> None:
    source = text.encode()
    if not source.startswith((b"\xff\xfe", b"\xfe\xff")):
        assert "".join(text_of(io.BytesIO(source))) == text


def test_a_letter_over_the_edge_of_a_chunk_stays_whole() -> None:
    text = "x" * (CHUNK - 1) + "é😀" * 5
    assert "".join(text_of(io.BytesIO(text.encode()))) == text


@pytest.mark.parametrize(
    ("raw", "byte"),
    [
        (b"abc\xff", 3),
        (b"x" * (CHUNK - 1) + b"\xc3(", CHUNK - 1),
        (b"abc\xe2\x82", 3),
        (b"y" * CHUNK + b"\x80", CHUNK),
    ],
)
def test_the_first_byte_that_is_no_text_is_named(raw: bytes, byte: int) -> None:
    with pytest.raises(BadRequest, match=rf"byte {byte}\)"):
        list(text_of(io.BytesIO(raw)))


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-16", "UTF-16"), ("utf-32", "UTF-32"), ("utf-16-le", "zero"), ("utf-16-be", "zero")],
)
def test_other_encodings_of_plain_letters_are_refused_with_what_to_do(encoding: str, name: str) -> None:
    with pytest.raises(BadRequest, match=name) as wrong:
        list(text_of(io.BytesIO("anna@example.org, call me".encode(encoding))))
    assert "iconv" in wrong.value.hint


def test_a_few_zero_bytes_are_text() -> None:
    assert list(text_of(io.BytesIO(b"a torn line \x00 and more"))) == ["a torn line \x00 and more"]


def test_no_more_than_the_size_is_read() -> None:
    assert "".join(text_of(io.BytesIO(b"before" + b"added later"), 6)) == "before"


def test_a_file_is_read_once_before_anything_is_written(tmp_path: Path) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text("grün", encoding="utf-8")
    bad.write_bytes(b"x" * 3 * CHUNK + b"\xff")
    assert checked_size(good) == 5
    with pytest.raises(BadRequest, match="not UTF-8"):
        checked_size(bad)


def test_a_pipe_has_no_size(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert checked_size(pipe) is None


def test_the_output_may_not_be_the_input(tmp_path: Path) -> None:
    file, other = tmp_path / "a", tmp_path / "b"
    file.write_text("x")
    with file.open("rb") as source, file.open("ab") as same, other.open("wb") as another:
        with pytest.raises(BadRequest, match="input file itself"):
            require_another(source, same)
        require_another(source, another)
    require_another(io.BytesIO(b""), io.BytesIO(b""))
