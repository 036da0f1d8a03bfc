"""`kill -9` at every named place of a run, in a real child with a real command: nothing that cannot be undone is done twice."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from edge.agent.run import Run, RunState, Step
from edge.agent.settings import Declared, ToolSetting
from edge.agent.values import Effect
from edge.ports import Answer, Request
from tidegate import failpoint
from tidegate.chat import Role

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.fakes.agents", "edge.agent.toolbox", "sqlite_utils", "jsonschema"])
EFFECTS = {"edge.agent.intent.after", "edge.agent.acted"}  # between intent and result: nobody can know
GRANTED_ONLY = "edge.agent.granted"


@dataclass
class FirstACallThenWords:
    """Depends on what was said alone, so that it goes on after a power cut as a real model would."""

    asked: list[Request] = field(default_factory=list)

    async def answer(self, request: Request) -> Answer:
        from tests.fakes.agents import calls, says

        last = request.prompt.messages[-1]
        return says("it is done") if last.role is Role.TOOL else calls("act", text="now")


def script(mark: Path) -> list[str]:
    """A command that leaves a mark each time it is carried out."""
    code = f"import sys; open({str(mark)!r}, 'a').write(sys.argv[1] + chr(10)); print('acted')"
    return [sys.executable, "-I", "-S", "-c", code, "{text}"]


def _live(folder: str, effect: str, place: str, out: Connection) -> None:
    os.environ[failpoint.VARIABLE] = place
    failpoint.check(os.environ)
    out.send(asyncio.run(_run(Path(folder), Effect(effect))))


async def _run(folder: Path, effect: Effect) -> tuple[str, str, tuple[str, ...]]:
    """Goes on with the run of the folder, or starts it; the user approves once and answers no other question."""
    from edge.agent.toolbox import chest
    from tests.fakes.agents import agent_house, order

    text = {"type": "object", "properties": {"text": {"type": "string"}}}
    setting = ToolSetting(
        name="act",
        description="acts",
        effect=effect,
        command=tuple(script(folder / "marks")),
        parameters=text,
    )
    box = chest(Declared(tools=(setting,)), os.environ)
    house = agent_house(folder / "state", model=FirstACallThenWords(), toolbox=box)
    agents = house.agents
    if not agents.wake():
        await agents.start(order("do it now"))
    for _ in range(1000):
        run = agents.latest("app", 1)[0]
        if run.state.final or run.wait_reason == "unknown_outcome":
            break
        if run.state is RunState.WAITING_PERSON:
            agents.decide(run.id, "app", run.calls[0].digest, approved=True)
        await asyncio.sleep(0.02)
    await agents.close()
    return str(run.state), run.wait_reason, steps(run)


def steps(run: Run) -> tuple[str, ...]:
    return tuple(str(event.step) for event in run.events)


def live(
    folder: Path, effect: Effect, place: str = ""
) -> tuple[int | None, tuple[str, str, tuple[str, ...]] | None]:
    """The exit code of a child that works on the folder's run, and what it said if it lived."""
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=_live, args=(str(folder), str(effect), place, theirs))
    process.start()
    theirs.close()
    try:
        said = ours.recv() if ours.poll(60) else None
    except EOFError:
        said = None
    process.join(20)
    return process.exitcode, said


def marks(folder: Path) -> int:
    file = folder / "marks"
    return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.mark.parametrize("place", failpoint.AGENT_NAMES)
def test_what_cannot_be_undone_is_done_once_or_a_person_is_asked(place: str, tmp_path: Path) -> None:
    code, _ = live(tmp_path, Effect.IRREVERSIBLE, place)
    assert code == -signal.SIGKILL, f"the run never came to {place}"
    before = marks(tmp_path)
    code, said = live(tmp_path, Effect.IRREVERSIBLE)
    assert code == 0
    assert said is not None
    state, waits, story = said
    if place in EFFECTS:
        assert before == (place == "edge.agent.acted")
        assert (state, waits) == ("waiting_person", "unknown_outcome")
        assert story[-1] == str(Step.INTERRUPTED)
        assert marks(tmp_path) == before
    else:
        assert (state, waits) == ("done", "")
        assert marks(tmp_path) == 1


@pytest.mark.parametrize("place", ["edge.agent.intent.after", "edge.agent.acted", "edge.agent.granted"])
def test_a_look_is_simply_repeated(place: str, tmp_path: Path) -> None:
    code, _ = live(tmp_path, Effect.READ, place)
    if place == GRANTED_ONLY:
        assert code == 0  # a look needs no grant, so none is looked for
        return
    assert code == -signal.SIGKILL
    _, said = live(tmp_path, Effect.READ)
    assert said is not None
    assert said[0] == "done"
    assert marks(tmp_path) == 1 + (place == "edge.agent.acted")
