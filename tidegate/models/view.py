"""How models are shown to a person: a drawn table, a question about a licence, a line per verdict."""

from __future__ import annotations

import sys

import typer
from rich.box import ROUNDED
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tidegate.chat import JSON
from tidegate.models.licence import Terms
from tidegate.models.memory import mebibytes
from tidegate.models.overview import Row, Verdict
from tidegate.models.pull import Accept, Pulled

_WIDE = 100  # columns of a terminal from which the memory is shown too


def asking(*, agreed: bool, silent: bool) -> Accept:
    """Shows the licence and asks, where a person is there to answer; otherwise only `--accept-licence` is a yes."""

    def accept(name: str, terms: Terms) -> bool:
        if not silent or not agreed:
            gate = "; its publisher asks for a registration" if terms.gated else ""
            print(f"{name}: {terms.sentence}{gate}", file=sys.stderr)
        if agreed:
            return True
        if silent or not sys.stdin.isatty():
            return False
        return typer.confirm("Do you accept it?", default=False, err=True)

    return accept


def show_rows(rows: tuple[Row, ...]) -> None:
    """A table, and under it who uses what: paths are long."""
    console = Console()
    wide = console.width >= _WIDE
    table = Table(box=ROUNDED, padding=(0, 1) if wide else (0, 0))
    table.add_column("model", overflow="fold")
    for title in (
        "kind",
        "size",
        "quant",
        "context",
        *(["memory"] if wide else []),
        "licence",
        "sha256",
        "in use",
    ):
        numbers = title in {"size", "context", "memory"}
        table.add_column(
            title, justify="right" if numbers else "left", no_wrap=title != "licence", overflow="fold"
        )
    for row in rows:
        table.add_row(*_cells(row, wide=wide))
    console.print(table)
    for row in rows:
        for user in row.users:
            if user != "default":
                console.print(f"{row.name}: {escape(user)}", soft_wrap=True, highlight=False)


def _cells(row: Row, *, wide: bool) -> list[str]:
    used = ("default" if row.users == ("default",) else "yes") if row.users else "-"
    return [
        row.name, row.kind.value, mebibytes(row.size), row.quantisation or row.architecture,
        f"{row.context:,}" if row.context else "-", *([mebibytes(row.need)] if wide else []),
        escape(row.licence) or "see card", row.sha256[:8], used,
    ]  # fmt: skip


def show_pulled(pulled: tuple[Pulled, ...]) -> None:
    for one in pulled:
        record, facts = one.kept.record, one.facts
        about = ", ".join(
            part
            for part in (record.kind, mebibytes(record.size), record.architecture, record.quantisation)
            if part
        )
        print(f"{record.name} {'is here' if one.new else 'was here already'}: {about}")
        print(f"  sha256 {record.weights.sha256}")
        print(f"  memory in use, estimated: {mebibytes(facts.need.total)}")
        print(f"  try it and use it:  tidegate models use {record.name} --config edge.toml")


def pulled_told(one: Pulled) -> dict[str, JSON]:
    record = one.kept.record
    return {
        "name": record.name, "new": one.new, "kind": record.kind.value, "path": str(one.kept.weights),
        "size_bytes": record.size, "sha256": record.weights.sha256, "source": record.source, "revision": record.revision,
        "licence": record.licence.name, "architecture": record.architecture, "quantisation": record.quantisation,
        "context_tokens": record.context, "memory_bytes": one.facts.need.total,
    }  # fmt: skip


def show_verdicts(verdicts: tuple[Verdict, ...]) -> None:
    table = Table("model", "finding", "what")
    for verdict in verdicts:
        finding = "[green]ok[/]" if verdict.whole else "[red]broken[/]"
        table.add_row(verdict.name, finding, escape(verdict.said))
    Console().print(table)
