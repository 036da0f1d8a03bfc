"""`tidegate edge`: run the daemon, look at it, enrol it, and check its ledger."""

from __future__ import annotations

import gc
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from edge import config as settings
from edge.backup import cli as keeping
from edge.config import EdgeConfig
from edge.memory.cli import app as conversations
from tidegate.errors import BadConfig

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The device daemon.")
ledger = typer.Typer(add_completion=False, no_args_is_help=True, help="What left this device.")
app.add_typer(ledger, name="ledger")
app.add_typer(conversations, name="conversations")

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="settings (TOML)", show_default=False)
]
StateFolder = Annotated[Path | None, typer.Option("--state", help="state folder", show_default=False)]


SWITCH_S = 0.001
"""How long the model's thread waits for Python's lock before it asks for it, while a request is read or a page written between two of
its steps. Python's own 5 ms are as long as six steps of the small model; far less costs more switches than it saves on a busy machine."""


@app.command()
def run(
    file: ConfigFile = None,
    state: StateFolder = None,
    port: Annotated[int | None, typer.Option("--port", help="port on loopback; 0: any free one")] = None,
    local_only: Annotated[bool, typer.Option("--local-only", help="nothing ever leaves")] = False,
) -> None:
    """Runs in the foreground; one ready line (JSON) on stdout; ends on SIGTERM within five seconds."""
    sys.setswitchinterval(SWITCH_S)
    gc.disable()  # what is loaded now stays: to look for rubbish in it again and again costs a twentieth of the start
    config = _load(file, state, port=port, local_only=local_only)
    from edge import app as daemon
    from tidegate import logs

    logs.set_up("edge", level=config.logs.level)

    def announce(ready: daemon.Ready) -> None:
        gc.freeze()
        gc.enable()
        line: dict[str, object] = {"ready": True, "url": ready.url}
        if ready.api_key:
            line["api_key"] = ready.api_key
        print(json.dumps(line), flush=True)

    daemon.main(config, announce, lambda: _load(file, state, port=port, local_only=local_only))


@app.command()
def status(
    file: ConfigFile = None,
    state: StateFolder = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="open its page in a browser")] = False,
) -> None:
    """What the daemon of a state folder has done lately."""
    from edge import status as view
    from edge.status_shown import show

    config = _load(file, state)
    _require_state(config)
    if open_page:
        print(view.open_page(config))
        return
    found = view.gather(config)
    if as_json:
        print(json.dumps(view.told(found)))
    else:
        show(found)


@app.command()
def doctor(
    file: ConfigFile = None,
    state: StateFolder = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Checks every part and says what to do next; exit code 1 when one is broken."""
    from edge import doctor as surgery
    from edge.checkup.shown import show

    checks = surgery.examine(_load(file, state))
    if as_json:
        print(json.dumps([surgery.told(check) for check in checks]))
    else:
        show(checks)
    if any(check.broken for check in checks):
        raise typer.Exit(1)


@app.command()
def reload(file: ConfigFile = None, state: StateFolder = None) -> None:
    """Makes the running daemon read its settings again; says what changed, and what waits for a restart."""
    from edge.asking import ask

    print(json.dumps(ask(_with_state(file, state).state, "POST", "/tidegate/reload")))


@app.command()
def promise(
    file: ConfigFile = None,
    state: StateFolder = None,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    month: Annotated[str, typer.Option("--month", hidden=True)] = "",
) -> None:
    """The promise about answers that stay here: what was kept, what checks found, alarms (also `tidegate risk ledger`)."""
    from edge.promise import ledger as sheets
    from edge.promise import view

    if month:
        from edge.promise.month import told_month

        print(told_month(month))
        return
    found = view.gather(_with_state(file, state))
    if as_json:
        print(json.dumps([sheets.told(sheet) for sheet in found]))
    else:
        sheets.show(found)


@app.command()
def enrol(
    address: Annotated[str, typer.Argument(help="host:port of the cloud's enrolment door")],
    token: Annotated[str, typer.Option("--token", help="one-time token; `-` reads it from standard input")],
    device: Annotated[str, typer.Option("--device", help="this device's id")],
    ca: Annotated[
        str, typer.Option("--ca", help="SHA-256 of the cloud's CA, as the fleet's manager gave it")
    ],
    file: ConfigFile = None,
    state: StateFolder = None,
) -> None:
    """Makes this device's key, trades the one-time token for a certificate, and keeps both in the identity folder."""
    from edge.uplink.enrol import enrol as enrol_now
    from tidegate.identity.folder import private_folder
    from tidegate.ids import device_id

    config = _load(file, state)
    if not config.state.exists():
        private_folder(config.state)  # made before any daemon: for its owner alone
    secret = sys.stdin.readline().strip() if token == "-" else token
    done = enrol_now(address, secret, device_id(device), ca, config.identity)
    print(json.dumps({"enrolled": True, "device": done.device, "serial": str(done.serial)}))


@app.command()
def key(
    application: Annotated[str, typer.Argument(help="name of the application")],
    file: ConfigFile = None,
    state: StateFolder = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="take its keys away instead")] = False,
) -> None:
    """Makes an API key for an application and shows it once."""
    from edge.gateway.keys import make_key
    from edge.stores import stores_of
    from tidegate.clock import SystemClock

    config = _load(file, state)
    _require_state(config)
    with stores_of(config) as stores:
        if revoke:
            print(json.dumps({"application": application, "revoked": stores.keys.remove(application)}))
        else:
            made = make_key(stores.keys, application, SystemClock().now())
            print(json.dumps({"application": application, "api_key": made}))


@ledger.command("show")
def ledger_show(
    file: ConfigFile = None,
    state: StateFolder = None,
    limit: Annotated[int, typer.Option("--limit", min=1)] = 50,
) -> None:
    """The newest records, one JSON line each, newest first."""
    from edge import status as view

    none = True
    for line in view.ledger_lines(_with_state(file, state), limit):
        none = False
        print(json.dumps(line))
    if none:
        typer.echo("the ledger is empty: nothing has left this device", err=True)


@ledger.command("verify")
def ledger_verify(
    file: ConfigFile = None,
    state: StateFolder = None,
    exported: Annotated[
        Path | None,
        typer.Option("--file", help="an exported file instead, on any machine", exists=True, dir_okay=False),
    ] = None,
) -> None:
    """Walks the whole hash chain; exit code 1 and the first wrong record when it was changed."""
    from edge import status as view
    from edge.uplink.ledger_export import checked

    if exported is None:
        records = view.verify_ledger(_with_state(file, state))
    else:
        with exported.open(encoding="utf-8", errors="replace") as lines:
            records = checked(lines)
    print(json.dumps({"verified": True, "records": records}))


@ledger.command("export")
def ledger_export(file: ConfigFile = None, state: StateFolder = None) -> None:
    """The whole ledger as JSON lines, oldest first, its last line the sealed end: for an auditor, who checks it with verify --file."""
    from edge.ledger_file import export

    for line in export(_with_state(file, state)):
        print(line)


def _with_state(file: Path | None, state: Path | None) -> EdgeConfig:
    config = _load(file, state)
    _require_state(config)
    return config


def _load(
    file: Path | None, state: Path | None, *, port: int | None = None, local_only: bool = False
) -> EdgeConfig:
    flags: dict[str, object] = {
        "state": str(state) if state is not None else None,
        "door.port": port,
        "mode": "local-only" if local_only else None,
    }
    return settings.load(file, os.environ, flags)


def _require_state(config: EdgeConfig) -> None:
    if not (config.state / "durable.db").exists():
        raise BadConfig(
            f"{config.state} holds no state of a daemon",
            code="no_state",
            hint="start one with `tidegate edge run`, or name its folder with --state",
        )


keeping.register(app)
