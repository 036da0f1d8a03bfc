"""Small stand-ins at the ports of a turn, and a door around them."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from starlette.types import ASGIApp

from edge import device_key
from edge.agent import wire as agency
from edge.alone import ClosedScreen, NoDispatch, NoLate
from edge.config import Door as Settings
from edge.config import EdgeConfig
from edge.config import Memory as Remembering
from edge.consents import Consents
from edge.device_key import DeviceKey
from edge.embedding import Vector
from edge.gateway.door import Door
from edge.gateway.embeddings import Embeds
from edge.gateway.keys import Keyring, make_key
from edge.gateway.limits import Gate, Shares
from edge.gateway.server import Parts, build
from edge.health import Health, Now
from edge.memory.desk import Memory, keeping_of
from edge.metrics import Metrics
from edge.pages import front as pages
from edge.pages.front import Pages
from edge.ports import (
    CallRef,
    Delivery,
    Dispatch,
    Escalation,
    House,
    Late,
    LocalModel,
    Policy,
    PolicyVersion,
    RedactedCall,
    RedactedMessage,
    RedactedPrompt,
    RedactedTool,
    Request,
    Screen,
)
from edge.promise.desk import Desk as PromiseDesk
from edge.promise.keeper import Keeper, Stance
from edge.promise.lines import Promises
from edge.stores import Stores, open_stores
from tidegate.chat import Prompt, ToolCall, Usage
from tidegate.clock import Clock, SystemClock
from tidegate.engines.port import ANYHOW, Draft, Terms
from tidegate.engines.seats import Seats, Slot
from tidegate.errors import Broken
from tidegate.ids import ConversationId
from tidegate.privacy.detect import Detector
from tidegate.privacy.redaction import EMPTY, redact
from tidegate.privacy.spans import Label
from tidegate.privacy.vault import Vault
from tidegate.telemetry import QuietTracer


def say(text: str) -> Draft:
    """A draft in prose."""
    return Draft(text, usage=Usage(7, 3))


@dataclass
class FakeModel:
    """Writes what it was given, and is as sure as it was told to be."""

    draft: Draft = field(default_factory=lambda: say("it is noon"))
    sure: float = 0.9
    ready: bool = True
    context_tokens: int = 1000
    speaks: bool = True
    asked: list[Prompt] = field(default_factory=list)
    pause_s: float = 0.0
    heard: tuple[str, ...] = ()  # told while it writes, to whom may hear it
    read: list[Prompt] = field(default_factory=list)  # ahead

    def count_tokens(self, prompt: Prompt) -> int:
        return sum(len(message.content) for message in prompt.messages)

    async def read_ahead(self, prompt: Prompt, application: str = "") -> None:
        self.read.append(prompt)

    async def generate(self, prompt: Prompt, terms: Terms = ANYHOW) -> Draft:
        self.asked.append(prompt)
        if terms.hear is not None:
            for piece in self.heard:
                terms.hear(piece)
                await asyncio.sleep(self.pause_s)
        await asyncio.sleep(self.pause_s)
        return self.draft

    def confidence(self, prompt: Prompt, draft: Draft) -> float:
        return self.sure


@dataclass
class FakeDispatch:
    """Remembers what was sent and delivers what it was given."""

    delivery: Delivery | Exception | None = None
    present: bool = True
    sent: list[Escalation] = field(default_factory=list)

    async def send(self, escalation: Escalation, request: Request) -> Delivery:
        self.sent.append(escalation)
        if self.delivery is None:
            raise Broken("the fake has no delivery", code="fake")
        if isinstance(self.delivery, Exception):
            raise self.delivery
        return self.delivery


@dataclass
class PatternScreen:
    """The real redaction by patterns alone, with one vault in memory; no model is loaded."""

    detector: Detector | None = field(default_factory=Detector)
    vault: Vault = field(default_factory=lambda: Vault.open("conv_fake_1", b"k" * 32, 1_790_000_000.0))
    score: float = 0.0
    forgotten: list[ConversationId] = field(default_factory=list)

    def redact(self, request: Request) -> RedactedPrompt:
        if self.detector is None:
            raise Broken("the detectors are not loaded", code="detector_broken")
        counts: dict[Label, int] = {}
        messages: list[RedactedMessage] = []
        for message in request.prompt.messages:
            done = redact(message.content, self.detector, self.vault)
            calls = tuple(self._call(call) for call in message.tool_calls)
            messages.append(RedactedMessage(message.role, done.text, calls))
            for label, count in done.labels.items():
                counts[label] = counts.get(label, 0) + count
        tools = tuple(
            RedactedTool(redact(tool.name, self.detector, self.vault).text, EMPTY, EMPTY)
            for tool in request.prompt.tools
        )
        return RedactedPrompt(tuple(messages), tools, EMPTY, EMPTY, counts)

    def _call(self, call: ToolCall) -> RedactedCall:
        if self.detector is None:
            raise Broken("the detectors are not loaded", code="detector_broken")
        name, arguments = (
            redact(text, self.detector, self.vault).text for text in (call.name, call.arguments)
        )
        return RedactedCall(CallRef("call_1"), name, arguments)

    def restore(self, conversation: ConversationId, text: str) -> str:
        return self.vault.restore(text)

    def restore_json(self, conversation: ConversationId, text: str) -> str:
        return self.vault.restore(text)

    def injection(self, request: Request) -> float:
        return self.score

    def forget(self, conversation: ConversationId) -> None:
        self.forgotten.append(conversation)


def house(
    model: FakeModel | None = None,
    dispatch: Dispatch | None = None,
    screen: Screen | None = None,
    policy: Policy | None = None,
) -> House:
    """A house of fakes."""
    return House(
        policy=policy or Policy(PolicyVersion("test-1")),
        screen=screen or PatternScreen(),
        local=model or FakeModel(),
        dispatch=dispatch or FakeDispatch(),
    )


@dataclass
class FakeEmbedder:
    """Says how long each text is, in 384 numbers; reads at most ten characters of it."""

    present: bool = True
    width: int = 384
    asked: list[str] = field(default_factory=list)

    async def embed(self, texts: Sequence[str]) -> tuple[Vector, ...]:
        if not self.present:
            raise Broken("the embedder has not been built", code="embedder_missing", hint="build it")
        self.asked += texts
        return tuple(
            Vector(struct.pack("<384f", *[float(len(text))] * 384), min(len(text), 10), len(text) <= 10)
            for text in texts
        )


@dataclass
class OpenDoor:
    """A door on fakes over real stores in a folder."""

    app: ASGIApp
    api_key: str
    stores: Stores
    door: Door
    parts: Parts


def _memory(
    made: House, stores: Stores, late: Late, key: DeviceKey, clock: Clock, remembers: Sequence[str]
) -> Memory:
    def forget(conversation: ConversationId) -> None:
        stores.drop_conversation(conversation)
        made.screen.forget(conversation)

    keeping = keeping_of(Remembering(applications=tuple(remembers)))
    return Memory(stores.memory, late, forget, keeping, key, clock)


def open_door(
    folder: Path,
    made: House | None = None,
    *,
    late: Late | None = None,
    settings: Settings | None = None,
    clock: Clock | None = None,
    encode: Callable[[Escalation], bytes] | None = None,
    embeds: Embeds | None = None,
    more_embeds: Mapping[str, Embeds] | None = None,
    remembers: Sequence[str] = (),
    lessened: str = "",
) -> OpenDoor:
    """The real routes around `made`."""
    key = device_key.load_or_make(folder)
    stores = open_stores(EdgeConfig(state=folder), key)
    clock = clock or SystemClock()
    local_only = House(Policy(PolicyVersion("test-1")), ClosedScreen(), FakeModel(), NoDispatch())
    settings = settings or Settings()
    door = Door(
        house=lambda: made or local_only,
        late=late or NoLate(),
        journal=stores.journal,
        metrics=Metrics(),
        tracer=QuietTracer(),
        clock=clock,
        settings=settings,
        gate=Gate(settings.max_in_flight),
        shares=Shares(clock, at_once=settings.max_per_application, per_minute=settings.per_minute),
        local_name=lambda: "fake-1",
        encode=encode,
        key=key,
        consents=Consents(clock, key, encode),
        promise=PromiseDesk(
            Keeper(Stance(Promises()), stores.promises, lambda: None, key=key, clock=clock, draw=lambda: 1.0),
            stores.promises,
            None,
        ),
        memory=_memory(made or local_only, stores, late or NoLate(), key, clock, remembers),
        lessened=lambda: lessened,
    )
    now = Now(local_model=True, model="fake-1", uplink=False, link_up=False, barred=False, spool={})
    parts = Parts(
        door,
        Keyring(stores.keys),
        Health(lambda: now),
        lambda: b"",
        stores.ledger.latest,
        embeds or FakeEmbedder(present=False),
        more_embeds or {},
        agent=agency.build(EdgeConfig(state=folder), stores, door, {}, lambda: door),
    )
    parts = replace(parts, pages=_pages(parts, stores, made or local_only, EdgeConfig(state=folder)))
    return OpenDoor(build(parts), make_key(stores.keys, "tests", clock.now()), stores, door, parts)


def _pages(parts: Parts, stores: Stores, made: House, config: EdgeConfig) -> Pages | None:
    return pages.build(
        parts.door,
        parts.keyring,
        stores,
        SeenModel(made.local),
        config=lambda: config,
        out=None,
        embedder=lambda: False,
    )


@dataclass(frozen=True)
class SeenModel:
    """A fake model as the status page looks at one."""

    local: LocalModel
    model: str = "fake-1"
    digest: str = "0" * 64
    calibrated: bool = True
    keep_at: float = 0.6

    @property
    def ready(self) -> bool:
        return self.local.ready

    @property
    def context_tokens(self) -> int:
        return self.local.context_tokens

    @property
    def seats(self) -> Seats | None:
        return Seats(self.local.context_tokens, (Slot(0),)) if self.local.ready else None

    @property
    def speaks(self) -> bool:
        return self.local.speaks
