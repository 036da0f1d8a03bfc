"""A text of any length redacted for a person or a pipe: window by window, with what was hidden beside it."""

from __future__ import annotations

import os
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from tidegate.clock import SystemClock
from tidegate.errors import BadRequest, TidegateError
from tidegate.privacy.actions import MASKED, Action, Handling
from tidegate.privacy.detect import Detector
from tidegate.privacy.placeholders import find_placeholders
from tidegate.privacy.progress import Progress, on_terminal
from tidegate.privacy.redaction import redact_stretch
from tidegate.privacy.spans import Label, Span
from tidegate.privacy.text_input import text_of
from tidegate.privacy.vault import KEY_BYTES, Vault
from tidegate.privacy.windows import LONGEST, LONGEST_READ, Window, windows

if TYPE_CHECKING:
    from rich.console import Console

_MOST_REASONS = 1000  # rows: a table longer than that is read by nobody, and would grow with the text


@dataclass
class Tally:
    """What was hidden so far, and for the first rows why."""

    handling: Handling = MASKED
    labels: Counter[Label] = field(default_factory=Counter)
    reasons: list[tuple[str, str, str, str, str, str]] = field(default_factory=list)
    left_out: int = 0
    written: int = 0


def fresh_vault(handling: Handling = MASKED) -> Vault:
    """A preview is a conversation of its own, forgotten at once."""
    return Vault.open("preview", secrets.token_bytes(KEY_BYTES), SystemClock().now(), handling=handling)


def show(
    source: BinaryIO, size: int | None, detector: Detector, *, explain: bool, handling: Handling = MASKED
) -> None:
    """The redacted text on standard output, byte for byte when that is a pipe or a file; beside it, what was hidden.

    `size`: bytes of a file that was read once already; what was added to it since is left out. Raises what `text_of` and `redact` raise,
    saying how much had been written by then.
    """
    from rich.console import Console

    piped = not sys.stdout.isatty()
    console = Console(stderr=piped)
    write = _to_pipe if piped else _to_terminal(console)
    progress = Progress(on_terminal(sys.stderr, quiet=lambda: not piped), SystemClock(), size)
    tally = Tally(handling)
    try:
        for text in pieces(source, size, detector, tally, progress, explain=explain):
            write(text)
            tally.written += len(text)
    except TidegateError as wrong:
        progress.end()
        raise _with_what_was_written(wrong, tally.written) from wrong
    progress.end()
    if not piped:
        console.print()
    _report(source, size, tally, console, explain=explain)


def pieces(
    source: BinaryIO, size: int | None, detector: Detector, tally: Tally, progress: Progress, *, explain: bool
) -> Iterator[str]:
    """The redacted text piece by piece; `tally` grows meanwhile."""
    vault = fresh_vault(tally.handling)
    cut = windows(text_of(source, size), longest=LONGEST if detector.ner is None else LONGEST_READ)
    offset = 0  # of the window's text in the whole
    window = next(cut, None)
    while window is not None:
        done, ended = redact_stretch(window.text, window.first, window.last, detector, vault)
        tally.labels.update(done.labels)
        if explain:
            _explain(window, ended, offset - window.first, detector, tally)
        yield done.text.text
        offset += ended - window.first
        progress.add(len(window.text[window.first : ended].encode()))
        try:
            window = cut.send(ended)
        except StopIteration:
            window = None


def _explain(window: Window, ended: int, shift: int, detector: Detector, tally: Tally) -> None:
    why = detector.explain(window.text)
    beaten = Counter((loss.winner.start, loss.winner.end) for loss in why.losses)
    for span in why.spans:
        if window.first <= span.start < ended:
            if len(tally.reasons) < _MOST_REASONS:
                tally.reasons.append(_reason(span, shift, beaten[(span.start, span.end)]))
            else:
                tally.left_out += 1


def _reason(span: Span, shift: int, beaten: int) -> tuple[str, str, str, str, str, str]:
    where = f"{span.start + shift}-{span.end + shift}"
    return (
        where, span.label.value, span.source, f"{span.score:.2f}", "right" if span.valid else "", str(beaten or ""),
    )  # fmt: skip


def _to_pipe(text: str) -> None:
    sys.stdout.buffer.write(text.encode())
    sys.stdout.buffer.flush()


def _to_terminal(console: Console) -> Callable[[str], None]:
    from rich.text import Text

    def write(text: str) -> None:
        shown = Text(text)
        for found in find_placeholders(text):
            shown.stylize("bold reverse", found.start, found.end)
        console.print(shown, soft_wrap=True, end="")

    return write


def _report(source: BinaryIO, size: int | None, tally: Tally, console: Console, *, explain: bool) -> None:
    from rich.table import Table

    table = Table("kind", "hidden", title="what would not leave")
    for label, count in sorted(tally.labels.items(), key=lambda item: (-item[1], item[0].value)):
        table.add_row(label.value, str(count))
    console.print(table if tally.labels else "Nothing private was found.")
    blocked = sorted(tally.handling.having(Action.BLOCK) & tally.labels.keys())
    if blocked:
        console.print(
            f"This text would stay on the device: it holds {', '.join(blocked)}, which these settings block."
        )
    if explain:
        why = Table("where", "kind", "found by", "score", "checksum", "claims beaten", title="why")
        for row in tally.reasons:
            why.add_row(*row)
        console.print(why)
        if tally.left_out:
            console.print(f"{tally.left_out} more finds are hidden too, and not listed.")
    if size is not None and (grown := os.fstat(source.fileno()).st_size - size):
        word = "has grown by" if grown > 0 else "has lost"
        console.print(
            f"The file {word} {abs(grown)} bytes meanwhile; what it held at the start was redacted."
        )


def _with_what_was_written(wrong: TidegateError, written: int) -> TidegateError:
    """A pipe is redacted while it is read: whoever reads the result must know that it is not the whole."""
    so_far = (
        f"{written} characters had been redacted and written before that"
        if written
        else "nothing was written"
    )
    return BadRequest(f"{wrong.message}; {so_far}", code=wrong.code, hint=wrong.hint)
