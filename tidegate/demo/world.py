"""The whole house on loopback: broker, cloud and one device as real processes, set up by the commands a person would type."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.assets import model_dir
from tidegate.chat import JSON
from tidegate.demo import process
from tidegate.demo.client import Door
from tidegate.demo.process import Process, tidegate_command
from tidegate.engines.embedded import weights_path
from tidegate.errors import Broken

DEVICE = "demo-device-01"
OPERATOR = "operator"


@dataclass
class World:
    """Processes, folders and addresses. `environ` goes to every process; `edge_environ` and `cloud_environ` on top."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    edge_toml: str = ""
    cloud_toml: str = ""
    uplink_port: int = 0  # where the device sends; the cloud's own port unless a wire tap stands between
    with_fleet: bool = True
    keep_at: float | None = None  # the device's policy; None: the model's own threshold
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)
    door: Door = field(init=False)
    _running: dict[str, Process] = field(default_factory=dict)
    _ports: dict[str, int] = field(default_factory=dict)
    _key: str = field(default="", repr=False)

    @property
    def operator(self) -> str:
        return OPERATOR

    @property
    def cloud_state(self) -> Path:
        return self.folder / "cloud"

    @property
    def edge_state(self) -> Path:
        return self.folder / "edge"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def console_url(self) -> str:
        return f"http://127.0.0.1:{self._port('console')}"

    @property
    def cloud_port(self) -> int:
        return self._port("grpc")

    @property
    def identity(self) -> Path:
        return self.edge_state / "identity"

    def prepare(self) -> None:
        """The whole house, from nothing to a device that answers."""
        self.found()
        if self.with_fleet:
            self.start_broker()
        self.start_cloud()
        self.enrol()
        self.start_edge()

    def found(self) -> None:
        """What an operator does once: the fleet's keys, an operator's account, settings."""
        self.folder.mkdir(parents=True, exist_ok=True)
        state = ("--state", str(self.cloud_state))
        self._run("fleet", "init", *state, "--broker-port", str(self._port("broker")))
        self._run("cloud", "user", "add", OPERATOR, "--role", "reviewer", *state, text=self.password + "\n")
        self._write_settings()

    def enrol(self) -> None:
        """What an integrator does once: a one-time token for a certificate."""
        made = json.loads(self._run("fleet", "token", DEVICE, "--state", str(self.cloud_state), "--json"))
        self._run(
            "edge", "enrol", f"127.0.0.1:{self._port('enrol')}", "--token", "-", "--device", DEVICE,
            "--ca", str(made["ca_fingerprint"]), "--config", str(self.edge_config), text=str(made["token"]) + "\n",
        )  # fmt: skip

    @property
    def edge_config(self) -> Path:
        return self.folder / "edge.toml"

    @property
    def cloud_config(self) -> Path:
        return self.folder / "cloud.toml"

    def start_broker(self) -> None:
        self._start("broker", "fleet", "broker", "--state", str(self.cloud_state))

    def start_cloud(self, environ: Mapping[str, str] | None = None) -> None:
        self._start("cloud", "cloud", "serve", "--config", str(self.cloud_config), environ=environ)

    def start_edge(self, environ: Mapping[str, str] | None = None) -> None:
        edge = self._start("edge", "edge", "run", "--config", str(self.edge_config), environ=environ)
        self._key = str(edge.ready.get("api_key") or self._key)
        self.door = Door(edge.url(), self._key)

    def stop_cloud(self) -> None:
        self._running.pop("cloud").stop()

    def process(self, name: str) -> Process:
        return self._running[name]

    def close(self) -> None:
        """Ends every process this world started."""
        for name in ("edge", "cloud", "broker"):
            one = self._running.pop(name, None)
            if one is not None:
                one.stop()

    def last_sent(self) -> dict[str, JSON]:
        """The newest `sent` record of the device's egress ledger, or an empty object."""
        records = self.ledger()
        return next((one for one in records if one.get("kind") == "sent"), {})

    def ledger(self, most: int = 200) -> list[dict[str, JSON]]:
        """Newest first."""
        data = self.door.get(f"ledger?limit={most}").get("data")
        found = [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []
        return sorted(found, key=lambda one: -int(str(one.get("seq", 0))))

    def left(self) -> str:
        """What the newest send took with it, for the table."""
        last = self.last_sent()
        entities = last.get("entities")
        count = sum(int(str(n)) for n in entities.values()) if isinstance(entities, dict) else 0
        return f"{last.get('bytes', 0)} bytes, {count} hidden" if last else "nothing"

    def preview(self, text: str, headers: Mapping[str, str]) -> bytes:
        """The very bytes that would leave for `text`. Raises Broken when nothing would."""
        wire = self.door.post(
            "preview", {"model": "tidegate", "messages": [{"role": "user", "content": text}]}, headers
        ).get("wire")
        if not isinstance(wire, dict):
            raise Broken("the preview says that nothing would leave", code="demo_preview")
        raw = base64.b64decode(str(wire["base64"]))
        if hashlib.sha256(raw).hexdigest() != wire["sha256"]:
            raise Broken("the preview's digest is not that of its bytes", code="demo_preview")
        return raw

    def roll_out(
        self, model: Path, release: str, *, spoil: Callable[[Path, int], None] | None = None
    ) -> tuple[str, str]:
        """Signs `model` as `release`, rolls it out to the device, and waits: (state of the rollout, fault of the device).

        `spoil` changes the repository after signing.
        """
        state = ("--state", str(self.cloud_state))
        self._run("fleet", "publish", str(model), "--name", release, *state)
        if spoil is not None:
            spoil(self.cloud_state / "fleet", model.stat().st_size)
        told = self._run(
            "fleet", "rollout", "start", release, *state, "--devices", DEVICE, "--wait", "60", "--json"
        )
        found = json.loads(told)
        return str(found["state"]), str(found["faults"].get(DEVICE, "none"))

    def fleet_row(self) -> dict[str, str]:
        """What the fleet knows of the device."""
        found = json.loads(self._run("fleet", "status", "--state", str(self.cloud_state), "--json"))
        rows = [row for row in found["devices"] if row["device"] == DEVICE]
        return {str(key): str(value) for key, value in rows[0].items()} if rows else {}

    def embedded_model(self) -> Path:
        return weights_path(model_dir("edge"))

    def _write_settings(self) -> None:
        sends_to = self.uplink_port or self._port("grpc")
        broker = f'[fleet]\nbroker = "127.0.0.1:{self._port("broker")}"\nprobation_s = 1.0\ncheck_s = 0.3\n'
        fleet = broker if self.with_fleet else ""
        keep = f"keep_at = {self.keep_at}\n" if self.keep_at is not None else ""
        self.edge_config.write_text(
            f'state = "{self.edge_state}"\n[door]\nport = {self._port("door")}\n[uplink]\naddress = "127.0.0.1:{sends_to}"\n'
            f'probe_s = 0.5\nsettle_s = 1.0\n[policy]\npublic_words = ["Aurelia HP-8"]\n{keep}{fleet}{self.edge_toml}'
        )
        self.cloud_config.write_text(
            f'state = "{self.cloud_state}"\n[console]\nport = {self._port("console")}\n[door]\nport = {self._port("grpc")}\n'
            f"[enrol]\nport = {self._port('enrol')}\n[fleet]\nenabled = {str(self.with_fleet).lower()}\n{self.cloud_toml}"
        )

    def _port(self, name: str) -> int:
        if name not in self._ports:
            self._ports[name] = process.free_port()
        return self._ports[name]

    def _run(self, *words: str, text: str = "") -> str:
        return process.run(tidegate_command(*words), environ=self.environ, text=text)

    def _start(self, name: str, *words: str, environ: Mapping[str, str] | None = None) -> Process:
        both = {**self.environ, **(environ or {})}
        self._running[name] = process.start(name, tidegate_command(*words), logs=self.logs, environ=both)
        return self._running[name]
