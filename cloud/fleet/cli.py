"""`tidegate fleet`: certificates, releases, rollouts. Works on the cloud's state folder; a running cloud sees it at once."""

from __future__ import annotations

import json
import secrets
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from cloud.fleet import desk, place, rollout
from cloud.fleet.broker import CONFIG, listener_of, start_broker
from cloud.fleet.place import FleetPlace
from cloud.fleet.registry import Device
from cloud.state import StateFolder, prepare
from tidegate.clock import SystemClock, rfc3339
from tidegate.errors import BadRequest, Broken
from tidegate.identity.enrol import TOKEN_LIFE_S, new_token
from tidegate.ids import DeviceId, device_id, release_id
from tidegate.risk.calibrate import FILE as CALIBRATION
from tidegate.signing.manifest import FileRole, Needs
from tidegate.signing.repository import NewFile, Threshold
from tidegate.updates import Fault

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Certificates, releases, rollouts.")
_CONSOLE = Console()
_DEFAULT = Path("~/.local/share/tidegate/cloud")

State = Annotated[
    Path, typer.Option("--state", help="The cloud's state folder.", envvar="TIDEGATE_CLOUD__STATE")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]
_SIDE_FILES = {CALIBRATION: FileRole.CALIBRATION, "card.md": FileRole.CARD}


def _place(state: Path) -> FleetPlace:
    return FleetPlace(state.expanduser())


def _say(as_json: bool, text: str, **fields: object) -> None:
    if as_json:
        print(json.dumps(fields))
    else:
        _CONSOLE.print(text, highlight=False)


@app.command()
def init(
    state: State = _DEFAULT,
    broker_port: Annotated[int, typer.Option(help="Where the MQTT broker will listen (loopback).")] = 8883,
    host: Annotated[
        list[str] | None, typer.Option(help="Further names in the services' certificates.")
    ] = None,
    root_keys: Annotated[int, typer.Option(help="How many root keys.")] = 1,
    root_threshold: Annotated[int, typer.Option(help="How many of them must sign.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Make the CA, the service certificates, the update keys and repository, and the broker's settings."""
    if not 1 <= root_threshold <= root_keys:
        raise BadRequest(
            "--root-threshold is between 1 and --root-keys", code="bad_threshold", param="root-threshold"
        )
    where = _place(state)
    identity = place.init(
        where,
        SystemClock().now(),
        broker_port=broker_port,
        hosts=tuple(host or ()),
        root=Threshold(root_keys, root_threshold),
    )
    _say(
        as_json,
        f"fleet ready in {where.state}\nCA fingerprint {identity.authority.fingerprint}\n"
        f"broker: mosquitto -c {where.broker / CONFIG}\n"
        f"next: `tidegate fleet broker` and `tidegate cloud serve` with this --state, then `tidegate fleet token DEVICE`",
        state=str(where.state),
        ca_fingerprint=identity.authority.fingerprint,
        broker_config=str(where.broker / CONFIG),
    )


@app.command()
def token(device: str, state: State = _DEFAULT, as_json: AsJson = False) -> None:
    """Make a one-time enrolment token for DEVICE, good for 15 minutes. It is shown once."""
    now = SystemClock().now()
    where = _place(state).required()
    identity = prepare(StateFolder(where.state), now)
    text, record = new_token(device_id(device), now)
    identity.tokens.add(record)
    _say(
        as_json,
        f"token          {text}\nCA fingerprint {identity.authority.fingerprint}\n"
        f"good until     {rfc3339(record.expires_at)} ({TOKEN_LIFE_S // 60} minutes)",
        token=text,
        ca_fingerprint=identity.authority.fingerprint,
        device=device,
        expires_at=int(record.expires_at),
    )


@app.command()
def publish(
    model: Path,
    name: Annotated[str, typer.Option("--name", help="The release's name, for example edge-1.2.")],
    state: State = _DEFAULT,
    arch: Annotated[
        list[str] | None, typer.Option(help="Only for these machines (platform.machine()).")
    ] = None,
    min_ram_mb: Annotated[int, typer.Option(min=0, help="Only for machines with this much memory.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Sign a model file (and its calibration and card.md, where they lie beside it) as a release for devices."""
    if not model.is_file():
        raise BadRequest(f"{model} is not a file", code="unreadable_file", param="model")
    _require_gguf(model)
    files = [NewFile(FileRole.MODEL, "model.gguf", model)]
    files += [NewFile(r, n, model.parent / n) for n, r in _SIDE_FILES.items() if (model.parent / n).is_file()]
    needs = Needs(tuple(arch or ()), min_ram_mb)
    manifest = (
        _place(state).required().repository.publish(release_id(name), files, SystemClock().now(), needs)
    )
    _say(
        as_json,
        f"published {name}: {len(files)} file(s), {manifest.size} bytes, model {manifest.model.sha256}",
        release=name,
        model_digest=manifest.model.sha256,
        generation=manifest.digest,
        bytes=manifest.size,
    )
    if not as_json and not _measured(model.parent, manifest.model.sha256):
        _CONSOLE.print(
            "nobody has measured these weights (no confidence.json of theirs lies beside them): devices that run"
            " them escalate what they draft",
            style="yellow",
        )


def _require_gguf(model: Path) -> None:
    """What is signed is carried out on every device: a file of another kind is not signed at all. Raises BadRequest."""
    with model.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise BadRequest(
                f"{model} does not begin like a GGUF file; nothing was signed",
                code="not_a_model",
                param="model",
                hint="name the model's weights (.gguf)",
            )


def _measured(folder: Path, digest: str) -> bool:
    """Whether a calibration of exactly these weights goes with them."""
    from tidegate.risk.calibrate import FILE, read_calibration

    try:
        return read_calibration(folder / FILE, digest) is not None
    except Broken:
        return False


rollouts = typer.Typer(no_args_is_help=True, help="Start, pause or resume a rollout.")
app.add_typer(rollouts, name="rollout")


@rollouts.command("start")
def rollout_start(
    release: str,
    state: State = _DEFAULT,
    devices: Annotated[str, typer.Option(help="Comma-separated device ids.")] = "",
    everyone: Annotated[bool, typer.Option("--all", help="Every device that is not revoked.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for its end.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Begin to bring RELEASE to devices: one canary first, then a tenth, then the rest."""
    where = _place(state).required()
    manifest = where.repository.manifest(release_id(release))
    if bool(devices) == everyone:
        raise BadRequest("say either --devices a,b,c or --all", code="no_devices", param="devices")
    chosen = _everyone(where) if everyone else [device_id(d.strip()) for d in devices.split(",")]
    started = desk.start_rollout(where.store, f"rollout_{secrets.token_hex(4)}", manifest, chosen)
    started = _waited(where, started, wait)
    _say(
        as_json,
        f"{started.id}: {release} to {len(started.members)} device(s), now {started.state.value}",
        rollout=started.id,
        release=release,
        state=started.state.value,
        devices=sorted(started.members),
        faults=_faults(started),
    )


@rollouts.command("pause")
def rollout_pause(rollout_id: str, state: State = _DEFAULT) -> None:
    """Order nothing more; devices under way finish."""
    _tell(desk.command(_place(state).required().store, rollout_id, rollout.Pause()))


@rollouts.command("resume")
def rollout_resume(rollout_id: str, state: State = _DEFAULT) -> None:
    """Go on where it was paused."""
    _tell(desk.command(_place(state).required().store, rollout_id, rollout.Resume()))


@app.command()
def rollback(rollout_id: str, state: State = _DEFAULT) -> None:
    """Order every device of a rollout back to what it ran before."""
    _tell(desk.command(_place(state).required().store, rollout_id, rollout.RollBack()))


@app.command()
def status(state: State = _DEFAULT, as_json: AsJson = False) -> None:
    """Devices, what they run, and how rollouts stand."""
    where = _place(state).required()
    store = where.store
    if as_json:
        found = {
            "devices": [_row(d) for d in store.devices()],
            "rollouts": [_line(r) for r in store.rollouts()],
        }
        print(json.dumps(found))
        return
    devices = _table("device", "link", "runs", "model", "wanted", "state", "fault", "promise")
    for device in store.devices():
        told = _shown(_row(device))
        devices.add_row(*told)
    table = _table("rollout", "release", "state", "done", "failed", "of")
    for item in store.rollouts():
        table.add_row(*(str(value) for value in _line(item).values()))
    if not store.devices():
        _CONSOLE.print("no device yet: `tidegate fleet token DEVICE` makes a token to enrol one")
        return
    _CONSOLE.print(devices)
    if table.rows:
        _CONSOLE.print()
        _CONSOLE.print(table)
    for item in store.rollouts():
        for device_name, fault in _faults(item).items():
            _CONSOLE.print(f"{item.id}: {device_name} failed: {fault}", style="red", highlight=False)


@app.command()
def revoke(device: str, state: State = _DEFAULT) -> None:
    """Revoke DEVICE's certificates: the cloud stops hearing it at once, the broker at its next connect."""
    serials = place.revoke_device(_place(state).required(), device_id(device), SystemClock().now())
    _CONSOLE.print(f"{device}: {len(serials)} certificate(s) revoked", highlight=False)


@app.command()
def broker(state: State = _DEFAULT) -> None:
    """Run mosquitto with this fleet's settings until SIGTERM or SIGINT; prints one ready line."""
    import os
    import signal

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the broker ends with us
    where = _place(state).required()
    process = start_broker(where.broker, os.environ)
    host, port = listener_of(where.broker)
    print(json.dumps({"ready": True, "address": f"{host}:{port}", "pid": process.pid}), flush=True)
    try:
        while process.poll() is None:
            time.sleep(0.2)
    finally:
        process.terminate()
        process.wait(timeout=5)


def _waited(where: FleetPlace, begun: rollout.Rollout, seconds: float) -> rollout.Rollout:
    """The rollout as it is when nothing more happens by itself and every device has heard, or when time is up."""
    clock, store = SystemClock(), where.store
    end = clock.mono() + seconds
    now = begun
    while clock.mono() < end:
        now = store.rollout(begun.id) or begun
        heard = not any(device.lags for device in store.devices() if device.id in now.members)
        if now.state not in rollout.UNDER_WAY and heard:
            break
        time.sleep(0.1)
    return now


def _everyone(where: FleetPlace) -> list[DeviceId]:
    return [device.id for device in where.store.devices() if not device.revoked]


def _row(device: Device) -> dict[str, str]:
    """What `status` shows of a device."""
    reported, desired = device.reported, device.desired
    link = "revoked" if device.revoked else "online" if device.online else "offline"
    return {
        "device": device.id,
        "link": link,
        "runs": reported.running_release if reported else "-",
        "model": reported.running_digest[:12] if reported else "-",
        "wanted": desired.release if desired else "-",
        "state": reported.state.value if reported else "-",
        "fault": reported.last_fault.value if reported else "-",
        "promise": _promise(device),
    }


def _shown(row: dict[str, str]) -> list[str]:
    """A row for people: what says nothing is left out, and a digest is as long as it takes to tell two apart."""
    said = row | {"model": row["model"][:8]}
    said["wanted"] = "" if row["wanted"] == row["runs"] else row["wanted"]
    return ["" if value in ("-", "none") and name != "promise" else value for name, value in said.items()]


def _promise(device: Device) -> str:
    """How the promises about a device's own answers stand, in a word."""
    health = device.health
    if health is None:
        return "-"
    if health.alarmed:
        return "ALARM"
    return "kept" if any(line.possible for line in health.lines) else "none"


def _table(*columns: str) -> Table:
    """Names are never cut: what is too wide for the terminal wraps."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in ("device", "rollout", "link"))
    return table


def _line(item: rollout.Rollout) -> dict[str, str | int]:
    members = item.members.values()
    return {
        "rollout": item.id,
        "release": item.release,
        "state": item.state.value,
        "done": sum(m.done for m in members),
        "failed": sum(m.settled and not m.done for m in members),
        "of": len(members),
    }


def _faults(item: rollout.Rollout) -> dict[str, str]:
    """Which devices failed, and by which fault."""
    return {device: m.fault.value for device, m in item.members.items() if m.fault is not Fault.NONE}


def _tell(item: rollout.Rollout) -> None:
    _CONSOLE.print(f"{item.id}: {item.release} is {item.state.value}", highlight=False)
