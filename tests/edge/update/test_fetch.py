"""Blocks are checked as they arrive; what is right stays, what is wrong never reaches the file."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.update.fetch import checked_blocks, fetch_generation
from tests.fakes.published import Source, release
from tidegate.errors import Unreachable, Untrusted
from tidegate.updates import BLOCK_BYTES

CONTENT = b"".join(bytes([n]) * BLOCK_BYTES for n in range(4)) + b"tail"
RELEASE = release("edge-1.0", CONTENT)
BLOB = f"targets/{RELEASE.model.blob}"


def fetch(source: Source, folder: Path) -> list[int]:
    told: list[int] = []
    fetch_generation(source, RELEASE, folder, told.append)
    return told


def test_a_file_arrives_whole_and_progress_is_told(tmp_path: Path) -> None:
    told = fetch(Source({BLOB: CONTENT}), tmp_path)
    assert (tmp_path / "model.gguf").read_bytes() == CONTENT
    assert told[-1] == 100
    assert told == sorted(told)


@pytest.mark.parametrize("cut", [0, 1, 3, 4])
def test_a_cut_download_goes_on_where_it_stopped(tmp_path: Path, cut: int) -> None:
    source = Source({BLOB: CONTENT}, stop_after=cut)
    with pytest.raises(Unreachable):
        fetch(source, tmp_path)
    again = Source({BLOB: CONTENT})
    fetch(again, tmp_path)
    assert again.asked == [(BLOB, cut * BLOCK_BYTES)]
    assert (tmp_path / "model.gguf").read_bytes() == CONTENT


def test_a_complete_file_is_not_asked_for_again(tmp_path: Path) -> None:
    fetch(Source({BLOB: CONTENT}), tmp_path)
    source = Source({BLOB: CONTENT})
    fetch(source, tmp_path)
    assert source.asked == []


def test_bit_rot_in_what_is_here_is_fetched_anew(tmp_path: Path) -> None:
    fetch(Source({BLOB: CONTENT}), tmp_path)
    path = tmp_path / "model.gguf"
    rotten = bytearray(path.read_bytes())
    rotten[BLOCK_BYTES + 1] ^= 1
    path.write_bytes(bytes(rotten) + b"left over")
    source = Source({BLOB: CONTENT})
    fetch(source, tmp_path)
    assert source.asked == [(BLOB, BLOCK_BYTES)]
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("lie", "code"),
    [
        (CONTENT[: 2 * BLOCK_BYTES] + b"!" + CONTENT[2 * BLOCK_BYTES + 1 :], "hash_mismatch"),
        (CONTENT[:-1], "truncated"),
        (b"", "truncated"),
        (CONTENT + b"!", "hash_mismatch"),
        (CONTENT * 3, "hash_mismatch"),
    ],
    ids=["one bit", "short", "empty", "one more", "endless"],
)
def test_a_lying_source_is_refused_and_nothing_wrong_is_written(
    tmp_path: Path, lie: bytes, code: str
) -> None:
    with pytest.raises(Untrusted) as caught:
        fetch(Source({BLOB: lie}), tmp_path)
    assert caught.value.code == code
    written = (tmp_path / "model.gguf").read_bytes()
    assert CONTENT.startswith(written)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, len(CONTENT)), max_size=12))
def test_how_the_stream_is_cut_into_pieces_does_not_matter(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(CONTENT)]
    pieces = [CONTENT[a:b] for a, b in pairwise(edges)]
    assert b"".join(checked_blocks(pieces, RELEASE.model, 0)) == CONTENT
