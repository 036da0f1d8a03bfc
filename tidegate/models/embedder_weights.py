"""The embedder's weights: read from safetensors, made int8 per output channel, laid out in one file. No input or output.

The weights' file is what the graph (`recipes/embedder/graph.onnx`) points into: `layout()` is the agreement between the two.
Only division, rounding and maxima touch the numbers, all exact in IEEE 754, so every machine writes the same bytes.

Rows of the word table are int8 in the full range: they are only read. Matrices stay within 7 bits: activations are uint8,
and x86 without VNNI adds two products in 16 bits; 255 * 63 * 2 fits there, 255 * 127 * 2 saturates in silence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.int8]

WIDTH, INNER, LAYERS, HEADS = 384, 1536, 6, 12
WORDS, POSITIONS = 30_522, 512
ROW_LIMIT, WEIGHT_LIMIT = 127, 63
_ALIGN = 64
_SIZES = {"int8": 1, "float32": 4}
_FIRST, _SECOND = "attention.output.LayerNorm", "output.LayerNorm"
_ATTENTION = "attention.self"
_LINEAR = {"out": "attention.output.dense", "up": "intermediate.dense", "down": "output.dense"}


@dataclass(frozen=True, slots=True)
class Slot:
    """One array in the weights' file: `size` bytes at `offset`, little-endian, rows first."""

    name: str
    kind: str  # "int8" or "float32"
    shape: tuple[int, ...]
    offset: int

    @property
    def size(self) -> int:
        return prod(self.shape) * _SIZES[self.kind]


def layout() -> tuple[Slot, ...]:
    """Every array of the weights' file, in order; each begins at a multiple of 64 bytes."""
    found: list[Slot] = []
    end = 0
    for name, kind, shape in _arrays():
        slot = Slot(name, kind, shape, -(-end // _ALIGN) * _ALIGN)
        found.append(slot)
        end = slot.offset + slot.size
    return tuple(found)


def _arrays() -> Iterator[tuple[str, str, tuple[int, ...]]]:
    yield "words", "int8", (WORDS, WIDTH)
    yield "words.scale", "float32", (WORDS, 1)
    yield "positions", "float32", (POSITIONS, WIDTH)
    yield from _norm_arrays("norm")
    for layer in range(LAYERS):
        for part, inputs, outputs in (
            ("qkv", WIDTH, 3 * WIDTH),
            ("out", WIDTH, WIDTH),
            ("up", WIDTH, INNER),
            ("down", INNER, WIDTH),
        ):
            yield f"{layer}.{part}", "int8", (inputs, outputs)
            yield f"{layer}.{part}.scale", "float32", (outputs,)
            yield f"{layer}.{part}.bias", "float32", (outputs,)
        yield from _norm_arrays(f"{layer}.norm1")
        yield from _norm_arrays(f"{layer}.norm2")


def _norm_arrays(name: str) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    yield f"{name}.weight", "float32", (WIDTH,)
    yield f"{name}.bias", "float32", (WIDTH,)


def reader(raw: memoryview) -> Callable[[str], Floats]:
    """Gives the float32 tensors of a safetensors file by name.

    The format: eight bytes of header length, a JSON header of types, shapes and offsets, then the numbers. Raises
    ValueError when the file is none, KeyError for a tensor that it does not hold.
    """
    length = int.from_bytes(raw[:8], "little")
    if not 0 < length <= len(raw) - 8:
        raise ValueError("not a safetensors file")
    header = json.loads(bytes(raw[8 : 8 + length]))
    body = raw[8 + length :]

    def read(name: str) -> Floats:
        entry = header[name]
        start, end = entry["data_offsets"]
        if entry["dtype"] != "F32" or not 0 <= start <= end <= len(body):
            raise ValueError(f"{name}: not a float32 tensor of this file")
        return np.frombuffer(body[start:end], dtype="<f4").reshape(entry["shape"])

    return read


def pack(read: Callable[[str], Floats]) -> bytes:
    """The weights' file. Raises ValueError or KeyError when `read` does not hold a MiniLM-L6."""
    arrays = dict(_packed(read))
    slots = layout()
    packed = bytearray(slots[-1].offset + slots[-1].size)
    for slot in slots:
        array = arrays[slot.name]
        if array.shape != slot.shape or array.dtype.name != slot.kind:
            raise ValueError(f"{slot.name}: {array.dtype.name}{array.shape} is not {slot.kind}{slot.shape}")
        packed[slot.offset : slot.offset + slot.size] = array.tobytes()
    return bytes(packed)


def _packed(read: Callable[[str], Floats]) -> Iterator[tuple[str, Floats | Bytes]]:
    rows, scale = int8_rows(read("embeddings.word_embeddings.weight"), ROW_LIMIT)
    yield "words", rows
    yield "words.scale", scale[:, None]
    kind = read("embeddings.token_type_embeddings.weight")[0]  # a single text is all of the first kind
    yield "positions", read("embeddings.position_embeddings.weight") + kind
    yield from _norm(read, "norm", "embeddings.LayerNorm")
    for layer in range(LAYERS):
        source = f"encoder.layer.{layer}"
        yield from _linear(f"{layer}.qkv", *_attention(read, source))
        for part, there in _LINEAR.items():
            weight, bias = read(f"{source}.{there}.weight"), read(f"{source}.{there}.bias")
            yield from _linear(f"{layer}.{part}", weight, bias)
        yield from _norm(read, f"{layer}.norm1", f"{source}.{_FIRST}")
        yield from _norm(read, f"{layer}.norm2", f"{source}.{_SECOND}")


def _attention(read: Callable[[str], Floats], source: str) -> tuple[Floats, Floats]:
    """Query, key and value as one matrix, whose queries the graph divides by the root of the head's width."""
    parts = [f"{source}.{_ATTENTION}.{name}" for name in ("query", "key", "value")]
    weight = np.concatenate([read(f"{part}.weight") for part in parts])
    return weight, np.concatenate([read(f"{part}.bias") for part in parts])


def _linear(name: str, weight: Floats, bias: Floats) -> Iterator[tuple[str, Floats | Bytes]]:
    rows, scale = int8_rows(weight, WEIGHT_LIMIT)
    yield name, np.ascontiguousarray(rows.T)
    yield f"{name}.scale", scale
    yield f"{name}.bias", bias


def _norm(read: Callable[[str], Floats], name: str, source: str) -> Iterator[tuple[str, Floats]]:
    for part in ("weight", "bias"):
        yield f"{name}.{part}", read(f"{source}.{part}")


def int8_rows(weight: Floats, limit: int) -> tuple[Bytes, Floats]:
    """Each row as integers within +-`limit`, and its scale: `rows * scale[:, None]` is about `weight`."""
    scale = np.maximum(np.abs(weight).max(axis=1), np.float32(1e-8)) / np.float32(limit)
    rows = np.clip(np.rint(weight / scale[:, None]), -limit, limit)
    return rows.astype(np.int8), scale
