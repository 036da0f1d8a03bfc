"""`tidegate chat`: with a terminal a conversation, in a pipe one question."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from edge.chat.session import Chat, History, Screen
from edge.chat.talk import TIMEOUT, Talk, Wish
from edge.config import EdgeConfig
from edge.config import load as settings
from tidegate.clock import SystemClock
from tidegate.errors import BadRequest

APPLICATION = "chat"
KEY_FILE = "chat.key"
KEY_VARIABLE = "TIDEGATE_API_KEY"


def chat(
    question: Annotated[
        str, typer.Argument(help="one question; without it a conversation, or the question on stdin")
    ] = "",
    file: Annotated[Path | None, typer.Option("--config", "-c", help="the device's settings (TOML)")] = None,
    state: Annotated[Path | None, typer.Option("--state", help="the daemon's state folder")] = None,
    local_only: Annotated[bool, typer.Option("--local-only", help="answers from this device alone")] = False,
    consent: Annotated[bool, typer.Option("--consent", help="you agree that it leaves, redacted")] = False,
    history: Annotated[
        Path | None,
        typer.Option("--history", help="keep questions and answers in this file; else nothing is kept"),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="only answers")] = False,
) -> None:
    """Talk to this device. After each answer one line says who gave it, how surely, and what left.

    Exit codes of one question: 0 answered, 1 failed, 2 refused or wrong, 3 the answer comes later, 4 it needs consent.
    """
    import httpx

    config = settings(file, os.environ, {"state": str(state) if state is not None else None})
    client = httpx.Client(
        base_url=_door(config) + "/",
        headers={"authorization": f"Bearer {_key(config)}"},
        trust_env=False,
        timeout=TIMEOUT,
    )
    clock = SystemClock()

    def fresh() -> Talk:
        return Talk(client, clock, f"chat {secrets.token_hex(8)}")

    alone = not question and sys.stdin.isatty()
    beside = sys.stdout if alone else sys.stderr
    screen = Screen(sys.stdout, beside, colour=beside.isatty() and "NO_COLOR" not in os.environ, quiet=quiet)
    agree = (lambda _: True) if consent else _agreed if sys.stdin.isatty() else None
    with client:
        made = Chat(fresh(), screen, History(history, clock), fresh, agree, Wish(local_only))
        if alone:
            screen.note("Ask, or /help. What leaves this device is told after each answer.")
            made.lines(_typed())
            return
        asked = question or sys.stdin.read()
        if not asked.strip():
            raise BadRequest("there is no question on standard input", code="no_question")
        raise typer.Exit(made.once(asked.strip()))


def _door(config: EdgeConfig) -> str:
    """Where the daemon knocks. Raises Unreachable, with how to start one, when none runs."""
    from edge.asking import daemon_url, no_daemon

    url = daemon_url(config.state)
    if not url:
        raise no_daemon()
    return url


def _key(config: EdgeConfig) -> str:
    """The key of this command: from the environment, else one of its own in the state folder, made at first use."""
    given = os.environ.get(KEY_VARIABLE, "")
    return given or own_key(config)


def own_key(config: EdgeConfig) -> str:
    """Raises Broken when the state folder cannot be read or written."""
    from edge.gateway.keys import Keyring, make_key
    from edge.stores import stores_of
    from tidegate.fs import write_durably

    place = config.state / KEY_FILE
    with stores_of(config) as stores:
        kept = place.read_text("ascii").strip() if place.exists() else ""
        if kept:
            try:
                Keyring(stores.keys).application(f"Bearer {kept}")
            except BadRequest:
                kept = ""  # it was revoked
        if not kept:
            kept = make_key(stores.keys, APPLICATION, SystemClock().now())
            write_durably(place, kept.encode(), mode=0o600)
    return kept


def _typed() -> Iterator[str]:
    """Lines from the terminal, with editing where Python has it; nothing is kept between runs."""
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  input() uses it
    while True:
        try:
            yield input("> ")
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            print()


def _agreed(question: str) -> bool:
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except EOFError:
        return False
