"""The demo's table and panels."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `held` False means the step did not hold: the demo then ends with exit code 1."""

    asked: str
    where: str
    why: str
    confidence: str
    latency_ms: float
    left: str
    note: str
    held: bool = True


@dataclass
class Report:
    """What the demo found, step by step."""

    steps: list[tuple[str, list[Row]]] = field(default_factory=list)

    @property
    def held(self) -> bool:
        return all(row.held for _, rows in self.steps for row in rows)


def step_table(title: str, rows: list[Row]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", show_lines=False, expand=True)
    table.add_column("", width=1)
    table.add_column("asked", ratio=5, overflow="fold")
    table.add_column("answered", ratio=1, no_wrap=True)
    table.add_column("why", ratio=2)
    table.add_column("P(right)", justify="right", no_wrap=True)
    table.add_column("ms", justify="right", no_wrap=True)
    table.add_column("left the device", ratio=2)
    table.add_column("result", ratio=4, overflow="fold")
    for row in rows:
        mark = Text("✓", "green") if row.held else Text("✗", "bold red")
        colour = {"device": "cyan", "cloud": "magenta"}.get(row.where, "yellow")
        table.add_row(
            mark,
            row.asked,
            Text(row.where, colour),
            row.why,
            row.confidence,
            f"{row.latency_ms:.0f}" if row.latency_ms else "",
            row.left,
            row.note,
        )
    return table


def exact_bytes(console: Console, title: str, text: str) -> None:
    console.print(Panel(Text(text), title=title, title_align="left", border_style="magenta"))


def verdict(console: Console, report: Report, seconds: float) -> None:
    lost = [f"{title}: {row.asked}" for title, rows in report.steps for row in rows if not row.held]
    if lost:
        console.print(Panel("\n".join(lost), title=f"did not hold ({seconds:.0f} s)", border_style="red"))
    else:
        console.print(Panel("every step held", title=f"done in {seconds:.0f} s", border_style="green"))
