"""`tidegate risk export`: what this device has learned about its answers, as lines for `tidegate risk fit`. Nothing leaves."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from tidegate.errors import BadRequest


def export(
    out: Annotated[Path | None, typer.Option(help="the file to write; absent: standard output")] = None,
    *,
    text: Annotated[
        bool,
        typer.Option(
            "--text", help="with the questions as they were asked, where `journal.keep_text` kept them"
        ),
    ] = False,
    file: Annotated[Path | None, typer.Option("--config", "-c", help="the device's settings (TOML)")] = None,
    state: Annotated[Path | None, typer.Option("--state", help="the device's state folder")] = None,
) -> None:
    """Write the outcomes of verdicts, reviewers, feedback and audits as JSON lines, for a new fit. Without --text no word of a
    question is in them."""
    from edge import config as configuration
    from edge.promise.export import told
    from edge.store.journal import JournalStore
    from edge.store.promises import PromiseStore
    from edge.store.schema import DURABLE, open_durable, open_journal
    from tidegate.fs import write_durably

    config = configuration.load(file, os.environ, {"state": str(state) if state is not None else None})
    if not (config.state / DURABLE).exists():
        raise BadRequest(
            f"{config.state} holds no state of a device",
            code="no_state",
            param="state",
            hint="name the folder with --state",
        )
    bases = (open_durable(config.state), open_journal(config.state))
    try:
        store, journal = PromiseStore(*bases), JournalStore(bases[1])
        rows = [
            json.dumps(row, ensure_ascii=False)
            for row in told(store.outcomes(), store.find, journal.question, text=text)
        ]
    finally:
        for base in bases:
            base.close()
    written = "".join(row + "\n" for row in rows)
    if out is None:
        sys.stdout.write(written)
    else:
        write_durably(out, written.encode(), mode=0o600)
    print(f"{len(rows)} outcomes", file=sys.stderr)
