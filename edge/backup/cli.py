"""`tidegate edge backup`, `restore` and `migrate`."""

from __future__ import annotations

import getpass
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from edge import config as settings
from tidegate.errors import BadConfig, BadRequest

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="settings (TOML)", show_default=False)
]
StateFolder = Annotated[Path | None, typer.Option("--state", help="state folder", show_default=False)]
PassphraseFile = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", help="first line of this file; else it is asked for", show_default=False
    ),
]


def backup(
    file: Annotated[Path, typer.Argument(help="where the sealed backup goes")],
    config: ConfigFile = None,
    state: StateFolder = None,
    passphrase_file: PassphraseFile = None,
    models: Annotated[bool, typer.Option("--models", help="the fleet's model slots too")] = False,
) -> None:
    """Copies this device's state into one sealed file. The daemon may run meanwhile."""
    from edge.backup.make import make
    from tidegate.clock import SystemClock, rfc3339

    found = _settings(config, state)
    passphrase = _passphrase(passphrase_file, twice=True)
    made = make(found.state, file, passphrase, models=models, now=SystemClock().now())
    told: dict[str, object] = {
        "backup": str(file),
        "made_at": rfc3339(made.made_at),
        "files": len(made.files),
        "bytes": file.stat().st_size,
        "ledger_records": made.seq,
        "models": made.models,
    }
    if not found.identity.is_relative_to(found.state):
        told["not_included"] = f"{found.identity}: uplink.identity lies outside of the state folder"
    print(json.dumps(told))


def restore(
    file: Annotated[Path, typer.Argument(help="a backup of `tidegate edge backup`")],
    config: ConfigFile = None,
    state: StateFolder = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Puts a backup in place of this device's state, whole or not at all. Refused while a daemon runs on it."""
    from edge.backup.restore import restore as restore_now
    from tidegate.clock import SystemClock, rfc3339

    found = _settings(config, state)
    done = restore_now(file, found.state, _passphrase(passphrase_file), now=SystemClock().now())
    print(
        json.dumps(
            {
                "restored": str(found.state),
                "made_at": rfc3339(done.manifest.made_at),
                "relation": done.relation,
                "ledger_records": done.manifest.seq,
                "records_lost": done.lost if done.lost >= 0 else None,
                "answers_not_told_again": done.settled,
                "replaced_state": str(done.aside) if done.aside is not None else None,
            }
        )
    )


def migrate(
    config: ConfigFile = None,
    state: StateFolder = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would change")] = False,
) -> None:
    """Brings the state of an older release up to date; `tidegate edge run` does so by itself."""
    from edge.backup.migrate import migrate as migrate_now
    from edge.store.copying import pending

    found = _settings(config, state)
    if not (found.state / "durable.db").exists():
        raise BadConfig(f"{found.state} holds no state of a daemon", code="no_state")
    due = pending(found.state) if dry_run else migrate_now(found.state)
    print(
        json.dumps(
            {
                "state": str(found.state),
                "changed": not dry_run and any(one.due for one in due),
                "files": [
                    {
                        "file": one.file,
                        "format": one.found,
                        "becomes": one.wanted,
                        "changes": list(one.changes),
                    }
                    for one in due
                ],
            }
        )
    )


def register(app: typer.Typer) -> None:
    """Adds the three commands to `tidegate edge`."""
    for command in (backup, restore, migrate):
        app.command()(command)


def _settings(file: Path | None, state: Path | None) -> settings.EdgeConfig:
    return settings.load(file, os.environ, {"state": str(state) if state is not None else None})


def _passphrase(file: Path | None, *, twice: bool = False) -> str:
    """From the first line of a file, else from the person at the terminal. Never an argument: those are seen by others."""
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise BadConfig(f"{file}: the passphrase cannot be read", code="no_passphrase") from error
        return lines[0] if lines else ""
    if not sys.stdin.isatty():
        raise BadRequest(
            "a passphrase is needed, and nobody is at the terminal",
            code="no_passphrase",
            hint="name a file with --passphrase-file",
        )
    given = getpass.getpass("Passphrase of the backup: ")
    if twice and getpass.getpass("Once more: ") != given:
        raise BadRequest("the two passphrases differ; nothing was written", code="no_passphrase")
    return given
