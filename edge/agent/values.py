"""What a tool is, what a call is and how it ended. Values only; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import assert_never


class Effect(StrEnum):
    """What a tool does to the world. Declared by the operator, never by the tool or its server."""

    READ = "read"  # looks something up
    REVERSIBLE = "reversible"  # can be undone by another call: a light
    IRREVERSIBLE = "irreversible"  # cannot: a mail, a payment, a door


class Kind(StrEnum):
    """How a tool is carried out."""

    COMMAND = "command"
    HTTP = "http"
    MQTT = "mqtt"
    PYTHON = "python"
    MCP = "mcp"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may take. Memory counts for children of this daemon only."""

    seconds: float = 20.0
    output_bytes: int = 65_536
    memory_mb: int = 512


@dataclass(frozen=True, slots=True)
class Tool:
    """One declared tool. `parameters` is a JSON Schema object as text.

    `outward`: it reaches another machine, so its arguments leave the device. `repeatable`: calling it again after a
    power cut does no harm. `vouched`: description and schema were written or pinned by the operator, not by a server.
    """

    name: str
    description: str
    parameters: str
    effect: Effect
    kind: Kind
    limits: Limits = Limits()
    outward: bool = False
    repeatable: bool = False
    vouched: bool = True
    sandbox: str = ""  # what confines it: bubblewrap, systemd-run, limits, or empty where nothing runs here
    server: str = ""  # of an MCP tool

    @property
    def safe_to_repeat(self) -> bool:
        return self.effect is Effect.READ or self.repeatable


class Ended(StrEnum):
    """How a call ended. Closed: it is shown and counted."""

    OK = "ok"
    FAILED = "failed"  # it said so itself: exit code, HTTP status, MCP error
    TIMED_OUT = "timed_out"
    FLOODED = "flooded"  # more output than allowed; it was ended
    INVALID = "invalid"  # its output is not what it promised
    UNREACHABLE = "unreachable"  # it never started, or its server is gone
    BAD_CALL = "bad_call"  # no such tool, or arguments that its schema refuses; nothing was done
    DENIED = "denied"  # a person or a rule said no; nothing was done
    UNKNOWN = "unknown"  # the power went in the middle, and nobody repeats what cannot be undone
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call. `text` is the tool's own words: from outside, whoever wrote the tool.

    `note` is ours, and closed enough for logs: "exit 3", "HTTP 503".
    """

    ended: Ended
    text: str = field(default="", repr=False)
    note: str = ""
    seconds: float = 0.0

    @property
    def acted(self) -> bool | None:
        """Whether it took effect: True, False, or None for "nobody knows"."""
        match self.ended:
            case Ended.OK | Ended.INVALID | Ended.FLOODED:
                return True
            case Ended.BAD_CALL | Ended.DENIED:
                return False
            case Ended.FAILED | Ended.TIMED_OUT | Ended.UNREACHABLE | Ended.UNKNOWN | Ended.CANCELLED:
                return None
            case other:
                assert_never(other)
