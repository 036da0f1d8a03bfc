"""Reads the header of a GGUF file before any native parser sees it: right magic, sane counts, nothing cut off.

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (version 3: magic, version, counts, key-value pairs,
tensor descriptions, padding to the alignment, tensor data). Every count is bounded before it is believed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

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
    11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 16: (256, 66), 17: (256, 74), 18: (256, 98),
    19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82), 23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4),
    29: (256, 56), 30: (1, 2), 34: (256, 54), 35: (256, 66), 39: (32, 17),
}  # fmt: skip
_KINDS = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 10: "Q2_K", 11: "Q3_K", 12: "Q4_K",
    13: "Q5_K", 14: "Q6_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S",
    22: "IQ2_S", 23: "IQ4_XS", 29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}  # fmt: skip
_MIXES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S", 12: "Q3_K_M",
    13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS",
    21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M", 28: "IQ2_S",
    29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE",
}  # fmt: skip
_USUAL, _LARGEST = 4 * 1024 * 1024, 256 * 1024 * 1024  # bytes of a header
_KEPT_ELEMENTS = 1024  # of a numeric array: one number per layer is kept, token scores are not

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says. `data_end` is the smallest size a whole file has.

    `fields` holds scalar metadata; `arrays` short arrays of numbers (one per layer); `lengths` how long each array is;
    `elements` how many weights there are of each tensor type.
    """

    version: int
    fields: dict[str, Value]
    tensors: int
    data_end: int
    arrays: dict[str, tuple[int | float | bool, ...]] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)
    elements: dict[int, int] = field(default_factory=dict)

    @property
    def architecture(self) -> str:
        """`llama`, `qwen3`, ...; empty when the file does not say."""
        return str(self.fields.get("general.architecture", ""))

    @property
    def quantisation(self) -> str:
        """`Q8_0`, `Q4_K_M`, ...: the mix that the file says, else the type that most of its weights have; may be empty."""
        said = self.fields.get("general.file_type")
        if isinstance(said, int) and said in _MIXES:
            return _MIXES[said]
        most = max(self.elements, key=lambda kind: self.elements[kind], default=-1)
        return _KINDS.get(most, "")

    @property
    def trained_context(self) -> int:
        """Tokens; 0 when the file does not say."""
        return self.number("context_length")

    def number(self, name: str) -> int:
        """A whole number of the architecture, `number("block_count")`; 0 when the file does not say."""
        value = self.fields.get(f"{self.architecture}.{name}", 0)
        return int(value) if isinstance(value, int | float) else 0

    def per_layer(self, name: str) -> tuple[int, ...]:
        """Such a number for every layer: files give one for all, or an array."""
        layers = self.number("block_count")
        many = self.arrays.get(f"{self.architecture}.{name}")
        return tuple(int(value) for value in many[:layers]) if many else (self.number(name),) * layers


def read_header(path: Path) -> Header:
    """The header of `path`. Raises Broken (codes model_missing, model_not_gguf, model_truncated) with the reason."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            if stream.read(4) != MAGIC:
                raise _refused(path, "it does not begin like a GGUF file", "model_not_gguf")
            header = _read(stream, size, path)
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


def _read(stream: BinaryIO, size: int, path: Path) -> Header:
    """The header from as much of the file as it takes. Read and not mapped: who cuts the file off meanwhile gets an error."""
    most = min(size, _LARGEST)
    for wanted in (_USUAL, 8 * _USUAL, most):
        stream.seek(0)
        try:
            return _parse(_Cursor(stream.read(min(wanted, most)), size, path))
        except Broken as error:
            if error.code != "model_truncated" or wanted >= most:
                raise
    raise _refused(path, "its header is larger than any model's", "model_not_gguf")


class _Cursor:
    """Reads forward through the bytes, the first of a file of that size; running out means that it goes on, or was cut off."""

    def __init__(self, data: bytes, size: int, path: Path) -> None:
        self._data, self._size, self._path = data, size, path
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
        return self.take(self.whole("<Q", self._size)).decode("utf-8", "replace")

    def skip_texts(self, count: int) -> None:
        """Passes over texts without making them: vocabularies have hundreds of thousands."""
        data, at, last = self._data, self.at, len(self._data) - 8
        length = struct.Struct("<Q").unpack_from
        for _ in range(count):
            if at > last:
                break
            at += 8 + int(length(data, at)[0])
        else:
            last = len(data)
        if at > last:
            raise _refused(self._path, "it ends inside its own header", "model_truncated")
        self.at = at

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
    found = Header(version, {}, tensors, 0)
    for _ in range(pairs):
        _pair(cursor, found)
    end = 0
    for _ in range(tensors):
        kind, elements, ends = _tensor(cursor)
        found.elements[kind] = found.elements.get(kind, 0) + elements
        end = max(end, ends)
    said = found.fields.get("general.alignment", 32)
    alignment = said if isinstance(said, int) and said > 0 else 32
    data_start = -(-cursor.at // alignment) * alignment if tensors else cursor.at
    return replace(found, data_end=data_start + end)


def _pair(cursor: _Cursor, into: Header) -> None:
    key, kind = cursor.text(), cursor.whole("<I", 12)
    if kind == _STRING:
        into.fields[key] = cursor.text()
    elif kind in _SCALARS:
        into.fields[key] = cursor.scalar(_SCALARS[kind])
    else:
        inner, count = cursor.whole("<I", 12), cursor.whole("<Q", MAX_ELEMENTS)
        into.lengths[key] = count
        if inner in _SCALARS and count <= _KEPT_ELEMENTS:
            into.arrays[key] = tuple(cursor.scalar(_SCALARS[inner]) for _ in range(count))
        else:
            _skip(cursor, inner, count)


def _skip(cursor: _Cursor, inner: int, count: int) -> None:
    if inner in _SCALARS:
        cursor.take(struct.calcsize(_SCALARS[inner]) * count)
    elif inner == _STRING:
        cursor.skip_texts(count)
    else:
        raise cursor.refused("it holds arrays inside arrays")


def _tensor(cursor: _Cursor) -> tuple[int, int, int]:
    """Type, number of weights, and where it ends behind the start of the data."""
    cursor.text()
    elements = 1
    for _ in range(cursor.whole("<I", 8)):
        elements *= cursor.whole("<Q", 1 << 40)
    kind, offset = cursor.whole("<I", 0xFFFF), cursor.whole("<Q", 1 << 50)
    per_block, size = _BLOCKS.get(kind, (1, 0))
    return kind, elements, offset + elements // per_block * size


def _refused(path: Path, reason: str, code: str) -> Broken:
    return Broken(f"the model file {path.name} was not loaded: {reason}", code=code, hint="install it again")
