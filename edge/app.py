"""Wires the daemon: which adapters stand behind the ports of a turn, what runs beside it, and in which order it ends.

Local-only mode, or a device without an uplink address, never imports the modules that could open a connection.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from edge import device_key, embedding, model
from edge.agent import wire as agency
from edge.alone import ClosedScreen, NoDispatch, NoLate
from edge.backup.turning import settle
from edge.config import EdgeConfig
from edge.consents import Consents
from edge.device_key import DeviceKey
from edge.gateway import listen
from edge.gateway.agent_rooms import AgentDesk
from edge.gateway.door import Door
from edge.gateway.keys import FIRST_APPLICATION, Keyring, make_key
from edge.gateway.limits import Gate, Shares
from edge.gateway.server import Parts
from edge.health import Health, Now
from edge.housekeeping import Housekeeping
from edge.kept_consents import PURPOSE as CONSENT_KEY
from edge.kept_consents import KeptConsents, rules_of
from edge.memory.desk import Memory, keeping_of
from edge.metrics import Metrics
from edge.model import Opened, open_model
from edge.pages import front as pages
from edge.ports import Dispatch, Escalation, House, Late, Policy, PolicyVersion, Screen
from edge.promise.desk import Desk as PromiseDesk
from edge.promise.settings import Ways, desk_of, keeper_of
from edge.reload.running import Again, Current, Running
from edge.routing.confidence import EmbeddedModel
from edge.sockets import prove_sealed
from edge.stores import Stores, open_stores
from edge.surroundings import Surroundings
from edge.telling_health import health_now
from tidegate import failpoint
from tidegate.clock import Clock, SystemClock
from tidegate.errors import TidegateError
from tidegate.fs import sole_owner, write_durably
from tidegate.ids import ConversationId
from tidegate.logs import Log
from tidegate.privacy.actions import Action, Handling
from tidegate.telemetry import Tracer, tracer

if TYPE_CHECKING:
    from edge.managed import Managed
    from edge.uplink.way_out import WayOut


@dataclass(frozen=True, slots=True)
class Ready:
    """What the daemon says when it can be used. `api_key` only when it has just been made."""

    url: str
    api_key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Exits:
    """The ports that lead out of the device, or their closed twins."""

    screen: Screen
    dispatch: Dispatch
    late: Late
    encode: Callable[[Escalation], bytes] | None
    way_out: WayOut | None


async def run(
    config: EdgeConfig, announce: Callable[[Ready], None], *, stop: asyncio.Event, again: Again | None = None
) -> None:
    """The whole life of a daemon; returns after `stop` is set and everything is closed. Raises TidegateError at start."""
    log = Log("edge.app")
    clock = SystemClock()
    with sole_owner(config.state):
        settle(config.state)
        key = device_key.load_or_make(config.state)
        stores = open_stores(config, key)
        spans = tracer("tidegate-edge", endpoint=config.collector)
        try:
            api_key = _first_key(stores, clock)
            async with _model(config, log) as local:
                wiring = _wired(
                    Current(config), key, stores, local, spans, clock, again or Again(lambda: config)
                )
                try:
                    await _serve(wiring, Ready("", api_key), announce, stop)
                finally:
                    wiring.around.purse.flush()
        finally:
            spans.close()
            stores.close()


@dataclass(frozen=True, slots=True)
class _Wiring:
    """What is chosen once and used in several places."""

    current: Current
    key: DeviceKey = field(repr=False)
    stores: Stores
    opened: Opened
    spans: Tracer
    clock: Clock
    again: Again
    around: Surroundings

    @property
    def config(self) -> EdgeConfig:
        """The settings in force: they may change while the daemon runs."""
        return self.current.settings

    @property
    def local(self) -> EmbeddedModel:
        return self.opened.local


def _wired(
    current: Current,
    key: DeviceKey,
    stores: Stores,
    opened: Opened,
    spans: Tracer,
    clock: Clock,
    again: Again,
) -> _Wiring:
    around = Surroundings(lambda: current.settings, clock, stores.spend, lambda: opened.local.calibration)
    return _Wiring(current, key, stores, opened, spans, clock, again, around)


async def _serve(
    wiring: _Wiring, ready: Ready, announce: Callable[[Ready], None], stop: asyncio.Event
) -> None:
    config = wiring.config
    exits = _exits(wiring)
    managed = _managed(wiring)
    sockets = listen.open_sockets(config.door)
    running = _running(wiring, exits)
    server = listen.server(running.front, config.door)
    async with asyncio.TaskGroup() as group:
        background = [group.create_task(work) for work in _beside(wiring, exits, managed)]
        background.append(group.create_task(running.reloader.whenever(wiring.again.rung)))
        if running.parts.pages is not None:
            background.append(group.create_task(running.parts.pages.run()))
        if running.parts.door.promise is not None:
            background.append(group.create_task(running.parts.door.promise.run()))
        if managed is not None:
            look = health_now(wiring.stores, running.parts.door.promise, wiring.clock)
            background.append(group.create_task(managed.tell(look, wiring.clock)))
        serving = group.create_task(server.serve(sockets))
        while not server.started and not serving.done():  # noqa: ASYNC110  uvicorn sets a flag, no event
            await asyncio.sleep(0.005)
        if server.started:
            prove_sealed(config.mode)
            said = replace(ready, url=listen.url(sockets))
            write_durably(config.state / "daemon.url", said.url.encode())
            announce(said)
            if running.parts.agent is not None:
                running.parts.agent.agents.wake()
        ended = asyncio.ensure_future(stop.wait())
        await asyncio.wait({ended, serving}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        server.should_exit = True
        for part in (exits.way_out, managed):
            if part is not None:
                await part.stop()
        if running.parts.agent is not None:
            await running.parts.agent.close()
        await serving
        for task in background:
            task.cancel()
    (config.state / "daemon.url").unlink(missing_ok=True)


def _running(wiring: _Wiring, exits: Exits) -> Running:
    """The door, and the hand that turns it when the settings change."""

    async def switch(fresh: EdgeConfig) -> None:
        await model.switch(fresh, wiring.local)

    refit = exits.way_out.refit if exits.way_out is not None else None
    parts = _parts(wiring, exits)
    desk = agency.build(wiring.config, wiring.stores, parts.door, os.environ, lambda: made.parts.door)

    def rearm(old: AgentDesk, fresh: EdgeConfig) -> Callable[[], AgentDesk]:
        return agency.refit(old, fresh, os.environ)

    shown = _pages(wiring, exits, parts)
    made = Running.around(
        wiring.current,
        replace(parts, agent=desk, pages=shown),
        wiring.again.read,
        switch=switch,
        refit=refit,
        rearm=rearm,
    )
    return made


def _parts(wiring: _Wiring, exits: Exits) -> Parts:
    config, stores, local = wiring.config, wiring.stores, wiring.local
    metrics = Metrics()
    gate = Gate(config.door.max_in_flight + config.door.max_waiting)
    health = Health(lambda: _now(local, exits, stores))

    def house() -> House:
        """The model's own threshold moves with the model."""
        policy = _policy(wiring.config, local)
        return House(policy, exits.screen, local, exits.dispatch, promised.keeper, wiring.around)

    promised = _promised(wiring, exits, house)

    def metrics_page() -> bytes:
        now = health.now()
        metrics.promised((one.watch.state for one in promised.keeper.standings()), promised.keeper.alarms)
        return metrics.page(in_flight=gate.inside, link_up=now.link_up, spool=now.spool)

    door = Door(
        house=house,
        late=exits.late,
        journal=stores.journal,
        metrics=metrics,
        tracer=wiring.spans,
        clock=wiring.clock,
        settings=config.door,
        gate=gate,
        shares=Shares(
            wiring.clock, at_once=config.door.max_per_application, per_minute=config.door.per_minute
        ),
        local_name=lambda: local.model,
        encode=exits.encode,
        key=wiring.key,
        keep_text=config.journal.keep_text,
        consents=Consents(
            wiring.clock,
            wiring.key,
            exits.encode,
            shelf=KeptConsents(stores.consents, wiring.key.derive(CONSENT_KEY)),
            rules=lambda: rules_of(wiring.config),
        ),
        promise=promised,
        memory=_memory(wiring, exits),
        lessened=_lessened(exits.way_out),
    )
    return Parts(
        door,
        Keyring(stores.keys),
        health,
        metrics_page,
        stores.ledger.latest,
        embedding.on_this_machine(),
        embedding.of_file(config.embedding),
    )


def _lessened(out: WayOut | None) -> Callable[[], str]:
    """What redaction does without, now; a device that lets nothing out needs none."""
    if out is None:
        return lambda: ""
    from edge.screen import lessened

    return lambda: lessened(out.screen.detectors.seen())


def _pages(wiring: _Wiring, exits: Exits, parts: Parts) -> pages.Pages | None:
    return pages.build(
        parts.door,
        parts.keyring,
        wiring.stores,
        wiring.local,
        config=lambda: wiring.config,
        out=exits.way_out,
        embedder=lambda: parts.embeds.present,
    )


def _promised(wiring: _Wiring, exits: Exits, house: Callable[[], House]) -> PromiseDesk:
    config, store, local, out = wiring.config, wiring.stores.promises, wiring.local, exits.way_out
    ways = Ways(out.courier, out.late, house) if out is not None else None
    keeper = keeper_of(config, store, lambda: local.calibration, wiring.key, wiring.clock)
    return desk_of(keeper, config, store, wiring.key, ways)


def _memory(wiring: _Wiring, exits: Exits) -> Memory:
    def forget(conversation: ConversationId) -> None:
        wiring.stores.drop_conversation(conversation)
        exits.screen.forget(conversation)

    keeping = keeping_of(wiring.config.memory)
    return Memory(wiring.stores.memory, exits.late, forget, keeping, wiring.key, wiring.clock)


def _policy(config: EdgeConfig, local: EmbeddedModel) -> Policy:
    rules, privacy = config.policy, config.privacy
    return Policy(
        version=PolicyVersion(rules.version),
        keep_at=local.keep_at if rules.keep_at is None else rules.keep_at,
        must_stay=frozenset(rules.must_stay) | Handling(privacy.actions).having(Action.BLOCK),
        must_go_words=tuple(word.casefold() for word in rules.must_go_words),
        review_labels=frozenset(rules.review_labels),
        refuse_injection_at=rules.refuse_injection_at,
        consent=privacy.consent,
        consent_for=privacy.consent_for,
        modes=config.modes,
        summarise=rules.summarise,
        prompt_tokens=rules.prompt_tokens,
    )


def _now(local: EmbeddedModel, exits: Exits, stores: Stores) -> Now:
    out = exits.way_out
    return Now(
        local_model=local.ready,
        model=local.model,
        uplink=out is not None,
        link_up=out is not None and out.link_up,
        barred=out is not None and out.barred,
        spool=stores.spool.counts(),
        link=out.courier.link(0.0).health if out is not None else "",
    )


def _exits(wiring: _Wiring) -> Exits:
    if not wiring.config.escalates:
        return Exits(ClosedScreen(), NoDispatch(), NoLate(), None, None)
    from edge.uplink import way_out

    purse = wiring.around.purse
    out = way_out.build(
        wiring.config,
        wiring.key,
        wiring.stores,
        clock=wiring.clock,
        tracer=wiring.spans,
        meter=purse,
        metered_left=purse.metered_left,
    )
    wiring.around.link = out.courier.link
    return Exits(out.screen, out.courier, out.late, way_out.encode, out)


def _managed(wiring: _Wiring) -> Managed | None:
    if not wiring.config.managed:
        return None
    from edge import managed

    return managed.build(wiring.config, wiring.opened, wiring.clock)


def _beside(wiring: _Wiring, exits: Exits, managed: Managed | None) -> list[Coroutine[None, None, None]]:
    """What runs beside the door."""
    memory = partial(_memory, wiring, exits)
    tidying = Housekeeping(wiring.stores, lambda: wiring.config, memory, wiring.clock)
    work: list[Coroutine[None, None, None]] = [tidying.run()]
    if managed is not None:
        work.append(managed.run())
    if exits.way_out is not None:
        work.append(exits.way_out.run())
    return work


def _first_key(stores: Stores, clock: Clock) -> str:
    """A key for the first application, when nobody has one yet; else the empty string."""
    return "" if stores.keys.all() else make_key(stores.keys, FIRST_APPLICATION, clock.now())


@asynccontextmanager
async def _model(config: EdgeConfig, log: Log) -> AsyncIterator[Opened]:
    """The model of this device, or a slot without one: then everything is escalated, and the log says why."""
    opened = await open_model(config, log)
    try:
        yield opened
    finally:
        await opened.local.close()


def main(
    config: EdgeConfig, announce: Callable[[Ready], None], read: Callable[[], EdgeConfig] | None = None
) -> None:
    """Runs until SIGTERM or SIGINT; SIGHUP reads the settings again by `read`. Raises TidegateError when it cannot start."""
    failpoint.check(os.environ)
    asyncio.run(_main(config, announce, read or (lambda: config)))


async def _main(
    config: EdgeConfig, announce: Callable[[Ready], None], read: Callable[[], EdgeConfig]
) -> None:
    stop = asyncio.Event()
    again = Again(read)
    loop = asyncio.get_running_loop()
    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, stop.set)
    loop.add_signal_handler(signal.SIGHUP, again.rung.set)
    try:
        await run(config, announce, stop=stop, again=again)
    except* TidegateError as group:
        raise _first(group) from group


def _first(group: BaseExceptionGroup[TidegateError]) -> TidegateError:
    """The error that matters, out of the group it came in."""
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
