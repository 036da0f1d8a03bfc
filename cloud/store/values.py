"""Values to bytes and back, for the columns that hold them."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import msgspec

from cloud.ports import Proposal, Released, Submission, Verdict

T = TypeVar("T")


def pack(value: Submission | Proposal | Verdict | Released) -> bytes:
    """JSON bytes. The draft (scores of single tokens) is not kept: it is no part of what was decided."""
    match value:
        case Proposal():
            value = replace(value, draft=None)
        case Released():
            value = replace(value, proposal=replace(value.proposal, draft=None))
        case _:
            pass
    return msgspec.json.encode(value)


def unpack(raw: bytes, kind: type[T]) -> T:
    return msgspec.json.decode(raw, type=kind)
