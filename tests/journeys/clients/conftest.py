"""One real daemon for all clients, nothing but loopback for any of them, and a page of what each one did.

`scripts/test --clients` runs this folder in an environment that holds the clients and not the daemon: TIDEGATE_PYTHON then names
the interpreter that has it. With TIDEGATE_CLIENTS_PAGE the table is written there at the end.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOOPBACK = ("127.", "::1", "localhost")
HEAD = """# Real clients

<!-- Made by `scripts/test --clients --write` from the run itself. -->

Each of these ran a scripted session against a real daemon (`tidegate edge run --local-only`, embedded model), in an environment of its own
(`requirements/clients.txt`), with every connection that is not loopback refused and counted: none was tried (`llm` and schemathesis run as processes of their own,
where nobody watches that). `base_url` is the address of the ready line (`http://127.0.0.1:8642/v1`); Anthropic's clients take it without `/v1`.

| client | version | session | |
|---|---|---|---|
"""
TAIL = """
Good to know:

- Every run of the suite (`.ci/run`) has the sessions of the `openai` SDK and of the MCP client, whose packages the development environment holds anyway. The
  other clients bring 542 MB that a checkout without a cache would fetch each time; `scripts/test --clients` runs them before a release and when the
  door, a dialect or `requirements/clients.txt` changes.
- The embedded model writes tool calls and "not for me". A question without tools is answered with a sentence that says so when the device is
  `local-only`; with an uplink it goes to the cloud. Every session above works the same with any other model file.
- Structured output works through `response_format` (the grammar makes the JSON) and through a tool. Free text inside a schema is
  better left to a larger model: the embedded one does not know where to end it, and the client then reports a length limit.
- LangChain: `ChatOpenAI(model="tidegate", base_url=..., api_key=...)`; LiteLLM: `openai/tidegate` with `api_base`, or
  `anthropic/tidegate` with the address without `/v1`; `llm`: an entry in `extra-openai-models.yaml`.
"""


@dataclass(frozen=True)
class Door:
    """Where clients knock: `url` ends in /v1, `root` does not."""

    url: str
    key: str

    @property
    def root(self) -> str:
        return self.url.removesuffix("/v1")


@dataclass
class Outside:
    """Refuses connections that leave this machine while it is closed, and remembers who was asked for."""

    closed: bool = False
    tried: list[str] | None = None

    def watch(self, event: str, words: tuple[object, ...]) -> None:
        if not self.closed or event not in ("socket.connect", "socket.getaddrinfo"):
            return
        place = words[1] if event == "socket.connect" else words[0]
        host = str(place[0] if isinstance(place, tuple) else place)
        if not host.startswith(LOOPBACK) and not isinstance(place, bytes) and "/" not in host:
            (self.tried or []).append(host)
            raise PermissionError(f"nothing but loopback is open to a client under test: {host}")


_OUTSIDE = Outside(tried=[])
sys.addaudithook(_OUTSIDE.watch)


def pytest_configure(config: pytest.Config) -> None:
    os.environ.setdefault(
        "LITELLM_LOCAL_MODEL_COST_MAP", "True"
    )  # LiteLLM's prices as installed, not as of today
    os.environ.setdefault("LLM_LOAD_PLUGINS", "")
    os.environ.setdefault("LANGSMITH_TRACING", "false")


@pytest.fixture(autouse=True)
def only_loopback() -> Iterator[None]:
    """A client that would phone home fails its test."""
    assert _OUTSIDE.tried is not None
    _OUTSIDE.tried.clear()
    _OUTSIDE.closed = True
    yield
    _OUTSIDE.closed = False
    assert _OUTSIDE.tried == []


@pytest.fixture(scope="session")
def python() -> str:
    """The interpreter that has the daemon."""
    if importlib.util.find_spec("llama_cpp"):
        return sys.executable
    return os.environ.get("TIDEGATE_PYTHON") or str(ROOT / ".venv" / "bin" / "python")


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clients") / "state"


@pytest.fixture(scope="session")
def door(python: str, state: Path) -> Iterator[Door]:
    words = [python, "-m", "tidegate", "edge", "run", "--local-only", "--state", str(state), "--port", "0"]
    child = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert child.stdout is not None
    ready = json.loads(child.stdout.readline())
    yield Door(ready["url"], ready["api_key"])
    child.terminate()
    assert child.wait(10) == 0


@dataclass(frozen=True)
class Row:
    package: str
    session: str
    result: str


_ROWS: list[Row] = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    package = getattr(getattr(item, "module", None), "PACKAGE", "")
    if package and (report.when == "call" or (report.when == "setup" and not report.passed)):
        why = (
            f" ({report.longrepr[2].removeprefix('Skipped: ')})" if isinstance(report.longrepr, tuple) else ""
        )
        session = item.name.removeprefix("test_").replace("_", " ")
        _ROWS.append(Row(package, session, report.outcome + why))
    return report


def pytest_sessionfinish() -> None:
    wanted = os.environ.get("TIDEGATE_CLIENTS_PAGE")
    if wanted and _ROWS:
        Path(wanted).write_text(HEAD + "".join(map(_line, _ROWS)) + TAIL, "utf-8")


def _line(row: Row) -> str:
    return f"| {row.package} | {importlib.metadata.version(row.package)} | {row.session} | {row.result} |\n"
