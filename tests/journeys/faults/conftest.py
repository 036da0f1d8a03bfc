"""Real daemons to be mistreated. What they logged is read as lines of JSON; nothing of it may be a defect."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from edge.config import Door, EdgeConfig, Mode, Model
from scripts.benchmarks.edge.models import CHAT, embedded_plain
from tests.fakes import daemon
from tidegate.chat import JSON

SOON_S = 30.0  # a bound on waiting, not a claim about time
READ_S = 2.0
Body = dict[str, JSON]


@dataclass
class Patient:
    """A daemon under test."""

    living: daemon.Daemon
    log: Path

    @property
    def root(self) -> str:
        return self.living.url.removesuffix("/v1")

    @property
    def place(self) -> tuple[str, int]:
        host, _, port = self.root.removeprefix("http://").rpartition(":")
        return host, int(port)

    def client(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.living.api_key}"}
        return httpx.Client(base_url=self.living.url, headers=headers, timeout=60.0, trust_env=False)

    def post(self, content: bytes, path: str = "/chat/completions") -> httpx.Response:
        with self.client() as client:
            return client.post(path, content=content)

    def ask(self, **more: JSON) -> httpx.Response:
        return self.post(json.dumps(chat(**more)).encode())

    def answers(self) -> None:
        """It is up, and answers an ordinary request."""
        got = self.ask(max_tokens=4)
        assert got.status_code == 200, got.text
        assert got.json()["usage"]["completion_tokens"] > 0

    def in_flight(self) -> float:
        with self.client() as client:
            page = client.get(self.root + "/metrics").text
        (line,) = [one for one in page.splitlines() if one.startswith("tidegate_edge_in_flight ")]
        return float(line.split()[1])

    def events(self, name: str) -> list[dict[str, object]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == name]

    def ends(self) -> None:
        """It still lives, ends when told to, and nothing was a defect."""
        assert self.living.stop() == 0
        assert self.events("door_defect") == []


def chat(**more: JSON) -> Body:
    return {
        "model": "tidegate-local",
        "messages": [{"role": "user", "content": "say something"}],
        "max_tokens": 8,
        **more,
    }


def until(true: Callable[[], bool]) -> None:
    """Waits for something that must come."""
    end = time.monotonic() + SOON_S
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def begin(folder: Path, model: Path, **door: object) -> Patient:
    settings = Door(port=0, read_timeout_s=READ_S, **door)  # type: ignore[arg-type]
    config = EdgeConfig(
        state=folder / "state", mode=Mode.LOCAL_ONLY, door=settings, model=Model(path=model, threads=1)
    )
    log = folder / "edge.log"
    return Patient(daemon.start(config, logs=log), log)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model that writes until its tokens are used up."""
    return embedded_plain(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[Patient]:
    """One daemon for everything that must leave no trace in it."""
    patient = begin(tmp_path_factory.mktemp("shared"), model)
    yield patient
    patient.ends()


@pytest.fixture
def patient(shared: Patient) -> Iterator[Patient]:
    """The shared daemon, which is as well after a test as before it."""
    yield shared
    shared.answers()


__all__ = ["CHAT", "Patient", "begin", "chat", "embedded_plain", "until"]
