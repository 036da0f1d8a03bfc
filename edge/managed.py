"""The managed half of a device: the MQTT session and the update agent behind it. Imported only when a broker is configured."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge.config import EdgeConfig
from edge.model import Opened, journal_of, model_path, slots_of
from edge.routing.confidence import EmbeddedModel
from edge.update.agent import Pace, Tools, UpdateAgent
from edge.update.trust import Judge, this_machine
from edge.uplink.enrol import parse_address
from edge.uplink.fleet import SESSION_EXPIRY_S, FleetSession
from edge.uplink.telling import Telling
from tidegate.chat import Message, Prompt, Role
from tidegate.clock import Clock
from tidegate.errors import Broken, TidegateError
from tidegate.health import Health
from tidegate.identity.certificates import read_leaf
from tidegate.identity.names import device_from_names
from tidegate.identity.tls import load_material
from tidegate.models.loadtest import probe
from tidegate.mqtt import Broker

_SMOKE = Prompt((Message(Role.USER, "turn on the light"),), max_tokens=1)


@dataclass(frozen=True, slots=True)
class Managed:
    """`run` beside the door; `stop` ends the session within seconds."""

    session: FleetSession
    agent: UpdateAgent

    async def run(self) -> None:
        self.session.start(self.agent)
        await self.agent.run()

    async def tell(self, look: Callable[[], Health], clock: Clock) -> None:
        """Keeps the fleet informed of how this device does, until it is cancelled."""
        await Telling(self.session, look, clock).run()

    async def stop(self) -> None:
        await asyncio.to_thread(self.session.stop)


def build(config: EdgeConfig, opened: Opened, clock: Clock) -> Managed:
    """Must be called on the event loop. Raises BadConfig (no identity, bad address) and Broken (damaged journal)."""
    leaf = read_leaf(load_material(config.identity).certificate)
    device = device_from_names(leaf.common_names, leaf.uris)
    host, port = parse_address(config.fleet.broker)
    chance = random.SystemRandom().random
    broker = Broker(host, port, config.identity, slowest_retry=60.0, session_expiry=SESSION_EXPIRY_S)
    session = FleetSession(device, broker, chance)
    judge = Judge(
        folder=config.state / "trust",
        root=config.identity / "root.json",
        blobs=session,
        machine=this_machine(),
        clock=clock,
    )
    tools = Tools(
        device=device,
        journal=journal_of(config),
        slots=slots_of(config),
        blobs=session,
        judge=judge.manifest,
        probe=probe,
        model=opened.local,
        answers=lambda: _answers(opened.local),
        embedded=_embedded(config),
        outbox=session,
        clock=clock,
        random=chance,
        pace=Pace(probation=config.fleet.probation_s, interval=config.fleet.check_s),
    )
    return Managed(session, UpdateAgent(tools, opened.serving))


async def _answers(local: EmbeddedModel) -> bool:
    """Whether the model in place still writes."""
    if not local.ready:
        return False
    try:
        await local.generate(_SMOKE)
    except TidegateError:
        return False
    return True


def _embedded(config: EdgeConfig) -> Path | None:
    try:
        return model_path(config)
    except Broken:
        return None
