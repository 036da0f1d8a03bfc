"""Structured logs: one JSON object per line on stderr, allow-listed fields, never user text.

A field that is not in FIELDS, or a value of the wrong shape, is left out and counted in `left_out`: a log line can
lose information, it cannot leak it. Records of libraries show only who spoke and which exception class it carried,
since their messages may quote what a user wrote.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TextIO

from tidegate.clock import rfc3339
from tidegate.errors import TidegateError

_WORD = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_ID = re.compile(r"(?:req|conv|case|tkt|rel|op|rollout)_[A-Za-z0-9_-]{4,64}")
_DEVICE = re.compile(r"[a-z0-9-]{8,40}")
_TRACE = re.compile(r"[0-9a-f]{16}(?:[0-9a-f]{16})?")
_RELEASE = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")
_ADDRESS = re.compile(
    r"(?:[a-z]{2,5}://)?(?:127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1?\]|0\.0\.0\.0)(?::\d{1,5})?"
)
_VERSION = re.compile(r"v?\d{1,6}(?:\.\d{1,6}){0,3}")
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]{0,63}")
_PLACE = re.compile(r"[a-z_][a-z0-9_]*\.py:\d{1,6}")

_NUMBERS = (
    "attempt attempts bytes cases confidence count duration_ms exit_code free_bytes generation http_status left_out "
    "length_chars p_right pid port queued revision retry_after_s score seconds size stage tokens tokens_in tokens_out"
)
_WORDS = (
    "alert by check code decision direction from_state hold kind label method model outcome part phase reason role "
    "rule source state step tier to_state verdict why"
)

FIELDS: Mapping[str, re.Pattern[str] | None] = {
    **dict.fromkeys(_NUMBERS.split()),  # None: a number or a boolean, never text
    **dict.fromkeys(_WORDS.split(), _WORD),
    **dict.fromkeys(["case", "conversation", "request", "rollout", "ticket", "operator"], _ID),
    "device": _DEVICE,
    "trace": _TRACE,
    "span": _TRACE,
    "release": _RELEASE,
    "policy": _RELEASE,
    "policy_before": _RELEASE,
    "address": _ADDRESS,
    "version": _VERSION,
    "error": _CLASS,
    "place": _PLACE,
}

Value = str | int | float | bool | Enum | None


class Log:
    """The log of one part of a tier, for example `Log("edge.uplink")`. Events are fixed snake_case words."""

    def __init__(self, part: str) -> None:
        self._out = logging.getLogger(f"tidegate.{part}")

    def debug(self, event: str, **fields: Value) -> None:
        self._write(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: Value) -> None:
        self._write(logging.INFO, event, fields)

    def warning(self, event: str, **fields: Value) -> None:
        self._write(logging.WARNING, event, fields)

    def error(self, event: str, error: BaseException | None = None, **fields: Value) -> None:
        """An event with the class, our code and the place of `error`; never its message."""
        self._write(logging.ERROR, event, {**fields, **(_error_fields(error) if error else {})})

    def _write(self, level: int, event: str, fields: Mapping[str, Value]) -> None:
        if self._out.isEnabledFor(level):
            self._out.log(level, "%s", event, extra={"tidegate_fields": allowed(fields)})


def allowed(fields: Mapping[str, Value]) -> dict[str, str | int | float]:
    """The fields that may be written, with `left_out` counting those that may not."""
    kept: dict[str, str | int | float] = {}
    left_out = 0
    for name, given in fields.items():
        value = given.value if isinstance(given, Enum) else given
        if value is None:
            continue
        if name in FIELDS and _fits(FIELDS[name], value):
            kept[name] = round(value, 6) if isinstance(value, float) else value
        else:
            left_out += 1
    return {**kept, "left_out": left_out} if left_out else kept


def _fits(shape: re.Pattern[str] | None, value: object) -> bool:
    if shape is None:
        return isinstance(value, int | float)
    return isinstance(value, str) and shape.fullmatch(value) is not None


def _error_fields(error: BaseException) -> dict[str, Value]:
    fields: dict[str, Value] = {"error": type(error).__name__}
    if isinstance(error, TidegateError):
        fields["code"] = error.code
    frames = traceback.extract_tb(error.__traceback__)
    if frames:
        fields["place"] = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
    return fields


class _JsonLines(logging.Formatter):
    def __init__(self, tier: str) -> None:
        super().__init__()
        self._tier = tier

    def format(self, record: logging.LogRecord) -> str:
        head: dict[str, object] = {
            "at": rfc3339(record.created),
            "level": record.levelname.lower(),
            "tier": self._tier,
        }
        if record.name.startswith("tidegate."):
            fields: object = getattr(record, "tidegate_fields", {})
            head |= {"part": record.name.removeprefix("tidegate."), "event": record.getMessage()}
            head |= fields if isinstance(fields, dict) else {}
        else:
            head |= {"event": "library", "part": record.name.partition(".")[0]}
            head |= _error_fields(record.exc_info[1]) if record.exc_info and record.exc_info[1] else {}
        return json.dumps(head, ensure_ascii=True)


def set_up(tier: str, *, level: str = "info", stream: TextIO | None = None) -> None:
    """Send every log of this process through the allow-list. `level` is debug, info, warning or error."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(_JsonLines(tier))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)  # libraries speak up only when something is wrong
    logging.getLogger("tidegate").setLevel(level.upper())
