"""`tidegate cloud`: serve, accounts of operators, and the proof of the audit log."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloud import config
from cloud.config import CloudConfig
from cloud.review.operators import Operator, Role, hash_password, operator_id
from tidegate.errors import BadConfig, BadRequest, Untrusted

if TYPE_CHECKING:
    from cloud.store.operators import SqlOperators

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The validation tier.")
user = typer.Typer(no_args_is_help=True, help="People who may log in to the review console.")
audit = typer.Typer(no_args_is_help=True, help="The append-only log.")
app.add_typer(user, name="user")
app.add_typer(audit, name="audit")

ConfigFile = Annotated[Path | None, typer.Option("--config", help="settings file (TOML)")]
State = Annotated[Path | None, typer.Option("--state", help="state folder, made on a first start")]


@app.command()
def serve(
    config_file: ConfigFile = None,
    state: State = None,
    port: Annotated[int | None, typer.Option(help="console, /metrics and /healthz; 0: any free port")] = None,
    grpc_port: Annotated[int | None, typer.Option(help="escalations (mTLS); 0: any free port")] = None,
    enrol_port: Annotated[int | None, typer.Option(help="enrolment; 0: any free port")] = None,
) -> None:
    """Run in the foreground. Prints one JSON line when ready; stops cleanly on SIGTERM or SIGINT."""
    settings = settings_of(
        config_file, {"state": state, "console.port": port, "door.port": grpc_port, "enrol.port": enrol_port}
    )
    asyncio.run(_serve(settings))


async def _serve(settings: CloudConfig) -> None:
    os.environ["GRPC_VERBOSITY"] = "INFO"  # see cloud.door.whispers; read once, when grpc is imported
    import cloud.door  # noqa: F401  restricts TLS before anything imports grpc
    from cloud.app import serve as run
    from cloud.door.whispers import overheard
    from cloud.observe.metrics import CloudMetrics
    from tidegate import failpoint, logs

    failpoint.check(os.environ)
    metrics, log = CloudMetrics(), logs.Log("cloud.door")

    def refused(reason: str, first: bool) -> None:
        metrics.refused_peer()
        if first:
            log.warning("refused_handshake", reason=reason)

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    with overheard(refused) as stream:
        logs.set_up("cloud", level=settings.logs.level, stream=stream)
        await run(settings, _ready, stop, metrics)


def _ready(facts: dict[str, str]) -> None:
    print(json.dumps({"ready": True, **facts}), flush=True)


@user.command("add")
def add_user(
    name: Annotated[str, typer.Argument(help="login name: a-z, 0-9, '.', '_', '-'")],
    role: Annotated[Role, typer.Option(help="viewer sees, reviewer decides, admin also reads the audit log")],
    config_file: ConfigFile = None,
    state: State = None,
) -> None:
    """Add an operator or set a new password and role. The password is read from standard input, never from arguments."""
    operator = Operator(operator_id(name), role, hash_password(read_password()))
    _operators(config_file, state).put(operator, by=_local_user())
    print(json.dumps({"user": name, "role": role.value}))


@user.command("list")
def list_users(config_file: ConfigFile = None, state: State = None) -> None:
    """One JSON line per operator."""
    existing(settings_of(config_file, {"state": state}))
    for one in _operators(config_file, state).all():
        print(json.dumps({"user": one.name, "role": one.role.value, "disabled": one.disabled}))


@user.command("disable")
def disable_user(name: str, config_file: ConfigFile = None, state: State = None) -> None:
    """End an operator's logins. The name stays in the log."""
    existing(settings_of(config_file, {"state": state}))
    operators = _operators(config_file, state)
    known = operators.find(operator_id(name))
    if known is None:
        raise BadRequest("there is no such user", code="no_user", param="name")
    operators.put(Operator(known.name, known.role, known.password_hash, disabled=True), by=_local_user())
    print(json.dumps({"user": name, "disabled": True}))


@audit.command("verify")
def verify_audit(config_file: ConfigFile = None, state: State = None) -> None:
    """Recompute the whole log against the signed head and every receipt. Exit code 1 names the first damage."""
    from cloud.audit.log import Damage
    from cloud.audit.prove import prove

    result = prove(existing(settings_of(config_file, {"state": state})))
    if isinstance(result, Damage):
        raise Untrusted(
            f"the audit log is not what was written: entry {result.index} {result.what}",
            code="audit_damaged",
            hint="restore the database from a backup taken before the change, and find out who made it",
        )
    print(json.dumps({"entries": result.size, "head": result.value.hex(), "intact": True}))


def settings_of(file: Path | None, flags: dict[str, object]) -> CloudConfig:
    return config.load(file, os.environ, {k: str(v) if isinstance(v, Path) else v for k, v in flags.items()})


def existing(settings: CloudConfig) -> CloudConfig:
    """The settings of a cloud that has been started or given a user before: nothing is made by looking. Raises BadConfig."""
    traces = [settings.state / name for name in ("cloud.db", "audit.head", "receipt.key")]
    if not settings.store.url and not any(path.exists() for path in traces):
        raise BadConfig(
            f"{settings.state} holds no state of a cloud",
            code="no_state",
            hint="name its folder with --state or --config; `tidegate cloud serve` makes one",
        )
    return settings


def read_password() -> str:
    """One line of standard input; typed unseen at a terminal. Raises BadRequest when there is none."""
    if sys.stdin.isatty():
        return getpass.getpass("Password: ")
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise BadRequest(
            "no password on standard input", code="no_password", hint="pipe it in, or run at a terminal"
        )
    return line


def _operators(file: Path | None, state: Path | None) -> SqlOperators:
    from cloud.app import open_operators

    return open_operators(settings_of(file, {"state": state}))


def _local_user() -> str:
    return f"uid:{os.getuid()}"
