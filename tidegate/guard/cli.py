"""`tidegate guard`: JSON lines in, prompt-injection scores and verdicts out. Nothing leaves the machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated

import msgspec
import typer

from tidegate.chat import JSON
from tidegate.errors import BadRequest
from tidegate.guard.injection import Guarded, load_assess

Assess = Callable[[str], Guarded]


class Line(msgspec.Struct, frozen=True):
    """One input line; unknown fields are ignored."""

    text: str
    id: str | int | float | None = None


def guard(
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help="read JSON lines from stdin (the only input there is)")
    ] = False,
) -> None:
    """Score texts for prompt injection: {"id","text"} per line in, {"id","injection","verdict"} per line out.

    `injection` is 0..1; `verdict` is clean, suspect or attack by the thresholds measured for the shipped model.
    A line that cannot be scored gives {"id":null,"error":...} and the next one is read.
    """
    if not jsonl:
        raise BadRequest(
            "nothing to read",
            code="no_input",
            hint="pipe JSON lines in: tidegate guard --jsonl < texts.jsonl",
        )
    for row in answers(sys.stdin.buffer, load_assess()):
        sys.stdout.write(row + "\n")
        sys.stdout.flush()


def answers(lines: Iterable[bytes], assess: Assess) -> Iterator[str]:
    """One answer per line that is not blank, in order. Raises Broken when the model fails: then nothing is vouched for."""
    for raw in lines:
        if raw.strip():
            yield json.dumps(_answer(raw, assess), ensure_ascii=False)


def _answer(raw: bytes, assess: Assess) -> dict[str, JSON]:
    try:
        line = msgspec.json.decode(raw, type=Line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {"id": None, "error": 'not a line of the form {"id": ..., "text": "..."}'}
    try:
        seen = assess(line.text)
    except BadRequest as error:
        return {"id": line.id, "error": error.message}
    return {"id": line.id, "injection": seen.injection, "verdict": seen.verdict.value}
