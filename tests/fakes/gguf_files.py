"""Small GGUF files, written by hand: valid headers around few or no weights."""

from __future__ import annotations

import struct


def text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def gguf(
    fields: dict[str, str | int | float | list[int] | list[str]] | None = None, *, tensors: int = 1
) -> bytes:
    """A version 3 file: the metadata, and `tensors` f32 tensors of 8 weights each."""
    fields = {"general.architecture": "llama", "general.license": "mit", **(fields or {})}
    body = b"GGUF" + struct.pack("<IQQ", 3, tensors, len(fields))
    body += b"".join(text(key) + _value(value) for key, value in fields.items())
    body += b"".join(text(f"t{at}") + struct.pack("<IQIQ", 1, 8, 0, at * 32) for at in range(tensors))
    body += b"\0" * (-len(body) % 32)
    return body + b"\x01" * (32 * tensors)


def _value(value: str | float | list[int] | list[str]) -> bytes:
    match value:
        case str():
            return struct.pack("<I", 8) + text(value)
        case int():
            return struct.pack("<II", 4, value)
        case float():
            return struct.pack("<If", 6, value)
        case list():
            words = [item for item in value if isinstance(item, str)]
            numbers = [item for item in value if isinstance(item, int)]
            head = struct.pack("<IIQ", 9, 8 if words else 4, len(value))
            return head + b"".join(map(text, words)) + struct.pack(f"<{len(numbers)}I", *numbers)
