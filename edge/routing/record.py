"""What the journal keeps of a decision, so that it can be shown and taken again under other settings. Numbers, flags and closed
words; no text. What has its usual value is left out of the file: a usual decision takes about 300 bytes. Pure."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from edge.economy import Economy
from edge.routing.plan import Facts, Why
from tidegate.chat import JSON
from tidegate.engines.port import Finish


@dataclass(frozen=True, slots=True)
class Record:
    """`p_right`, `keep_at`, `finish` and `written` (tokens) are of the local draft; None and 0 where none was written."""

    facts: Facts
    reasons: tuple[Why, ...] = ()
    keep_at: float = 0.0
    p_right: float | None = None
    finish: Finish | None = None
    written: int = 0
    economy: Economy | None = None  # of a conversation that was too long

    @property
    def drafted(self) -> bool:
        return self.finish is not None


_READ = msgspec.json.Decoder(Record)
_USUAL = Record(
    Facts(
        local_model=True,
        uplink=True,
        redactable=True,
        tools_offered=False,
        prompt_tokens=-1,  # never left out
        context_tokens=-1,
    )
)


def text(record: Record) -> str:
    """As it is written down."""
    found = _without(told(record), _usual())
    return msgspec.json.encode(found).decode()


def told(record: Record) -> dict[str, JSON]:
    """All of it, for programs."""
    found: dict[str, JSON] = msgspec.to_builtins(record)
    return found


def read(raw: str) -> Record | None:
    """A record as it was written; None for a line of an older release, which has none, or of a newer one that this one
    cannot read."""
    if not raw:
        return None
    try:
        return _READ.decode(raw)
    except msgspec.MsgspecError:
        return None


@functools.cache
def _usual() -> Mapping[str, JSON]:
    return told(_USUAL)


def _without(found: Mapping[str, JSON], usual: Mapping[str, JSON]) -> dict[str, JSON]:
    """`found` without what is as usual. What has no default stays, whatever its value."""
    kept: dict[str, JSON] = {}
    for name, value in found.items():
        common = usual.get(name)
        if isinstance(value, dict) and isinstance(common, dict):
            inner = _without(value, common)
            if inner or name == "facts":
                kept[name] = inner
        elif name in _NEEDED or value != common:
            kept[name] = value
    return kept


_NEEDED = frozenset(
    {"local_model", "uplink", "redactable", "tools_offered", "prompt_tokens", "context_tokens"}
)
