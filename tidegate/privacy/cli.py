"""`tidegate redact`: what would leave, and why. Text or JSON lines in, redacted text out; nothing is sent anywhere."""

from __future__ import annotations

import json
import secrets
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, assert_never

import typer

from tidegate.chat import JSON
from tidegate.clock import SystemClock
from tidegate.errors import TidegateError
from tidegate.privacy.detect import Detector, build_detector
from tidegate.privacy.redaction import Redaction
from tidegate.privacy.redaction import redact as redact_text
from tidegate.privacy.vault import KEY_BYTES, Vault

if TYPE_CHECKING:
    from rich.console import Console

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
) -> None:
    """Show what Tidegate would hide in a text before anything leaves the device."""
    try:
        detector = build_detector(ner=not patterns_only, allow_degraded=True)
    except TidegateError as broken:
        typer.echo(f"redaction is unavailable: {broken}", err=True)
        raise typer.Exit(1) from broken
    if detector.degraded is not None and not patterns_only:
        typer.echo(f'warning: {detector.degraded}; see "tidegate edge doctor"', err=True)
    if jsonl:
        source = sys.stdin.buffer if file is None else file.open("rb")
        with source:
            for line in _answers(source, detector, explain=explain):
                sys.stdout.buffer.write(line)
                sys.stdout.buffer.flush()
        return
    raw = sys.stdin.buffer.read() if file is None else file.read_bytes()
    try:
        _show(raw.decode(), detector, explain=explain)
    except UnicodeDecodeError as wrong:
        typer.echo(f"the input is not UTF-8 text (byte {wrong.start}); nothing was redacted", err=True)
        raise typer.Exit(2) from wrong
    except TidegateError as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(2) from wrong


def answer_line(line: bytes, detector: Detector, *, explain: bool = False) -> JSON:
    """One JSON line answered; a line that cannot be gives `{"id": null | id, "error": ...}` and no text."""
    match _parse(line):
        case str(error):
            return {"id": None, "error": error}
        case (id_, text):
            try:
                result = redact_text(text, detector, _fresh_vault())
            except TidegateError as wrong:
                return {"id": id_, "error": str(wrong)}
            return _answer(id_, text, result, detector, explain=explain)
        case other:
            assert_never(other)


def _answers(
    lines: BinaryIO, detector: Detector, *, explain: bool, longest: int = _LONGEST_LINE
) -> Iterable[bytes]:
    while line := lines.readline(longest):
        whole = line.endswith(b"\n") or len(line) < longest
        while not whole and (more := lines.readline(longest)):
            whole = more.endswith(b"\n")  # too long: read on to its end, keep nothing
        answer: JSON = (
            {"id": None, "error": "line too long"}
            if len(line) >= longest
            else answer_line(line, detector, explain=explain)
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


def _answer(id_: JSON, text: str, result: Redaction, detector: Detector, *, explain: bool) -> JSON:
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


def _fresh_vault() -> Vault:
    """A preview is a conversation of its own, forgotten at once."""
    return Vault.open("preview", secrets.token_bytes(KEY_BYTES), SystemClock().now())


def _show(text: str, detector: Detector, *, explain: bool) -> None:
    """The redacted text on standard output, byte for byte when that is a pipe or a file; beside it, what was hidden."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from tidegate.privacy.placeholders import find_placeholders

    result = redact_text(text, detector, _fresh_vault())
    piped = not sys.stdout.isatty()
    console = Console(stderr=piped)
    if piped:
        sys.stdout.buffer.write(result.text.text.encode())
        sys.stdout.buffer.flush()
    else:
        shown = Text(result.text.text)
        for found in find_placeholders(result.text.text):
            shown.stylize("bold reverse", found.start, found.end)
        console.print(shown, soft_wrap=True)
    table = Table("kind", "hidden", title="what would not leave")
    for label, count in sorted(result.labels.items(), key=lambda item: (-item[1], item[0].value)):
        table.add_row(label.value, str(count))
    console.print(table if result.labels else "Nothing private was found.")
    if explain:
        _show_reasons(text, detector, console)


def _show_reasons(text: str, detector: Detector, console: Console) -> None:
    from rich.table import Table

    why = detector.explain(text)
    beaten = Counter((loss.winner.start, loss.winner.end) for loss in why.losses)
    table = Table("where", "kind", "found by", "score", "checksum", "claims beaten", title="why")
    for span in why.spans:
        proof = "right" if span.valid else ""
        lost = str(beaten[(span.start, span.end)] or "")
        table.add_row(
            f"{span.start}-{span.end}", span.label.value, span.source, f"{span.score:.2f}", proof, lost
        )
    console.print(table)
