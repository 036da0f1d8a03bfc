"""Brings the files of a generation in: resumed where it stopped, and each block checked before it is written.

The source is not trusted. A block whose SHA-256 is not in the verified manifest is thrown away and the download fails.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tidegate.fs import disk_full
from tidegate.signing.manifest import Manifest, ManifestFile
from tidegate.updates import BLOCK_BYTES, Blobs, Fault, refusal

_SYNC_EVERY = 16 * 1024 * 1024  # bytes between two syncs: what a power cut may cost

Tell = Callable[[int], None]
"""Told how much of the generation is here, in percent, as it changes."""


def fetch_generation(blobs: Blobs, manifest: Manifest, folder: Path, tell: Tell) -> None:
    """Every file of the manifest, complete and synced, in `folder`.

    Raises Untrusted (`hash_mismatch`, `truncated`), Unreachable (what is here is kept), Exhausted (disk full).
    """
    here, last = 0, -1
    for file in manifest.files:
        for count in fetch_file(blobs, file, folder / file.name):
            here += count
            percent = 100 * here // max(manifest.size, 1)
            if percent != last:
                last = percent
                tell(percent)


def fetch_file(blobs: Blobs, file: ManifestFile, path: Path) -> Iterator[int]:
    """Yields bytes as they are known to be right: first those already here, then each block that arrives."""
    with path.open("a+b") as part:
        done = good_blocks(part.fileno(), file)
        os.ftruncate(part.fileno(), min(done * BLOCK_BYTES, file.size))
        yield min(done * BLOCK_BYTES, file.size)
        unsynced = 0
        for block in checked_blocks(_rest_of(blobs, file, done), file, done):
            try:
                part.write(block)
                unsynced += len(block)
                if unsynced >= _SYNC_EVERY:
                    part.flush()
                    os.fdatasync(part.fileno())
                    unsynced = 0
            except OSError as e:
                raise disk_full(path.parent) from e
            yield len(block)
        part.flush()
        os.fsync(part.fileno())


def good_blocks(handle: int, file: ManifestFile) -> int:
    """How many blocks at the start of an open file are already the signed ones."""
    for index, wanted in enumerate(file.blocks):
        block = os.pread(handle, BLOCK_BYTES, index * BLOCK_BYTES)
        if hashlib.sha256(block).hexdigest() != wanted:
            return index
    return len(file.blocks)


def checked_blocks(pieces: Iterable[bytes], file: ManifestFile, first: int) -> Iterator[bytes]:
    """The stream cut into blocks, each compared with its hash. Raises Untrusted at the first wrong or missing byte."""
    index, pending = first, bytearray()
    for piece in pieces:
        pending += piece
        while len(pending) >= _size(file, index) and index < len(file.blocks):
            size = _size(file, index)
            block, pending = bytes(pending[:size]), pending[size:]
            if hashlib.sha256(block).hexdigest() != file.blocks[index]:
                raise refusal(Fault.HASH_MISMATCH, "a block of the release is not the signed one")
            index += 1
            yield block
        if index == len(file.blocks) and pending:
            raise refusal(Fault.HASH_MISMATCH, "the source sends more than the release holds")
    if index < len(file.blocks):
        raise refusal(Fault.TRUNCATED, "the source sends less than the release holds")


def _rest_of(blobs: Blobs, file: ManifestFile, done: int) -> Iterable[bytes]:
    return blobs.read(f"targets/{file.blob}", done * BLOCK_BYTES) if done < len(file.blocks) else ()


def _size(file: ManifestFile, index: int) -> int:
    return min(BLOCK_BYTES, file.size - index * BLOCK_BYTES) if index < len(file.blocks) else BLOCK_BYTES
