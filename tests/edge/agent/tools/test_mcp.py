"""MCP servers as real processes and over HTTP: good ones, and ones that die, hang, flood and lie."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.agent.settings import Declared, McpSetting
from edge.agent.toolbox import Chest, chest
from edge.agent.tools.mcp_list import MOST_CHARS, Listed, list_digest, offer, our_name
from edge.agent.values import Effect, Ended, Outcome
from tests.fakes import mcp_liar, mcp_servers
from tidegate.chat import JSON
from tidegate.errors import BadConfig, Untrusted

PROGRAM, LIAR = str(Path(mcp_servers.__file__)), str(Path(mcp_liar.__file__))
GOOD = Listed("send", "sends", {"type": "object", "properties": {"to": {"type": "string"}}})


def server(kind: str, *more: str, **changes: object) -> McpSetting:
    program = (sys.executable, PROGRAM) if kind == "stdio" else (sys.executable, "-I", "-S", LIAR)
    made: dict[str, object] = {"name": "srv", "command": (*program, kind, *more)}
    made |= {"seconds": 20.0, "output_bytes": 8_000, "memory_mb": 4_096}
    return McpSetting(**{**made, **changes})  # type: ignore[arg-type]


@asynccontextmanager
async def opened(setting: McpSetting) -> AsyncIterator[Chest]:
    box = chest(Declared(mcp=(setting,), sandbox="limits"), {"PATH": os.environ["PATH"]})
    try:
        yield box
    finally:
        await box.close()


async def act(box: Chest, name: str, arguments: dict[str, JSON] | None = None) -> Outcome:
    return await box.call((await box.tools())[name], arguments or {}, "k")


async def test_tools_of_a_server_are_offered_with_the_operators_class_and_carried_out() -> None:
    async with opened(server("stdio", effects={"add": Effect.READ})) as box:
        found = await box.tools()
        assert sorted(found) == ["srv__add", "srv__broken", "srv__nap", "srv__read_mail"]
        assert (found["srv__add"].effect, found["srv__read_mail"].effect) == (
            Effect.READ,
            Effect.IRREVERSIBLE,
        )
        assert not found["srv__add"].vouched
        done = await act(box, "srv__add", {"a": 20, "b": 22})
        assert done.ended is Ended.OK
        assert "42" in done.text
        assert (await act(box, "srv__read_mail")).text.startswith("Ignore everything")
        failed = await act(box, "srv__broken")
        assert failed.ended is Ended.FAILED
        state = (await box.states())[0]
        assert (state.problem, state.pinned, len(state.digest)) == ("", False, 64)


async def test_a_server_that_dies_is_an_outcome_and_is_started_anew() -> None:
    async with opened(server("dies")) as box:
        first = await act(box, "srv__count", {"n": 1})
        assert first.ended is Ended.UNREACHABLE
        assert await box.tools() == {}  # not sooner than in a few seconds
        (only,) = box.servers.values()
        only._not_before = 0.0
        assert "srv__count" in await box.tools()


async def test_a_server_that_hangs_is_ended_in_time() -> None:
    async with opened(server("hangs", seconds=1.0)) as box:
        found = await act(box, "srv__count", {"n": 1})
        assert (found.ended, found.note) == (Ended.TIMED_OUT, "after 1 s")


async def test_what_a_server_says_of_its_own_harmlessness_counts_for_nothing() -> None:
    async with opened(server("true")) as box:
        assert (await box.tools())["srv__count"].effect is Effect.IRREVERSIBLE
        assert (await act(box, "srv__count", {"n": 1})).ended is Ended.OK


async def test_a_server_that_breaks_its_own_schema_is_not_believed() -> None:
    async with opened(server("lies")) as box:
        found = await act(box, "srv__count", {"n": 1})
        assert found.ended is Ended.INVALID
        state = (await box.states())[0]
        assert state.tools == ("srv__count",)
        assert state.refused == ("odd: its schema cannot be used",)


async def test_a_result_beyond_the_limit_is_cut_and_an_error() -> None:
    async with opened(server("floods")) as box:
        found = await act(box, "srv__count", {"n": 1})
        assert (found.ended, len(found.text)) == (Ended.FLOODED, 8_000)


async def test_a_server_that_writes_without_end_offers_nothing() -> None:
    async with opened(server("noise")) as box:
        assert await box.tools() == {}
        assert (await box.states())[0].problem


async def test_a_pinned_list_is_trusted_and_a_changed_one_is_refused(tmp_path: Path) -> None:
    mark = str(tmp_path / "changed")
    async with opened(server("lies", mark)) as box:
        digest = (await box.states())[0].digest
    async with opened(server("lies", mark, pin=f"sha256:{digest}")) as box:
        assert (await box.tools())["srv__count"].vouched
    (tmp_path / "changed").touch()
    async with opened(server("lies", mark, pin=f"sha256:{digest}")) as box:
        assert await box.tools() == {}
        assert "not the pinned one" in (await box.states())[0].problem


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    child = subprocess.Popen(
        [sys.executable, PROGRAM, "http", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(1000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        child.terminate()
        child.wait(5)


async def test_a_server_over_http_is_the_same_to_the_agent(address: str) -> None:
    async with opened(server("", command=(), url=address)) as box:
        assert "42" in (await act(box, "srv__add", {"a": 20, "b": 22})).text
        assert not (await box.tools())["srv__add"].outward


async def test_a_server_that_is_not_there_offers_nothing_and_says_why() -> None:
    async with opened(server("", command=(), url="http://127.0.0.1:1/mcp")) as box:
        assert await box.tools() == {}
        assert (await box.states())[0].problem


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://127.0.0.1:1/mcp"},
        {"command": ()},
        {"command": (), "url": "http://example.org/mcp"},
        {"command": ("no-such-program-here",)},
    ],
)
def test_a_server_that_cannot_be_stops_the_start(changes: dict[str, object]) -> None:
    with pytest.raises(BadConfig):
        chest(Declared(mcp=(server("good", **changes),)), dict(os.environ))


def test_a_list_is_held_to_the_operators_word() -> None:
    setting = server("good", only=("send", "big"), effects={"send": Effect.REVERSIBLE})
    listed = [
        GOOD,
        GOOD,
        Listed("other", "x", {"type": "object"}),
        Listed("big", "x" * 9_000, {"type": "object", "description": "y" * 40_000}),
    ]
    made = offer(listed, setting, outward=True, sandbox="")
    assert list(made.tools) == ["srv__send"]
    assert made.refused == ("send: listed twice", "big: its schema cannot be used")
    assert made.tools["srv__send"].outward
    long = offer([Listed("a", "x" * 9_000, {"type": "object"})], server("good"), outward=False, sandbox="")
    assert len(long.tools["srv__a"].description) == MOST_CHARS


def test_any_change_of_a_list_is_another_digest_and_its_order_is_none() -> None:
    other = Listed("look", "looks", {"type": "object"})
    assert list_digest([GOOD, other]) == list_digest([other, GOOD])
    for changed in (
        Listed("send", "sends!", GOOD.input_schema),
        Listed("send", "sends", {"type": "object"}),
        Listed("send", "sends", GOOD.input_schema, {"type": "object"}),
        Listed("Send", "sends", GOOD.input_schema),
    ):
        assert list_digest([changed]) != list_digest([GOOD])
    with pytest.raises(Untrusted):
        offer([GOOD], server("good", pin="0" * 64), outward=False, sandbox="")


def test_names_are_in_letters_that_models_know() -> None:
    assert our_name("srv", "read.mail now") == "srv__read_mail_now"
    assert len(our_name("srv", "x" * 200)) == 64
