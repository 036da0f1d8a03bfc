"""`tidegate edge conversations`: what this device remembers, for its owner."""

from __future__ import annotations

import json
import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge import config as settings
from edge.config import EdgeConfig
from tidegate.chat import JSON
from tidegate.errors import BadConfig, BadRequest, Unreachable
from tidegate.ids import ConversationId, conversation_id

if TYPE_CHECKING:  # databases and cryptography are loaded by the command that needs them
    from edge.stores import Stores

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="What this device remembers of conversations."
)

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="settings (TOML)", show_default=False)
]
StateFolder = Annotated[Path | None, typer.Option("--state", help="state folder", show_default=False)]
Application = Annotated[str, typer.Option("--application", help="of this application only")]
Conversation = Annotated[str, typer.Argument(help="its id, conv_...")]


@app.command("list")
def list_all(file: ConfigFile = None, state: StateFolder = None, application: Application = "") -> None:
    """One JSON line each, the newest first."""
    from edge.memory import told

    with _stores(_settings(file, state)) as stores:
        for one in stores.memory.conversations(application):
            print(json.dumps(told.line(one)))


@app.command()
def show(conversation: Conversation, file: ConfigFile = None, state: StateFolder = None) -> None:
    """One conversation, with everything that was said, as JSON."""
    with _stores(_settings(file, state)) as stores:
        print(json.dumps(_whole(stores, conversation_id(conversation)), ensure_ascii=False, indent=2))


@app.command()
def export(
    file: ConfigFile = None,
    state: StateFolder = None,
    application: Application = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="this file, readable by its owner alone; else standard output"),
    ] = None,
) -> None:
    """Every conversation as one JSON line, in clear: keep it as you keep the conversations."""
    with _stores(_settings(file, state)) as stores:
        lines = [
            json.dumps(_whole(stores, one.id), ensure_ascii=False)
            for one in stores.memory.conversations(application)
        ]
    text = "".join(f"{line}\n" for line in lines)
    if out is None:
        sys.stdout.write(text)
        return
    from tidegate.fs import write_durably

    write_durably(out, text.encode())
    print(json.dumps({"exported": len(lines), "file": str(out)}))


@app.command()
def delete(conversation: Conversation, file: ConfigFile = None, state: StateFolder = None) -> None:
    """Deletes a conversation and forgets its placeholders, in the running daemon's memory too."""
    from edge.asking import ask

    config, which = _settings(file, state), conversation_id(conversation)
    try:
        done = ask(config.state, "DELETE", f"/tidegate/conversations/{which}")
    except Unreachable:
        done = _deleted_here(config, which)
    print(json.dumps(done))


def _deleted_here(config: EdgeConfig, which: ConversationId) -> dict[str, JSON]:
    """No daemon runs, and none can start meanwhile. Raises BadConfig when one has just started, BadRequest when it is unknown."""
    from tidegate.fs import sole_owner

    with sole_owner(config.state), _stores(config) as stores:
        turns = stores.memory.drop("", which)
        if not turns:
            raise _unknown()
        stores.drop_conversation(which)
    return {"object": "tidegate.conversation.deleted", "id": which, "deleted": True, "turns": turns}


def _whole(stores: Stores, which: ConversationId) -> dict[str, object]:
    from edge.memory import told

    turns = stores.memory.turns("", which)
    if not turns:
        raise _unknown()
    return dict(told.whole(turns))


def _unknown() -> BadRequest:
    return BadRequest(
        "this device remembers no such conversation",
        code="conversation_not_found",
        status=404,
        hint="`tidegate edge conversations list` shows those it does",
    )


def _settings(file: Path | None, state: Path | None) -> EdgeConfig:
    config = settings.load(file, os.environ, {"state": str(state) if state is not None else None})
    if not (config.state / "durable.db").exists():
        raise BadConfig(f"{config.state} holds no state of a daemon", code="no_state")
    return config


def _stores(config: EdgeConfig) -> AbstractContextManager[Stores]:
    from edge.stores import stores_of

    return stores_of(config)
