"""A real daemon reads its settings again: by the command, by SIGHUP, and never half."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tidegate.assets import model_dir
from tidegate.cli import run as tidegate

BEGINNING = """
mode = "local-only"
[door]
port = 0
[model]
enabled = false
[policy]
version = "house-1"
"""


@dataclass
class Running:
    child: subprocess.Popen[str]
    url: str
    api_key: str
    file: Path
    state: Path
    log: Path

    def reload(self) -> int:
        return tidegate(["edge", "reload", "--config", str(self.file), "--state", str(self.state)], {})

    def client(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.url, headers={"authorization": f"Bearer {self.api_key}"}, trust_env=False
        )

    def events(self, name: str) -> list[dict[str, object]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with started(tmp_path, BEGINNING) as made:
        yield made


@contextmanager
def started(tmp_path: Path, beginning: str) -> Iterator[Running]:
    file, state, log = tmp_path / "edge.toml", tmp_path / "state", tmp_path / "log"
    file.write_text(beginning)
    with log.open("w") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "tidegate", "edge", "run", "--config", str(file), "--state", str(state)],
            stdout=subprocess.PIPE,
            stderr=out,
            text=True,
            env=dict(os.environ),
        )
    assert child.stdout is not None
    ready = json.loads(child.stdout.readline())
    yield Running(child, ready["url"], ready["api_key"], file, state, log)
    child.send_signal(signal.SIGTERM)
    assert child.wait(10) == 0


def test_the_command_applies_what_lives_and_names_what_waits(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    running.file.write_text(
        BEGINNING.replace("port = 0", "port = 1\nmax_body_bytes = 40").replace("house-1", "house-2")
    )
    assert running.reload() == 0
    said = json.loads(capsys.readouterr().out)
    assert said["applied"] == ["door.max_body_bytes", "policy.version"]
    assert said["needs_restart"] == ["door.port"]
    assert (said["policy_before"], said["policy"]) == ("house-1", "house-2")
    with running.client() as client:
        body = {"model": "tidegate", "messages": [{"role": "user", "content": "hi" * 30}]}
        assert client.post("/chat/completions", json=body).status_code == 413
    (event,) = running.events("settings_reloaded")
    assert (event["policy_before"], event["policy"]) == ("house-1", "house-2")


def test_settings_that_are_wrong_change_nothing_and_say_where(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    for text, said in (
        ("[door\n", "not valid TOML"),
        (BEGINNING + "keep_att = 0.5\n", "'keep_att'"),
        (BEGINNING + '[privacy]\npatterns = [{name = "a", expression = "("}]\n', "no RE2 expression"),
    ):
        running.file.write_text(text)
        assert tidegate(["edge", "reload", "--state", str(running.state)], {}) == 2
        told = capsys.readouterr()
        assert said in told.err
        assert "the old settings stand" in told.err
        assert told.out == ""
    with running.client() as client:
        assert client.get("/models").status_code == 200
    assert running.events("settings_reloaded") == []
    assert len(running.events("settings_refused")) == 3


TOOLS = """
[agent]
steps = 3
[[tools]]
name = "{name}"
description = "a light"
effect = "reversible"
command = ["{program}", "{{room}}"]
parameters = {{ properties = {{ room = {{ type = "string" }} }} }}
"""


def test_tools_and_the_agents_settings_change_under_a_running_daemon(
    running: Running, capsys: pytest.CaptureFixture[str]
) -> None:
    def names(client: httpx.Client) -> list[str]:
        return [one["name"] for one in client.get("/tidegate/agent/tools").json()["data"]]

    with running.client() as client:
        assert names(client) == []
        for name in ("light", "lamp"):
            running.file.write_text(BEGINNING + TOOLS.format(name=name, program="/bin/echo"))
            assert running.reload() == 0
            assert "tools" in json.loads(capsys.readouterr().out)["applied"]
            assert names(client) == [name]
        body = {"messages": [{"role": "user", "content": "light"}], "tools": ["light"]}
        assert client.post("/tidegate/agent/runs", json=body).status_code == 404
        running.file.write_text(BEGINNING + TOOLS.format(name="oven", program="/no/such/program"))
        assert running.reload() != 0
        assert names(client) == ["lamp"]


def test_sighup_reloads_and_a_wrong_file_does_not_end_the_daemon(running: Running) -> None:
    running.file.write_text("nonsense")
    running.child.send_signal(signal.SIGHUP)
    _until(lambda: bool(running.events("settings_refused")))
    running.file.write_text(BEGINNING + '[memory]\napplications = ["*"]\n')
    running.child.send_signal(signal.SIGHUP)
    _until(lambda: bool(running.events("settings_reloaded")))
    assert running.events("settings_reloaded")[0]["count"] == 1
    with running.client() as client:
        made = client.post("/responses", json={"model": "tidegate", "input": "hi", "conversation": "c"})
    assert made.json()["error"]["code"] == "nothing_can_answer"  # no longer memory_off


def test_a_model_is_swapped_while_requests_come_and_none_is_dropped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "another"
    shutil.copytree(model_dir("edge"), copy)
    codes: list[int] = []
    with started(tmp_path, BEGINNING.replace("enabled = false", "")) as running, running.client() as client:
        stop = threading.Event()

        def asking() -> None:
            body = {
                "model": "tidegate-local",
                "max_tokens": 4,
                "messages": [{"role": "user", "content": "hi"}],
            }
            while not stop.is_set():
                codes.append(client.post("/chat/completions", json=body, timeout=60).status_code)

        asker = threading.Thread(target=asking)
        asker.start()
        _until(lambda: bool(codes))
        weights = next(copy.glob("*.gguf"))
        running.file.write_text(BEGINNING.replace("enabled = false", f'path = "{weights}"'))
        assert running.reload() == 0
        assert json.loads(capsys.readouterr().out)["applied"] == ["model.path"]
        seen = len(codes)
        _until(lambda: len(codes) > seen + 2)
        running.file.write_text(BEGINNING.replace("enabled = false", f'path = "{tmp_path / "none.gguf"}"'))
        assert running.reload() == 2
        assert "there is no such file" in capsys.readouterr().err
        seen = len(codes)
        _until(lambda: len(codes) > seen)
        stop.set()
        asker.join()
    assert set(codes) == {200}


def test_nobody_but_the_owner_reloads(running: Running) -> None:
    with running.client() as client:
        assert client.post("/tidegate/reload").status_code == 401


def test_without_a_daemon_the_command_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "durable.db").touch()
    assert tidegate(["edge", "reload", "--state", str(state)], {}) == 1
    assert "no daemon answers" in capsys.readouterr().err


def _until(true: object) -> None:
    assert callable(true)
    for _ in range(600):
        if true():
            return
        time.sleep(0.05)
    raise AssertionError("it never came")
