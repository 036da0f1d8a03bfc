"""Tools change under a run: what is being carried out ends with the tool it began with, what is gone is refused next."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from edge.agent import wire
from edge.agent.rack import Rack
from edge.agent.run import Run, RunState, Step
from edge.agent.settings import Declared, McpSetting, ToolSetting
from edge.agent.toolbox import Chest, chest
from edge.agent.values import Effect, Ended
from edge.config import Agent, EdgeConfig
from tests.fakes import mcp_servers
from tests.fakes.agents import agent_house, calls, order, says
from tests.fakes.edge_parts import open_door
from tidegate.errors import BadConfig

SLOW = (
    "import sys, time; open(sys.argv[1], 'a').write('began' + chr(10)); time.sleep(0.6); print('the old one')"
)
QUICK = "print('the new one')"


def tool(name: str, code: str, *words: str, effect: Effect = Effect.READ) -> ToolSetting:
    command = (sys.executable, "-I", "-S", "-c", code, *words)
    return ToolSetting(name=name, description="d", effect=effect, command=command)


def made(*tools: ToolSetting, before: Chest | None = None, mcp: tuple[McpSetting, ...] = ()) -> Chest:
    return chest(Declared(tools=tools, mcp=mcp, sandbox="limits"), os.environ, before)


def results(run: Run) -> list[tuple[str, Ended | None, str]]:
    return [(one.tool, one.ended, one.text.strip()) for one in run.events if one.step is Step.RESULT]


async def began(marks: Path) -> None:
    for _ in range(500):
        if await asyncio.to_thread(marks.exists):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the call never began")


async def test_a_running_call_ends_with_its_own_tool_and_a_removed_one_is_refused_next(
    tmp_path: Path,
) -> None:
    marks = tmp_path / "marks"
    rack = Rack(made(tool("look", SLOW, str(marks)), tool("other", QUICK)))
    house = agent_house(
        tmp_path / "state", calls("look"), calls("look", again=1), calls("other"), says("done"), toolbox=rack
    )
    run = await house.agents.start(order())
    await began(marks)
    rack.turn(made(tool("other", QUICK)))
    done = await house.agents.settled(run.id, "app", 20)
    assert (done.state, done.text) == (RunState.DONE, "done")
    assert results(done)[0] == ("look", Ended.OK, "the old one")
    assert results(done)[1][:2] == ("look", Ended.BAD_CALL)
    assert results(done)[2] == ("other", Ended.OK, "the new one")
    offered = [[one.name for one in request.prompt.tools] for request in house.model.asked]
    assert offered == [["look", "other"], ["other"], ["other"], ["other"]]


async def test_a_tool_that_is_another_by_now_is_not_carried_out_for_an_approval_of_the_old_one(
    tmp_path: Path,
) -> None:
    """The user approved a call of a tool that could be undone; the settings say meanwhile that it cannot."""
    rack = Rack(made(tool("act", QUICK, effect=Effect.REVERSIBLE)))
    house = agent_house(tmp_path, calls("act"), says("done"), toolbox=rack)
    waits = await house.run()
    assert waits.state is RunState.WAITING_PERSON
    rack.turn(made(tool("act", QUICK, effect=Effect.IRREVERSIBLE)))
    done = await house.decide(waits)
    assert results(done)[0][:2] == ("act", Ended.BAD_CALL)


def server(name: str, **changes: object) -> McpSetting:
    made: dict[str, object] = {"command": (sys.executable, mcp_servers.__file__, "stdio"), "memory_mb": 4096}
    return McpSetting(name=name, effect=Effect.READ, **{**made, **changes})  # type: ignore[arg-type]


async def test_a_server_declared_alike_goes_on_and_one_that_left_ends_after_its_last_call(
    tmp_path: Path,
) -> None:
    first = made(mcp=(server("stays"), server("changes"), server("goes")))
    rack = Rack(first)
    tools = await rack.tools()
    calling = asyncio.create_task(rack.call(tools["goes__nap"], {"mark": str(tmp_path / "nap")}, "k"))
    await began(tmp_path / "nap")
    second = made(before=first, mcp=(server("stays"), server("changes", only=("add",))))
    assert second.servers["stays"] is first.servers["stays"]
    assert second.servers["changes"] is not first.servers["changes"]
    rack.turn(second)
    done = await calling
    assert (done.ended, done.text) == (Ended.OK, "slept")
    left = await rack.tools()
    assert sorted(name for name in left if not name.startswith("stays")) == ["changes__add"]
    for _ in range(200):
        if first.servers["goes"].ended:
            break
        await asyncio.sleep(0.01)
    assert (first.servers["goes"].ended, first.servers["stays"].ended) == (True, False)
    await rack.close()
    assert first.servers["stays"].ended


async def test_new_settings_are_in_force_for_the_next_run_and_a_wrong_tool_changes_nothing(
    tmp_path: Path,
) -> None:
    opened = open_door(tmp_path)
    old = EdgeConfig(state=tmp_path, tools=(tool("look", QUICK),))
    desk = wire.build(old, opened.stores, opened.door, os.environ, lambda: opened.door)
    new = EdgeConfig(
        state=tmp_path,
        tools=(tool("see", QUICK),),
        agent=Agent(steps=3, door_approves=False, approval_s=5.0, max_runs=1),
    )
    turned = wire.refit(desk, new, os.environ)
    assert list(await desk.toolbox.tools()) == ["look"]  # made, and not yet put to work
    after = turned()
    assert list(await after.toolbox.tools()) == ["see"]
    assert (after.limits.steps, after.door_approves, after.agents) == (3, False, desk.agents)
    twice = EdgeConfig(state=tmp_path, tools=(tool("see", QUICK), tool("see", QUICK)))
    with pytest.raises(BadConfig):
        wire.refit(after, twice, os.environ)
    assert list(await after.toolbox.tools()) == ["see"]
    await after.close()
