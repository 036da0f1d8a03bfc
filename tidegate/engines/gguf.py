"""Reads the header of a GGUF file before any native parser sees it: right magic, sane counts, nothing cut off.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (version 3: magic, version, counts, key-value pairs,
tensor descriptions, padding to the alignment, tensor data). Every count is bounded before it is believed.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from tidegate.errors import Broken

MAGIC = b"GGUF"
MAX_PAIRS = 10_000
MAX_TENSORS = 100_000
MAX_ELEMENTS = 10_000_000  # of one metadata array: the largest vocabularies have about 300,000 entries
_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY = 8, 9
# tensor type -> (elements in a block, bytes in a block); types not listed are left to the native parser
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 10: (256, 84),
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 24: (1, 1), 25: (1, 2), 26: (1, 4), 30: (1, 2),
}  # fmt: skip

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says. `fields` holds scalar metadata only; `data_end` is the smallest size a whole file has."""

    version: int
    fields: dict[str, Value]
    tensors: int
    data_end: int

    @property
    def architecture(self) -> str:
        """`llama`, `qwen3`, ...; empty when the file does not say."""
        return str(self.fields.get("general.architecture", ""))


def read_header(path: Path) -> Header:
    """The header of `path`. Raises Broken (codes model_missing, model_not_gguf, model_truncated) with the reason."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            if stream.read(4) != MAGIC:
                raise _refused(path, "it does not begin like a GGUF file", "model_not_gguf")
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                header = _parse(_Cursor(data, path))
    except OSError as error:
        raise Broken(
            f"the model file {path.name} cannot be read ({error.strerror})",
            code="model_missing",
            hint="install it again",
        ) from error
    if size < header.data_end:
        missing = header.data_end - size
        raise _refused(path, f"{missing} bytes are missing from its end", "model_truncated")
    return header


class _Cursor:
    """Reads forward through the bytes; running out means the file was cut off."""

    def __init__(self, data: mmap.mmap, path: Path) -> None:
        self._data, self._path = data, path
        self.at = 4

    def scalar(self, layout: str) -> int | float | bool:
        size = struct.calcsize(layout)
        value = struct.unpack(layout, self.take(size))[0]
        if isinstance(value, int | float | bool):
            return value
        raise self.refused("a value has an unknown shape")

    def whole(self, layout: str, at_most: int) -> int:
        value = int(self.scalar(layout))
        if not 0 <= value <= at_most:
            raise self.refused("its header has counts that no model has")
        return value

    def text(self) -> str:
        return self.take(self.whole("<Q", len(self._data))).decode("utf-8", "replace")

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self._data):
            raise _refused(self._path, "it ends inside its own header", "model_truncated")
        piece = self._data[self.at : end]
        self.at = end
        return piece

    def refused(self, reason: str) -> Broken:
        return _refused(self._path, reason, "model_not_gguf")


def _parse(cursor: _Cursor) -> Header:
    version = cursor.whole("<I", 0xFFFFFFFF)
    if version not in (2, 3):
        raise cursor.refused(f"its GGUF version is {version}, this build reads 2 and 3")
    tensors, pairs = cursor.whole("<Q", MAX_TENSORS), cursor.whole("<Q", MAX_PAIRS)
    fields: dict[str, Value] = {}
    for _ in range(pairs):
        key = cursor.text()
        value = _value(cursor, cursor.whole("<I", 12))
        if value is not None:
            fields[key] = value
    ends = [_tensor_end(cursor) for _ in range(tensors)]
    alignment = int(fields.get("general.alignment", 32)) or 32
    data_start = -(-cursor.at // alignment) * alignment
    return Header(version, fields, tensors, data_start + max(ends, default=0))


def _value(cursor: _Cursor, kind: int) -> Value | None:
    if kind == _STRING:
        return cursor.text()
    if kind in _SCALARS:
        return cursor.scalar(_SCALARS[kind])
    inner, count = cursor.whole("<I", 12), cursor.whole("<Q", MAX_ELEMENTS)
    if inner in _SCALARS:
        cursor.take(struct.calcsize(_SCALARS[inner]) * count)
    elif inner == _STRING:
        for _ in range(count):
            cursor.take(cursor.whole("<Q", 1 << 40))
    else:
        raise cursor.refused("it holds arrays inside arrays")
    return None


def _tensor_end(cursor: _Cursor) -> int:
    cursor.text()
    elements = 1
    for _ in range(cursor.whole("<I", 8)):
        elements *= cursor.whole("<Q", 1 << 40)
    kind, offset = cursor.whole("<I", 0xFFFF), cursor.whole("<Q", 1 << 50)
    per_block, size = _BLOCKS.get(kind, (1, 0))
    return offset + elements // per_block * size


def _refused(path: Path, reason: str, code: str) -> Broken:
    return Broken(f"the model file {path.name} was not loaded: {reason}", code=code, hint="install it again")
