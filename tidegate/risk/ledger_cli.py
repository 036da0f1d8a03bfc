"""`tidegate risk ledger`: the promise of the device on this machine, shown by the tier that keeps it."""

from __future__ import annotations

import typer

from tidegate.errors import BadConfig


def ledger_command(ctx: typer.Context) -> None:
    """Show the promise, what was kept, what the checks found, each alarm, and the threshold now.

    Takes the options of `tidegate edge promise`: --config, --state, --json.
    """
    on_device(["promise", *ctx.args])


def on_device(args: list[str]) -> None:
    """Runs a command of the device tier, found as `tidegate` itself finds it. Raises BadConfig when there is none here."""
    from tidegate.cli import commands, load

    device = commands().get("edge")
    if device is None:
        raise BadConfig(
            "a promise is kept by a device, and this machine has no device tier",
            code="tier_missing",
            hint="run it on the device",
        )
    load(device)(args=args, prog_name="tidegate edge")
