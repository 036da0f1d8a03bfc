"""Builds the one way out of the device: screen, channel, courier and the desk of late answers. Imported only when it is wanted."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from edge.config import EdgeConfig, Metered
from edge.device_key import DeviceKey
from edge.finders import build_detector, build_guard
from edge.ports import Released
from edge.routing.link import Habits
from edge.screen import Detectors, PrivacyScreen, sparing
from edge.store.lineage import LineageStore
from edge.stores import Stores
from edge.uplink.carry import Carrier, Files, Meter, NoMeter, Portal, Terms, no_portal
from edge.uplink.channel import Channel
from edge.uplink.client import CloudChannel
from edge.uplink.codec import encode
from edge.uplink.dispatch import Courier
from edge.uplink.interface import watching
from edge.uplink.late import LateDesk
from edge.uplink.portal import HttpProbe
from edge.uplink.reach import Ration
from edge.uplink.renew import Renewal, settle
from tidegate.clock import Clock
from tidegate.errors import BadConfig, Broken
from tidegate.identity.certificates import read_leaf
from tidegate.identity.names import device_from_names
from tidegate.identity.tls import TlsMaterial, load_material
from tidegate.ids import ConversationId
from tidegate.logs import Log
from tidegate.privacy.actions import Handling
from tidegate.telemetry import Tracer

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class WayOut:
    """Everything that leads out, joined."""

    screen: PrivacyScreen
    courier: Courier
    late: LateDesk
    detectors: Detectors
    clock: Clock
    renewal: Renewal

    @property
    def link_up(self) -> bool:
        return self.courier.link_up

    @property
    def barred(self) -> bool:
        return self.courier.barred

    async def run(self) -> None:
        """The courier's background half; detectors are loaded meanwhile, so that the first escalation need not wait."""
        warming = asyncio.create_task(asyncio.to_thread(self._warm))
        renewing = asyncio.create_task(self.renewal.run())
        try:
            await self.courier.run()
        finally:
            renewing.cancel()
        await warming

    def refit(self, config: EdgeConfig) -> Callable[[], None]:
        """Detectors as these settings want them, tried; what it gives puts them to work. Raises Broken."""
        fresh = detectors_of(config)
        fresh.detector()
        return lambda: self.screen.refit(fresh, Handling(config.privacy.actions))

    async def stop(self) -> None:
        await self.courier.stop()

    def _warm(self) -> None:
        try:
            self.detectors.detector()
        except Broken as error:
            Log("edge.uplink").error("redaction_unavailable", error, alert=True)


def detectors_of(config: EdgeConfig) -> Detectors:
    return Detectors(
        lambda: sparing(build_detector(config), config.policy.public_words), lambda: build_guard(config)
    )


def build(
    config: EdgeConfig,
    key: DeviceKey,
    stores: Stores,
    *,
    clock: Clock,
    tracer: Tracer,
    meter: Meter | None = None,
    metered_left: Callable[[], int | None] = lambda: None,
) -> WayOut:
    """`meter` is told what leaves; `metered_left`: bytes of today's allowance over a metered way.

    Raises BadConfig (with the file) when this device has no usable identity.
    """
    ration = Ration(config.uplink.metered_sends, metered_left)
    detectors = detectors_of(config)
    screen = PrivacyScreen(
        detectors,
        stores.vaults,
        key=key.derive("vault"),
        clock=clock,
        ttl_s=config.uplink.expiry_s + DAY_S,  # a late answer must still find its vault
        handling=Handling(config.privacy.actions),
    )

    def check(conversation: ConversationId, reply: Released) -> None:
        if screen.forgot(conversation):
            return  # deleted while the cloud was at work: nobody is told this answer
        screen.restore(conversation, reply.text)
        for call in reply.tool_calls:
            screen.restore(conversation, call.name)
            screen.restore_json(conversation, call.arguments)

    settle(config.identity)
    material = load_material(config.identity)
    leaf = read_leaf(material.certificate)
    wire = CloudChannel(Channel(config.uplink.address, material, config.uplink.server_name))
    terms = Terms(
        device=device_from_names(leaf.common_names, leaf.uris),
        receipt_key=_receipt_key(config),
        habits=Habits(first_trial_s=config.uplink.probe_s, settle_s=config.uplink.settle_s),
        ration=ration,
        dice=secrets.SystemRandom().random,
    )
    carrier = Carrier(
        wire,
        Files(stores.spool, stores.ledger, meter or NoMeter()),
        terms,
        check,
        clock=clock,
        tracer=tracer,
        portal=_portal(config),
    )
    courier = Courier(
        carrier,
        stores.spool,
        key,
        clock,
        expiry_s=config.uplink.expiry_s,
        at_once=config.uplink.max_in_flight,
        metered=_metered(config, clock),
    )
    restored_at = LineageStore(stores.durable).restored_at()
    late = LateDesk(stores.spool, screen, clock, courier.moved, key, courier.withdraw, restored_at)
    return WayOut(screen, courier, late, detectors, clock, _renewal(config, wire, clock))


def _renewal(config: EdgeConfig, wire: CloudChannel, clock: Clock) -> Renewal:
    def channel(material: TlsMaterial) -> Channel:
        return Channel(config.uplink.address, material, config.uplink.server_name)

    async def prove(material: TlsMaterial) -> None:
        probing = CloudChannel(channel(material))
        try:
            await probing.probe()
        finally:
            await probing.close()

    async def adopt(material: TlsMaterial) -> None:
        await wire.turn_to(channel(material))

    chance = secrets.SystemRandom().random
    return Renewal(config.identity, wire, prove, adopt, clock, chance, Log("edge.uplink"))


def _metered(config: EdgeConfig, clock: Clock) -> Callable[[], bool]:
    match config.uplink.metered:
        case Metered.YES:
            return lambda: True
        case Metered.NO:
            return lambda: False
        case Metered.AUTO:
            return watching(config.uplink.metered_interfaces, clock)


def _portal(config: EdgeConfig) -> Portal:
    """Raises BadConfig."""
    return HttpProbe(config.uplink.portal_probe).captive if config.uplink.portal_probe else no_portal


def _receipt_key(config: EdgeConfig) -> bytes:
    if not config.uplink.receipts:
        return b""
    path = config.identity / "receipt.pub"
    try:
        key = path.read_bytes()
    except OSError as error:
        raise BadConfig(
            f"{path}: {error.strerror or 'cannot be read'}",
            code="no_identity",
            hint="enrol this device again",
        ) from error
    if len(key) != 32:
        raise BadConfig(
            f"{path}: is not an Ed25519 public key", code="no_identity", hint="enrol this device again"
        )
    return key


__all__ = ["WayOut", "build", "encode"]
