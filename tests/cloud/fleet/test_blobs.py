"""Only published files are served, in whole blocks, never beyond what one request may take."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from cloud.fleet.blobs import MOST_BYTES, BlobFolder
from tidegate.updates import BLOCK_BYTES, Fetch, FetchStatus

BLOB = "targets/blob/" + "a" * 64
CONTENT = bytes(range(256)) * 1024 * 10 + b"end"


@pytest.fixture
def folder(tmp_path: Path) -> BlobFolder:
    (tmp_path / "targets/blob").mkdir(parents=True)
    (tmp_path / "metadata").mkdir()
    (tmp_path / BLOB).write_bytes(CONTENT)
    (tmp_path / "metadata/timestamp.json").write_bytes(b"{}")
    (tmp_path.parent / "secret.json").write_bytes(b"secret")
    return BlobFolder(tmp_path)


def test_a_file_is_pulled_block_by_block(folder: BlobFolder) -> None:
    got, position = b"", 0
    while position < len(CONTENT):
        blocks = list(folder.blocks(Fetch(BLOB, position, MOST_BYTES, 7)))
        for block in blocks:
            assert (block.offset, block.total, block.correlation) == (position, len(CONTENT), 7)
            assert len(block.data) <= BLOCK_BYTES
            assert hashlib.sha256(block.data).digest() == block.sha256
            got += block.data
            position += len(block.data)
    assert got == CONTENT


def test_one_request_is_answered_with_a_bounded_number_of_bytes(folder: BlobFolder) -> None:
    blocks = list(folder.blocks(Fetch(BLOB, 0, 2**31, 1)))
    assert sum(len(block.data) for block in blocks) == min(MOST_BYTES, len(CONTENT))


def test_past_the_end_there_is_one_empty_block(folder: BlobFolder) -> None:
    (block,) = folder.blocks(Fetch(BLOB, len(CONTENT), 10, 1))
    assert (block.status, block.data, block.total) == (FetchStatus.OK, b"", len(CONTENT))


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("metadata/timestamp.json", FetchStatus.OK),
        ("metadata/9.root.json", FetchStatus.NOT_FOUND),
        ("targets/blob/" + "b" * 64, FetchStatus.NOT_FOUND),
        ("targets/gen/edge-1.0.json", FetchStatus.NOT_FOUND),
        ("../secret.json", FetchStatus.REFUSED),
        ("metadata/../../secret.json", FetchStatus.REFUSED),
        ("targets/gen/..json", FetchStatus.REFUSED),
        ("/etc/passwd", FetchStatus.REFUSED),
        ("keys/root-1.key", FetchStatus.REFUSED),
        ("metadata/timestamp.json\n", FetchStatus.REFUSED),
        ("", FetchStatus.REFUSED),
    ],
)
def test_names_outside_the_shape_never_reach_the_disk(
    folder: BlobFolder, name: str, status: FetchStatus
) -> None:
    assert next(folder.blocks(Fetch(name, 0, 100, 1))).status is status
