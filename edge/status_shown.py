"""What `tidegate edge status` prints for people: how it stands, why what left has left, and the last requests. Fits 80 columns."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from edge.pages import words
from edge.promise.ledger import Sheet
from edge.status import Status
from edge.store.journal import Line

_BY = {"device": "this device", "cloud": "the cloud", "nobody": "nobody"}
_SIGNS = {"good": "green", "care": "yellow", "bad": "bold red", "off": "dim"}
_COLOURS = {"device": "green", "cloud": "cyan", "nobody": "yellow"}


def show(found: Status, console: Console | None = None) -> None:
    console = console or Console(highlight=False)
    console.print(_summary(found))
    console.print()
    if found.latest:
        console.print(_requests(found.latest))
    else:
        console.print("No request has come yet. Try `tidegate chat`.")


def _summary(found: Status) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(ratio=1)
    table.add_row("door", found.url or Text("not running: `tidegate edge run` starts it", style="yellow"))
    preference = found.preference
    if preference is not None:
        said = Text(preference.said, style="" if preference.well else "yellow")
        if preference.next:
            said.append(f"\n-> {preference.next}", style="yellow")
        table.add_row("answers", said)
    for sheet in found.promise:
        table.add_row(
            "promise" if sheet is found.promise[0] else "", _promise(words.line(sheet.line.key), sheet)
        )
    spool = ", ".join(f"{n} {words.SPOOL.get(state, state)}" for state, n in sorted(found.spool.items()))
    table.add_row("spool", spool or "nothing waits")
    table.add_row("ledger", f"{found.left} records of what left: `tidegate edge ledger show`")
    spent = found.spent
    table.add_row(
        "spent today",
        f"{spent.money:.4f} and {spent.tokens} tokens in the cloud; about {spent.joules:.1f} J here (an estimate)",
    )
    return table


def _promise(name: str, sheet: Sheet) -> Text:
    """One line of the promise: how it stands, and what the checks say."""
    said = Text(f"{name}: ")
    said.append(words.promise_state(sheet), style=_SIGNS[words.promise_sign(sheet)])
    if not sheet.terms.holds:
        return said
    saved = sheet.saved
    kept = saved.kept if saved is not None else 0
    said.append(f", {kept} kept" + (f" from P(right) {sheet.keep_at:.2f} on" if sheet.keep_at <= 1 else ""))
    if sheet.seen is not None:
        said.append(f", {100 * sheet.seen:.1f} % of {100 * sheet.line.promise.wrong_at_most:g} % wrong")
    if sheet.alarmed:
        said.append("\n-> `tidegate risk ledger` shows what was found", style="red")
    return said


def _requests(lines: tuple[Line, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name, right in (
        ("when", False),
        ("by", False),
        ("state", False),
        ("because", False),
        ("sure", True),
        ("took", True),
    ):
        table.add_column(name, justify="right" if right else "left", no_wrap=name != "because")
    for line in lines:
        sure = "" if line.confidence is None else f"{100 * line.confidence:.0f} %"
        table.add_row(
            datetime.fromtimestamp(line.at, UTC).astimezone().strftime("%H:%M:%S"),
            Text(_BY[line.source], style=_COLOURS[line.source]),
            str(line.state),
            words.why(line.why),
            sure,
            words.took(line.latency_ms),
        )
    return table
