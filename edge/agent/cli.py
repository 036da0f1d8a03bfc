"""`tidegate agent`: what the agent of this device may do, what it did, and what waits for a word."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from edge.agent import views
from edge.agent.grants import ANY
from edge.cli import ConfigFile, StateFolder
from edge.config import EdgeConfig, load
from tidegate.chat import JSON
from tidegate.errors import BadConfig

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The agent of this device.")
grants = typer.Typer(add_completion=False, no_args_is_help=True, help="What is allowed beforehand.")
app.add_typer(grants, name="grants")

AsJson = Annotated[bool, typer.Option("--json", help="for programs")]
Which = Annotated[str, typer.Argument(help="the run's id or the call's digest, or its first six letters")]


@app.command()
def tools(file: ConfigFile = None, state: StateFolder = None, as_json: AsJson = False) -> None:
    """Every declared tool: its class, its limits, and whether its sandbox is in place."""
    from edge.agent import desk_cli

    found = desk_cli.inventory(_config(file, state), os.environ)
    if as_json:
        print(json.dumps(found))
    else:
        _show_tools(found)


@app.command()
def runs(
    file: ConfigFile = None,
    state: StateFolder = None,
    limit: Annotated[int, typer.Option("--limit", min=1)] = 20,
    as_json: AsJson = False,
) -> None:
    """The newest runs, newest first."""
    from edge.agent import desk_cli

    with desk_cli.opened(_with_state(file, state)) as desk:
        found = desk.runs(limit)
    if as_json:
        for one in found:
            print(json.dumps(views.run(one)))
        return
    table = Table("run", "application", "state", "why", "steps", "tokens")
    for one in found:
        why = str(one.why or one.wait_reason or "")
        table.add_row(one.id, one.application, str(one.state), why, str(one.steps), str(one.tokens))
    Console().print(table)


@app.command()
def pending(file: ConfigFile = None, state: StateFolder = None, as_json: AsJson = False) -> None:
    """Calls that wait for approval, each with its exact arguments."""
    from edge.agent import desk_cli

    with desk_cli.opened(_with_state(file, state)) as desk:
        for one in desk.pending():
            print(json.dumps(views.pending(one)) if as_json else desk_cli.shown(one))


@app.command()
def approve(which: Which, file: ConfigFile = None, state: StateFolder = None) -> None:
    """Approves the call that waits, as it was shown."""
    _decide(which, file, state, approved=True)


@app.command()
def deny(which: Which, file: ConfigFile = None, state: StateFolder = None) -> None:
    """Denies it; the run goes on without."""
    _decide(which, file, state, approved=False)


@grants.command("list")
def grants_list(file: ConfigFile = None, state: StateFolder = None) -> None:
    """Every grant, one JSON line each."""
    from edge.agent import desk_cli

    with desk_cli.opened(_with_state(file, state)) as desk:
        for one in desk.stores.grants.all():
            print(json.dumps(views.grant(one)))


@grants.command("add")
def grants_add(  # noqa: PLR0913, PLR0917  each is an option of the command
    tool: Annotated[str, typer.Argument(help="name of the tool; * for all")],
    application: Annotated[str, typer.Option("--application", help="whose; * for all")] = ANY,
    conversation: Annotated[str, typer.Option("--conversation", help="one that the application names")] = "",
    once: Annotated[bool, typer.Option("--once", help="for one call")] = False,
    arguments: Annotated[str, typer.Option("--arguments", help="JSON: one call of exactly these")] = "",
    days: Annotated[float, typer.Option("--days", help="how long; 0: until revoked")] = 0.0,
    file: ConfigFile = None,
    state: StateFolder = None,
) -> None:
    """Allows a tool beforehand. What cannot be undone still waits for a word, unless --arguments names the very call."""
    from edge.agent import desk_cli

    with desk_cli.opened(_with_state(file, state)) as desk:
        made = desk.grant(tool, application, named=conversation, once=once, arguments=arguments, days=days)
    print(json.dumps(views.grant(made)))


@grants.command("revoke")
def grants_revoke(
    grant: Annotated[str, typer.Argument(help="the grant's id")],
    file: ConfigFile = None,
    state: StateFolder = None,
) -> None:
    """Takes a grant back."""
    from edge.agent import desk_cli

    with desk_cli.opened(_with_state(file, state)) as desk:
        print(json.dumps({"grant": grant, "revoked": desk.stores.grants.revoke(grant)}))


def _decide(which: str, file: Path | None, state: Path | None, *, approved: bool) -> None:
    from edge.agent import desk_cli

    with desk_cli.opened(_with_state(file, state)) as desk:
        run = desk.decide(which, approved=approved)
    print(json.dumps({"run": run.id, "digest": run.calls[0].digest, "approved": approved}))


def _show_tools(found: dict[str, JSON]) -> None:
    console = Console()
    console.print(f"sandbox: {found['sandbox']} ({found['confinement']})")
    table = Table("tool", "kind", "effect", "seconds", "output", "memory", "sandbox", "reaches out")
    listed = found["tools"]
    for one in listed if isinstance(listed, list) else []:
        if isinstance(one, dict) and isinstance(one["limits"], dict):
            limits = one["limits"]
            cells = (one["name"], one["kind"], one["effect"], limits["seconds"], limits["output_bytes"])
            more = (limits["memory_mb"] or "", one["sandbox"] or "", "yes" if one["outward"] else "no")
            table.add_row(*(str(cell) for cell in (*cells, *more)))
    console.print(table)
    servers = found["servers"]
    for server in servers if isinstance(servers, list) else []:
        if isinstance(server, dict):
            state = server["problem"] or (
                "pinned" if server["pinned"] else "not pinned: its words are from outside"
            )
            console.print(f"mcp {server['name']}: {state}  {server['digest'] or ''}", soft_wrap=True)


def _config(file: Path | None, state: Path | None) -> EdgeConfig:
    return load(file, os.environ, {"state": str(state) if state is not None else None})


def _with_state(file: Path | None, state: Path | None) -> EdgeConfig:
    config = _config(file, state)
    if not (config.state / "durable.db").exists():
        raise BadConfig(
            f"{config.state} holds no state of a daemon",
            code="no_state",
            hint="start one with `tidegate edge run`, or name its folder with --state",
        )
    return config
