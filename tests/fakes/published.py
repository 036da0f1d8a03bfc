"""A published release and a source of its bytes that can lie, stop, or be cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from tidegate.errors import Unreachable
from tidegate.ids import ReleaseId
from tidegate.signing.manifest import FileRole, Manifest, describe_file
from tidegate.updates import BLOCK_BYTES, BlobMissing


def blocks_of(content: bytes) -> Iterator[bytes]:
    for start in range(0, len(content), BLOCK_BYTES):
        yield content[start : start + BLOCK_BYTES]


def release(name: str, content: bytes) -> Manifest:
    """A release of one model file, as its verified manifest."""
    return Manifest(ReleaseId(name), (describe_file(FileRole.MODEL, "model.gguf", blocks_of(content)),))


@dataclass
class Source:
    """Implements Blobs. `stop_after` pieces the line is cut; `asked` notes every (name, offset)."""

    files: dict[str, bytes] = field(default_factory=dict)
    stop_after: int | None = None
    asked: list[tuple[str, int]] = field(default_factory=list)

    def hold(self, manifest: Manifest, content: bytes) -> None:
        self.files[f"targets/{manifest.model.blob}"] = content

    def read(self, name: str, offset: int = 0) -> Iterator[bytes]:
        self.asked.append((name, offset))
        if name not in self.files:
            raise BlobMissing(name)
        for piece in blocks_of(self.files[name][offset:]):
            if self.stop_after is not None:
                if self.stop_after == 0:
                    raise Unreachable("cut")
                self.stop_after -= 1
            yield piece
