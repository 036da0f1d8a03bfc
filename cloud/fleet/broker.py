"""The MQTT broker: its settings and access list, and how to find and start one on this machine.

mosquitto's defaults let any enrolled device take over another's session by using its client id; `use_username_as_clientid`
ties the id to the certificate. The access list lets a device read its own `down` and write its own `up`, nothing else.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from string import Template

from tidegate import topics
from tidegate.errors import BadConfig, Broken
from tidegate.fs import write_durably
from tidegate.identity.names import Service, service_common_name

CONFIG, ACL, CRL, PID = "mosquitto.conf", "acl", "crl.pem", "mosquitto.pid"
MAX_PACKET = 300_000  # two blocks and their headers


def render_config(folder: Path, port: int, *, host: str = "127.0.0.1", user: str = "") -> str:
    """mosquitto.conf from the shipped template. `user`: whom mosquitto runs as when root starts it."""
    template = resources.files("cloud.fleet").joinpath("templates/mosquitto.conf").read_text("utf-8")
    return Template(template).substitute(
        host=host, port=port, folder=folder, max_packet=MAX_PACKET, user=f"user {user}" if user else ""
    )


def render_acl() -> str:
    """The access list, from the same topics the programs use."""
    conductor = service_common_name(Service.CONDUCTOR)
    return "\n".join(
        [
            f"user {conductor}",
            f"topic read {topics.every_device_up()}",
            f"topic write {topics.acl_every_down()}",
            "",
            f"pattern read {topics.acl_read_pattern()}",
            f"pattern write {topics.acl_write_pattern()}",
            "",
        ]
    )


def write_config(folder: Path, port: int, *, host: str = "127.0.0.1") -> None:
    """Writes settings and access list beside the broker's certificate. Can be repeated."""
    user = pwd.getpwuid(os.geteuid()).pw_name if os.geteuid() == 0 else ""
    (folder / "data").mkdir(parents=True, exist_ok=True, mode=0o700)
    write_durably(folder / ACL, render_acl().encode())
    write_durably(folder / CONFIG, render_config(folder, port, host=host, user=user).encode())


def find_broker(environ: Mapping[str, str]) -> Path | None:
    """mosquitto on the PATH, in sbin, or where `scripts/setup` unpacks it."""
    cache = (
        environ.get("TIDEGATE_CACHE")
        or Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidegate"
    )
    search = os.pathsep.join([environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which("mosquitto", path=search) or shutil.which(
        "mosquitto", path=str(Path(cache) / "mosquitto" / "bin")
    )
    return Path(found) if found else None


def start_broker(
    folder: Path, environ: Mapping[str, str], *, timeout_s: float = 10.0
) -> subprocess.Popen[bytes]:
    """Starts mosquitto with the settings in `folder` and returns when its port answers. The caller ends it.

    Raises BadConfig (`no_broker`, `port_in_use`) and Broken (`broker_failed`, with the log's place).
    """
    binary = find_broker(environ)
    if binary is None:
        raise BadConfig(
            "mosquitto is not installed",
            code="no_broker",
            hint="run scripts/setup, or `apt-get install mosquitto`",
        )
    host, port = listener_of(folder)
    if _answers(host, port):
        raise BadConfig(f"port {port} is in use already", code="port_in_use", hint="stop what listens there")
    log = folder / "mosquitto.log"
    with log.open("ab") as output:
        broker = subprocess.Popen(
            [str(binary), "-c", str(folder / CONFIG)], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    deadline = time.monotonic() + timeout_s
    while not _answers(host, port):
        if broker.poll() is not None or time.monotonic() > deadline:
            broker.kill()
            broker.wait()
            raise Broken(f"mosquitto did not start; its log is {log}", code="broker_failed")
        time.sleep(0.02)
    return broker


def reload_broker(folder: Path) -> bool:
    """Makes the broker started from `folder` read its revocation list again. False when none runs."""
    try:
        pid = int((folder / PID).read_text("ascii"))
        if Path(f"/proc/{pid}/comm").read_text("ascii").strip() != "mosquitto":
            return False
        os.kill(pid, signal.SIGHUP)
    except (OSError, ValueError):
        return False
    return True


def listener_of(folder: Path) -> tuple[str, int]:
    """Host and port of the listener in a folder's settings. Raises BadConfig."""
    try:
        lines = (folder / CONFIG).read_text("utf-8").splitlines()
        _, port, host = next(line for line in lines if line.startswith("listener ")).split()
        return host, int(port)
    except (OSError, StopIteration, ValueError) as e:
        raise BadConfig(
            f"{folder / CONFIG}: no broker settings",
            code="no_broker_config",
            hint="run `tidegate fleet init`",
        ) from e


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=0.5):
            return True
    except OSError:
        return False
