"""What `tidegate redact` is given, as text: a file or a pipe in chunks, UTF-8, or a sentence about what it is instead."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tidegate.errors import BadRequest

CHUNK = 1 << 16  # bytes
# A tenth of zero bytes: text of ASCII in UTF-16 has a half, a program a third; a log with a torn line has a few.
_MOST_ZEROS = 0.1
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def text_of(source: BinaryIO, size: int | None = None) -> Iterator[str]:
    """The text in chunks, at most `size` bytes of it. Raises BadRequest where it is no UTF-8 text, naming the byte and what to do."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    position = 0
    while size is None or position < size:
        raw = source.read(CHUNK if size is None else min(CHUNK, size - position))
        if not raw:
            break
        if position == 0:
            _require_no_other_encoding(raw)
        if raw.count(0) > _MOST_ZEROS * len(raw):
            raise _refused(
                "every tenth byte is zero: UTF-16 without its mark, or no text at all", position, "UTF-16LE"
            )
        yield _decoded(decoder, raw, position)
        position += len(raw)
    _decoded(decoder, b"", position, final=True)


def checked_size(file: Path) -> int | None:
    """Bytes of a regular file, all of them read and found to be text; None for a pipe or a device, which can be read but once.

    Raises BadRequest for a file that is no text: then nothing has been written yet.
    """
    status = file.stat()
    if not stat.S_ISREG(status.st_mode):
        return None
    with file.open("rb") as source:
        for _ in text_of(source, status.st_size):
            pass
    return status.st_size


def require_another(source: BinaryIO, output: BinaryIO) -> None:
    """Raises BadRequest when both are one regular file: a shell has emptied it already, or what is written would be read again."""
    try:
        ours, theirs = os.fstat(source.fileno()), os.fstat(output.fileno())
    except (OSError, ValueError):
        return  # not a file of the system: nothing to mistake
    if stat.S_ISREG(ours.st_mode) and (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino):
        raise BadRequest(
            "the output is the input file itself; a shell empties it before anything is read",
            code="same_file",
            hint="write to another file, then move it over the first",
        )


def _decoded(decoder: codecs.IncrementalDecoder, raw: bytes, position: int, *, final: bool = False) -> str:
    waiting = len(decoder.getstate()[0])
    try:
        return decoder.decode(raw, final)
    except UnicodeDecodeError as wrong:
        raise _refused(
            "it is in another encoding, or no text at all", position - waiting + wrong.start
        ) from None


def _require_no_other_encoding(raw: bytes) -> None:
    for mark, name in _MARKS:
        if raw.startswith(mark):
            raise BadRequest(
                f"the input is {name}, not UTF-8",
                code="not_utf8",
                hint=f'convert it first, for example with "iconv -f {name} -t UTF-8"',
            )


def _refused(why: str, position: int, encoding: str = "LATIN1") -> BadRequest:
    return BadRequest(
        f"the input is not UTF-8 text (byte {position}): {why}",
        code="not_utf8",
        hint=f'if it is text, convert it first, for example with "iconv -f {encoding} -t UTF-8"',
    )
