"""The daemon as a process: its ready line, its manners, and the real `openai` client in front of it."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import openai
import pytest

from edge.config import Door, EdgeConfig, Model
from edge.routing.mode import Mode
from tests.fakes import daemon
from tidegate.cli import run as tidegate

FORBIDDEN = (
    "edge.uplink.client",
    "edge.uplink.channel",
    "edge.uplink.way_out",
    "edge.uplink.dispatch",
    "grpc",
    "paho",
)
QUIET = {"TIDEGATE_EDGE__MODEL__ENABLED": "false"}


@dataclass
class Running:
    child: subprocess.Popen[str]
    url: str
    api_key: str

    def stop(self) -> int:
        self.child.send_signal(signal.SIGTERM)
        return self.child.wait(5)


def refused(*words: str) -> int:
    """The exit code of a daemon that does not start; it never gets as far as serving, so no process is needed."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        return tidegate(["edge", "run", *words], QUIET)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def start(state: Path, *words: str) -> Running:
    child = subprocess.Popen(
        [sys.executable, "-m", "tidegate", "edge", "run", "--state", str(state), "--port", "0", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **QUIET},
    )
    assert child.stdout is not None
    ready = json.loads(child.stdout.readline())
    assert ready["ready"] is True
    return Running(child, ready["url"], ready.get("api_key", ""))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    state = tmp_path_factory.mktemp("alone") / "state"
    running = start(state, "--local-only")
    yield running, state
    assert running.stop() == 0


def test_a_fresh_folder_gives_a_key_once_and_the_daemon_ends_when_told(tmp_path: Path) -> None:
    config = EdgeConfig(
        state=tmp_path / "state", mode=Mode.LOCAL_ONLY, door=Door(port=0), model=Model(enabled=False)
    )
    first = daemon.start(config)
    assert first.api_key.startswith("tg_")
    assert first.stop() == 0
    second = daemon.start(config)
    assert second.api_key == ""
    got = httpx.get(
        second.url + "/models", headers={"authorization": f"Bearer {first.api_key}"}, trust_env=False
    )
    assert got.status_code == 200
    assert second.stop() == 0


def test_a_second_daemon_on_the_same_folder_is_refused(
    alone: tuple[Running, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused("--state", str(alone[1]), "--port", "0", "--local-only") == 2
    assert "in use by process" in capsys.readouterr().err


def test_a_taken_port_is_refused(
    alone: tuple[Running, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = alone[0].url.split(":")[2].split("/")[0]
    assert refused("--state", str(tmp_path / "s"), "--port", port, "--local-only") == 2
    said = capsys.readouterr().err
    assert "door.port" in said
    assert "choose another" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[door\n", "not valid TOML"),
        ("[door]\nprot = 1\n", "'prot'"),
        ('[door]\nport = "x"\n', "door.port"),
        ('[door]\nhost = "0.0.0.0"\n', "loopback only"),
        ('mode = "sometimes"\n', "mode"),
        ('[uplink]\naddress = "127.0.0.1:1"\n', "cert.pem"),
    ],
)
def test_broken_settings_name_the_key_and_the_reason(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "edge.toml"
    file.write_text(text)
    assert refused("--config", str(file), "--state", str(tmp_path / "s"), "--port", "0") == 2
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""
    assert "Traceback" not in err


def test_the_openai_client_gets_models_and_typed_errors(alone: tuple[Running, Path]) -> None:
    running, _ = alone
    client = openai.OpenAI(base_url=running.url, api_key=running.api_key, max_retries=0)
    names = [model.id for model in client.models.list()]
    assert names[:2] == ["tidegate", "tidegate-local"]
    assert set(names[2:]) <= {"embedding"}  # where the embedder has been built
    with pytest.raises(openai.NotFoundError) as missing:
        client.chat.completions.create(model="gpt-9", messages=[{"role": "user", "content": "hi"}])
    assert missing.value.code == "model_not_found"
    with pytest.raises(openai.InternalServerError) as nobody:
        client.chat.completions.create(model="tidegate", messages=[{"role": "user", "content": "hi"}])
    assert nobody.value.code == "nothing_can_answer"
    stranger = openai.OpenAI(base_url=running.url, api_key="tg_wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        stranger.models.list()


def test_health_and_metrics_are_there(alone: tuple[Running, Path]) -> None:
    base = alone[0].url.removesuffix("/v1")
    with httpx.Client(trust_env=False) as client:
        assert client.get(base + "/healthz").json() == {"status": "ok"}
        assert client.get(base + "/readyz").status_code == 503  # no model, no uplink: nobody can answer
        assert "tidegate_edge_requests" in client.get(base + "/metrics").text


def test_local_only_loads_nothing_that_could_open_a_connection(tmp_path: Path) -> None:
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from edge import app, config\n"
        "settings = config.load(None, {}, {'state': sys.argv[1], 'mode': 'local-only', 'door.port': 0,\n"
        "  'uplink.address': '127.0.0.1:1', 'fleet.broker': '127.0.0.1:1', 'model.enabled': False})\n"
        "async def main():\n"
        "  stop = asyncio.Event()\n"
        "  await app.run(settings, lambda ready: stop.set(), stop=stop)\n"
        "asyncio.run(main())\n"
        "print([name for name in sys.argv[2:] if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "s"), *FORBIDDEN],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stdout.strip() == "[]"
