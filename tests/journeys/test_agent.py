"""The agent as people meet it: a real daemon with the shipped model, real commands, approvals by the owner, and an MCP client."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from edge.agent.settings import ToolSetting
from edge.agent.values import Effect
from edge.config import Agent, Door, EdgeConfig, Mode
from tests.fakes import daemon
from tests.fakes.daemon import Daemon
from tidegate.chat import JSON
from tidegate.cli import run as tidegate

CODE = "import sys; open(sys.argv[1], 'a').write(' '.join(sys.argv[2:]) + chr(10)); print('the ' + sys.argv[3] + ' is set')"
LIGHT = {
    "type": "object",
    "properties": {"room": {"type": "string"}, "state": {"enum": ["on", "off"]}},
    "required": ["room", "state"],
}
TIMER = {"type": "object", "properties": {"minutes": {"type": "integer"}}, "required": ["minutes"]}
pytestmark = pytest.mark.timeout(300)


def command(marks: Path, what: str, *items: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", CODE, str(marks), what, *items)


@dataclass
class Home:
    living: Daemon
    state: Path
    marks: Path

    def post(self, path: str, body: dict[str, JSON]) -> dict[str, JSON]:
        headers = {"authorization": f"Bearer {self.living.api_key}"}
        got = httpx.post(self.living.url + path, json=body, headers=headers, timeout=60, trust_env=False)
        found: dict[str, JSON] = got.json()
        return found

    def get(self, path: str) -> dict[str, JSON]:
        headers = {"authorization": f"Bearer {self.living.api_key}"}
        got = httpx.get(self.living.url + path, headers=headers, timeout=60, trust_env=False)
        found: dict[str, JSON] = got.json()
        return found

    def done(self) -> list[str]:
        return self.marks.read_text().splitlines() if self.marks.exists() else []


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    folder = tmp_path_factory.mktemp("home")
    marks = folder / "marks"
    config = EdgeConfig(
        state=folder / "state",
        mode=Mode.LOCAL_ONLY,
        door=Door(port=0),
        agent=Agent(steps=6),
        tools=(
            ToolSetting(
                name="set_light",
                description="Turn the light of a room on or off",
                effect=Effect.REVERSIBLE,
                command=command(marks, "light", "{room}", "{state}"),
                parameters=LIGHT,
                writable=(folder,),
            ),
            ToolSetting(
                name="set_timer",
                description="Start a timer for some minutes",
                effect=Effect.REVERSIBLE,
                command=command(marks, "timer", "{minutes}"),
                parameters=TIMER,
                writable=(folder,),
            ),
        ),
    )
    living = daemon.start(config)
    assert living.url
    yield Home(living, folder / "state", marks)
    assert living.stop() == 0


def ask(home: Home, text: str, tool: str) -> dict[str, JSON]:
    body: dict[str, JSON] = {"messages": [{"role": "user", "content": text}], "tools": [tool], "wait": 60}
    return home.post("/tidegate/agent/runs", body)


def test_a_light_and_a_timer_wait_for_the_owner_and_are_set(home: Home) -> None:
    for text, tool, words in (
        ("turn on the light in the kitchen", "set_light", {"kitchen", "on"}),
        ("set a timer for 5 minutes", "set_timer", {"5"}),
    ):
        before = home.done()
        run = ask(home, text, tool)
        assert run["state"] == "waiting_person", run
        assert home.done() == before
        assert tidegate(["agent", "approve", str(run["id"]), "--state", str(home.state)], {}) == 0
        finished = _settled(home, str(run["id"]))
        steps = finished["events"]
        assert isinstance(steps, list)
        assert any(isinstance(one, dict) and one.get("ended") == "ok" for one in steps), finished
        (mark,) = home.done()[len(before) :]
        assert words <= set(mark.split())


def test_what_was_granted_is_done_at_once_or_asks_because_the_model_is_unsure(home: Home) -> None:
    words = ["agent", "grants", "add", "set_light", "--application", "default", "--state", str(home.state)]
    assert tidegate(words, {}) == 0
    before = home.done()
    run = ask(home, "turn off the light in the bedroom", "set_light")
    pending = run["pending"]
    if run["state"] == "waiting_person":
        assert isinstance(pending, dict)
        assert pending["reason"] == "unsure"
        assert home.done() == before
    else:
        assert len(home.done()) == len(before) + 1


def test_the_inventory_says_class_limits_and_sandbox(home: Home) -> None:
    tools = home.get("/tidegate/agent/tools")["data"]
    assert isinstance(tools, list)
    for one in tools:
        assert isinstance(one, dict)
        assert one["effect"] == "reversible"
        assert one["sandbox"] in ("bubblewrap", "systemd-run", "limits")


async def test_the_mcp_client_asks_the_same_daemon(home: Home) -> None:
    from mcp import Client, StdioServerParameters

    words = ["-m", "tidegate", "mcp", "serve", "--state", str(home.state)]
    async with Client(StdioServerParameters(command=sys.executable, args=words)) as client:
        names = [one.name for one in (await client.list_tools()).tools]
        assert names == ["ask", "redact", "plan", "status"]
        status = (await client.call_tool("status", {})).structured_content
        assert status["ready"] is True
        plan = (await client.call_tool("plan", {"question": "hello"})).structured_content
        assert plan["decision"] == "local"
        asked = (await client.call_tool("ask", {"question": "hello", "local_only": True})).structured_content
        assert asked["source"] in ("device", "nobody")
        wrong = await client.call_tool("ask", {})
        assert wrong.is_error


def _settled(home: Home, run: str) -> dict[str, JSON]:
    for _ in range(100):
        found = home.get(f"/tidegate/agent/runs/{run}?wait=1")
        if found["state"] in ("done", "stopped"):
            return found
    raise AssertionError("the run does not end")
