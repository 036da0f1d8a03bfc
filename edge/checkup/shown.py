"""What `tidegate edge doctor` prints: a line a part, what to do next below it, and how it stands in all. Fits 80 columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from edge.checkup.found import Check, Finding

_MARKS = {
    Finding.OK: ("ok", "green"),
    Finding.ATTENTION: ("look", "yellow"),
    Finding.BROKEN: ("BROKEN", "bold red"),
    Finding.NOT_USED: ("-", "dim"),
}


def show(checks: Sequence[Check], console: Console | None = None) -> None:
    console = console or Console(highlight=False)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for check in checks:
        word, colour = _MARKS[check.finding]
        said = Text(check.said, style="dim" if check.finding is Finding.NOT_USED else "")
        if check.next:
            said.append(f"\n-> {check.next}", style=colour)
        table.add_row(Text(word, style=colour), Text(check.part, style="bold"), said)
    console.print(table)
    console.print(Padding(summary(checks), (1, 0, 0, 0)))


def summary(checks: Sequence[Check]) -> str:
    """How it stands in a sentence."""
    counts = Counter(check.finding for check in checks)
    broken, look = counts[Finding.BROKEN], counts[Finding.ATTENTION]
    if not broken and not look:
        return "All is well."
    parts = [
        f"{count} {'part' if count == 1 else 'parts'} {one if count == 1 else many}"
        for count, one, many in ((broken, "is broken", "are broken"), (look, "wants a look", "want a look"))
        if count
    ]
    return f"{', '.join(parts)}: do what stands behind the arrows, then run it again."
