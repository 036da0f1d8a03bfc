"""`tidegate redact`: what would leave, and why. Text or JSON lines in, redacted text out; nothing is sent anywhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated, BinaryIO, assert_never

import typer

from tidegate.chat import JSON
from tidegate.errors import BadConfig, TidegateError
from tidegate.privacy.actions import MASKED, Action, Handling
from tidegate.privacy.detect import Detector, build_detector
from tidegate.privacy.redaction import Redaction
from tidegate.privacy.redaction import redact as redact_text
from tidegate.privacy.settings_file import own
from tidegate.privacy.show import fresh_vault, show
from tidegate.privacy.text_input import checked_size, require_another

_LONGEST_LINE = 16 * 1024 * 1024  # bytes of one JSON line


def redact(
    file: Annotated[
        Path | None,
        typer.Argument(help="Text file; standard input when absent.", exists=True, dir_okay=False),
    ] = None,
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='Read {"id","text"} lines, write {"id","spans","redacted"} lines.')
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show who found what, and which claims gave way.")
    ] = False,
    patterns_only: Annotated[
        bool, typer.Option("--patterns-only", help="Do not load the name model.")
    ] = False,
    settings: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            help="Settings of a device: own patterns, words and actions.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Show what Tidegate would hide in a text before anything leaves the device."""
    try:
        ours = own(settings)
        detector = replace(build_detector(ner=not patterns_only, allow_degraded=True), rules=ours.rules)
    except BadConfig as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(2) from wrong
    except TidegateError as broken:
        typer.echo(f"redaction is unavailable: {broken}", err=True)
        raise typer.Exit(1) from broken
    if detector.degraded is not None and not patterns_only:
        typer.echo(f'warning: {detector.degraded}; see "tidegate edge doctor"', err=True)
    with ExitStack() as stack:
        source = sys.stdin.buffer if file is None else stack.enter_context(file.open("rb"))
        try:
            require_another(source, sys.stdout.buffer)
            if jsonl:
                for line in _answers(source, detector, explain=explain, handling=ours.handling):
                    sys.stdout.buffer.write(line)
                    sys.stdout.buffer.flush()
            else:
                size = checked_size(file) if file is not None else None
                show(source, size, detector, explain=explain, handling=ours.handling)
        except TidegateError as wrong:
            typer.echo(str(wrong), err=True)
            raise typer.Exit(2) from wrong


def answer_line(
    line: bytes, detector: Detector, *, explain: bool = False, handling: Handling = MASKED
) -> JSON:
    """One JSON line answered; a line that cannot be gives `{"id": null | id, "error": ...}` and no text."""
    match _parse(line):
        case str(error):
            return {"id": None, "error": error}
        case (id_, text):
            try:
                result = redact_text(text, detector, fresh_vault(handling))
            except TidegateError as wrong:
                return {"id": id_, "error": str(wrong)}
            answer = _answer(id_, text, result, detector, explain=explain)
            blocked = handling.having(Action.BLOCK) & result.labels.keys()
            names: list[JSON] = [label.value for label in sorted(blocked)]
            return {**answer, "blocked": names} if blocked else answer
        case other:
            assert_never(other)


def _answers(
    lines: BinaryIO,
    detector: Detector,
    *,
    explain: bool,
    handling: Handling = MASKED,
    longest: int = _LONGEST_LINE,
) -> Iterable[bytes]:
    while line := lines.readline(longest):
        whole = line.endswith(b"\n") or len(line) < longest
        while not whole and (more := lines.readline(longest)):
            whole = more.endswith(b"\n")  # too long: read on to its end, keep nothing
        answer: JSON = (
            {"id": None, "error": "line too long"}
            if len(line) >= longest
            else answer_line(line, detector, explain=explain, handling=handling)
        )
        yield json.dumps(answer, ensure_ascii=False).encode() + b"\n"


def _parse(line: bytes) -> tuple[JSON, str] | str:
    """(id, text), or what is wrong with the line."""
    try:
        value: JSON = json.loads(line)
    except (ValueError, RecursionError):
        return "not a line of JSON"
    if not isinstance(value, dict) or not isinstance(text := value.get("text"), str):
        return '"text" is missing or not a string'
    return value.get("id"), text


def _answer(id_: JSON, text: str, result: Redaction, detector: Detector, *, explain: bool) -> dict[str, JSON]:
    answer: dict[str, JSON] = {
        "id": id_,
        "spans": [
            {"start": s.start, "end": s.end, "label": s.label.value, "score": round(s.score, 4)}
            for s in result.spans
        ],
        "redacted": result.text.text,
    }
    if detector.degraded is not None:
        answer["degraded"] = detector.degraded
    if explain:
        answer["explain"] = _reasons(text, detector)
    return answer


def _reasons(text: str, detector: Detector) -> JSON:
    """Finder and proof of each span, and what each lost claim gave way to. Positions only, no text."""
    why = detector.explain(text)
    kept: list[JSON] = [
        {"start": s.start, "end": s.end, "label": s.label.value, "source": s.source, "valid": s.valid}
        for s in why.spans
    ]
    lost: list[JSON] = [
        {
            "start": loss.span.start,
            "end": loss.span.end,
            "label": loss.span.label.value,
            "source": loss.span.source,
            "lost_to": loss.winner.source,
        }
        for loss in why.losses
    ]
    return {"kept": kept, "lost": lost}
