"""Published files as blocks. Names are matched against a closed shape before they touch the disk."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tidegate.updates import BLOCK_BYTES, Block, Fetch, FetchStatus

_NAME = re.compile(
    r"metadata/(?:timestamp|[0-9]{1,10}\.(?:root|snapshot|targets))\.json"
    r"|targets/gen/[a-z0-9][a-z0-9._-]{2,63}\.json"
    r"|targets/blob/[0-9a-f]{64}"
)
MOST_BYTES = 16 * BLOCK_BYTES
"""Most that one request is answered with."""


@dataclass(frozen=True, slots=True)
class BlobFolder:
    """The `repository` folder of an update repository."""

    folder: Path

    def blocks(self, fetch: Fetch) -> Iterator[Block]:
        """The answer to a request: its blocks, or one that says why not. An empty rest is one empty block."""
        if not _NAME.fullmatch(fetch.name) or ".." in fetch.name:
            yield _empty(fetch, FetchStatus.REFUSED)
            return
        path = self.folder / fetch.name
        if not path.is_file():
            yield _empty(fetch, FetchStatus.NOT_FOUND)
            return
        with path.open("rb") as file:
            total = file.seek(0, 2)
            position, end = fetch.offset, min(total, fetch.offset + min(fetch.length, MOST_BYTES))
            if position >= end:
                yield _empty(fetch, FetchStatus.OK, total)
            file.seek(min(position, total))
            while position < end and (data := file.read(min(BLOCK_BYTES, end - position))):
                digest = hashlib.sha256(data).digest()
                yield Block(fetch.name, position, total, fetch.correlation, FetchStatus.OK, data, digest)
                position += len(data)


def _empty(fetch: Fetch, status: FetchStatus, total: int = 0) -> Block:
    digest = hashlib.sha256(b"").digest()
    return Block(fetch.name, fetch.offset, total, fetch.correlation, status, b"", digest)
