"""An agent on real rules and real stores, with a model that follows a script and tools that remember what they did."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.agent.ports import Opinion, Toolbox
from edge.agent.run import Limits, Run, RunState, Said
from edge.agent.runner import Agents, Order
from edge.agent.seal import Seal
from edge.agent.taint import Origin
from edge.agent.values import Effect, Ended, Kind, Outcome, Tool
from edge.agent.workshop import Workshop
from edge.alone import NoLate
from edge.config import EdgeConfig
from edge.device_key import DeviceKey
from edge.ports import Answer, Late, Request, Source, State
from edge.routing.plan import Why
from edge.stores import Stores, open_stores
from tidegate.chat import JSON, Message, Role, ToolCall, Usage
from tidegate.clock import Clock, SystemClock
from tidegate.ids import ConversationId, RequestId

KEY = DeviceKey(b"k" * 32)
CONVERSATION = ConversationId("conv_12345678")
SCHEMA: dict[str, JSON] = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "text": {"type": "string"}},
    "additionalProperties": False,
}


def tool(name: str, effect: Effect = Effect.READ, **changes: object) -> Tool:
    made = Tool(name, f"does {name}", json.dumps(SCHEMA), effect, Kind.COMMAND)
    return replace(made, **changes)  # type: ignore[arg-type]


READ = tool("look")
LIGHT = tool("light", Effect.REVERSIBLE)
SEND = tool("send", Effect.IRREVERSIBLE)
TOOLS = (READ, LIGHT, SEND)


def says(text: str, **changes: object) -> Answer:
    """An answer in prose, from the device and sure of itself."""
    made = Answer(State.ANSWERED, Source.DEVICE, Why.CONFIDENT, text, usage=Usage(10, 5))
    return replace(made, **changes)  # type: ignore[arg-type]


def calls(name: str, *more: str, source: Source = Source.DEVICE, **arguments: JSON) -> Answer:
    """An answer that proposes a call (and `more` calls without arguments)."""
    made = [ToolCall("a", name, json.dumps(arguments))] + [ToolCall("b", one, "{}") for one in more]
    return says("", tool_calls=tuple(made), source=source)


@dataclass
class ScriptedModel:
    """Gives one answer after the other; an exception is raised, the last answer repeats."""

    script: Sequence[Answer | Exception]
    asked: list[Request] = field(default_factory=list)
    pause_s: float = 0.0

    async def answer(self, request: Request) -> Answer:
        self.asked.append(request)
        await asyncio.sleep(self.pause_s)
        found = self.script[min(len(self.asked), len(self.script)) - 1]
        if isinstance(found, Exception):
            raise found
        return found


@dataclass
class FakeToolbox:
    """`does` gives a tool's words or its outcome; what was carried out is in `done`."""

    offered: Sequence[Tool] = TOOLS
    does: Mapping[str, str | Outcome] = field(default_factory=dict)
    done: list[tuple[str, dict[str, JSON], str]] = field(default_factory=list)
    pause_s: float = 0.0
    began: asyncio.Event = field(default_factory=asyncio.Event)

    async def tools(self) -> Mapping[str, Tool]:
        return {one.name: one for one in self.offered}

    async def call(self, tool: Tool, arguments: dict[str, JSON], key: str) -> Outcome:
        self.done.append((tool.name, arguments, key))
        self.began.set()
        await asyncio.sleep(self.pause_s)
        found = self.does.get(tool.name, "done")
        return found if isinstance(found, Outcome) else Outcome(Ended.OK, found)

    async def close(self) -> None:
        return None


@dataclass
class FakeCloud:
    """A cloud with a person who says the same to everything."""

    opinion: Opinion | Exception | None = None
    asked: list[tuple[Request, str]] = field(default_factory=list)

    @property
    def present(self) -> bool:
        return self.opinion is not None

    async def approve(self, request: Request, tool: Tool, digest: str) -> Opinion:
        self.asked.append((request, digest))
        if isinstance(self.opinion, Exception):
            raise self.opinion
        return self.opinion or Opinion()


@dataclass
class House:
    """An agent and everything around it."""

    agents: Agents
    shop: Workshop
    stores: Stores
    model: ScriptedModel
    toolbox: FakeToolbox
    cloud: FakeCloud

    async def run(self, text: str = "please", **changes: object) -> Run:
        """Starts a run and waits until it ends or waits for somebody."""
        started = await self.agents.start(order(text, **changes))
        return await self.agents.settled(started.id, "app", 10)

    async def decide(self, run: Run, *, approved: bool = True, digest: str = "") -> Run:
        """The user's word on what waits; then as `run`."""
        self.agents.decide(run.id, "app", digest or run.calls[0].digest, approved=approved)
        return await self.until(run, lambda found: found.state.final or found.calls != run.calls)

    async def until(self, run: Run, wanted: object) -> Run:
        assert callable(wanted)
        for _ in range(400):
            found = self.agents.get(run.id, "app")
            if wanted(found) and found.state is not RunState.RUNNING:
                return found
            await asyncio.sleep(0.005)
        return self.agents.get(run.id, "app")


def order(text: str = "please", *more: Said, **changes: object) -> Order:
    first = Said(Message(Role.USER, text), frozenset({Origin.PERSON}))
    made = Order("app", CONVERSATION, (first, *more), Limits(seconds=20.0))
    return replace(made, **changes)  # type: ignore[arg-type]


def outside(text: str) -> Said:
    """A passage that somebody else wrote."""
    return Said(Message(Role.USER, text), frozenset({Origin.OUTSIDE}))


def agent_house(
    folder: Path,
    *script: Answer | Exception,
    toolbox: Toolbox | None = None,
    cloud: FakeCloud | None = None,
    late: Late | None = None,
    clock: Clock | None = None,
    **changes: object,
) -> House:
    """An agent over real stores in `folder`; `changes` replaces parts of the workshop."""
    folder.mkdir(exist_ok=True)
    stores = open_stores(EdgeConfig(state=folder), KEY)
    model = ScriptedModel(script or (says("done"),))
    fake, sky = FakeToolbox(), cloud or FakeCloud()
    box = toolbox or fake

    def repeatable(application: str, what: str, number: int) -> RequestId:
        return RequestId("req_" + KEY.mac("request", application, what, str(number))[:8].hex())

    shop = Workshop(
        runs=stores.runs,
        verdicts=stores.verdicts,
        grants=stores.grants,
        toolbox=box,
        model=model,
        late=late or NoLate(),
        cloud=sky,
        clock=clock or SystemClock(),
        repeatable_id=repeatable,
        seal=Seal(KEY.derive("agent")),
        ask_cloud=sky.present,
        poll_s=0.01,
    )
    shop = replace(shop, **changes)  # type: ignore[arg-type]
    return House(Agents(shop), shop, stores, model, box if isinstance(box, FakeToolbox) else fake, sky)
