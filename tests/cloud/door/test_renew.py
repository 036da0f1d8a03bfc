"""The cloud's own door gives a known device its next certificate, and one that is not known none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud import state
from cloud.door.peer import Doorkeeper
from cloud.door.renew import Renewals
from cloud.door.server import EscalationsDoor, escalations_server
from edge.uplink.channel import Channel
from edge.uplink.client import CloudChannel
from tests.fakes.cloud_parts import DEVICE, cloud_house
from tidegate.clock import SystemClock
from tidegate.errors import BadRequest, Unreachable, Untrusted
from tidegate.identity import authority as ca
from tidegate.identity import tls
from tidegate.identity.certificates import read_leaf
from tidegate.identity.enrol import make_request
from tidegate.identity.life import DAY_S, life_of
from tidegate.ids import DeviceId

OTHER = DeviceId("another-device")


@dataclass
class Door:
    identity: state.Identity
    address: str

    def device(self, days_ago: float) -> tls.TlsMaterial:
        """One that was enrolled for a year, so many days ago."""
        key, root = ca.new_key(), self.identity.authority
        leaf = ca.issue_device(root, DEVICE, key.public_key(), SystemClock().now() - days_ago * DAY_S)
        return tls.TlsMaterial(
            ca.certificate_pem(leaf), ca.key_pem(key), ca.certificate_pem(root.certificate)
        )

    async def renew(self, material: tls.TlsMaterial, request: bytes) -> bytes:
        wire = CloudChannel(Channel(self.address, material))
        try:
            return await wire.renew(request)
        finally:
            await wire.close()


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    clock = SystemClock()
    house, identity = (
        cloud_house(tmp_path, clock=clock),
        state.prepare(state.StateFolder(tmp_path), clock.now()),
    )
    renewals = Renewals(identity.tokens, identity.authority, clock)
    doors = EscalationsDoor(house.desk, Doorkeeper(identity.revoked), renewals)
    server, port = escalations_server(doors, identity.material, "127.0.0.1:0")
    await server.start()
    yield Door(identity, f"127.0.0.1:{port}")
    await server.stop(0)


async def test_a_device_past_half_of_its_certificate_gets_the_next_and_both_are_revoked_by_name(
    door: Door,
) -> None:
    key = ca.new_key()
    issued = await door.renew(door.device(200), make_request(DEVICE, key))
    pem = tls.TlsMaterial(ca.certificate_pem(_loaded(issued)), ca.key_pem(key), door.device(200).ca)
    assert life_of(pem.certificate).days_left(SystemClock().now()) > 364
    again = CloudChannel(Channel(door.address, pem))
    await again.probe()
    serial = read_leaf(pem.certificate).serial
    assert door.identity.tokens.serials()[DEVICE] == {serial}
    door.identity.revoked.add(frozenset({serial}))
    with pytest.raises(Untrusted):
        await again.probe()
    await again.close()


@pytest.mark.parametrize("request_", [b"noise", make_request(OTHER, ca.new_key())])
async def test_a_wrong_request_gets_nothing(door: Door, request_: bytes) -> None:
    with pytest.raises((Unreachable, BadRequest)):
        await door.renew(door.device(200), request_)
    assert door.identity.tokens.serials() == {}


async def test_a_device_that_was_just_enrolled_gets_nothing_yet(door: Door) -> None:
    with pytest.raises((Unreachable, BadRequest)):
        await door.renew(door.device(10), make_request(DEVICE, ca.new_key()))
    assert door.identity.tokens.serials() == {}


async def test_a_revoked_device_gets_nothing(door: Door) -> None:
    material = door.device(200)
    door.identity.revoked.add(frozenset({read_leaf(material.certificate).serial}))
    with pytest.raises(Untrusted):
        await door.renew(material, make_request(DEVICE, ca.new_key()))


def _loaded(der: bytes) -> ca.x509.Certificate:
    return ca.x509.load_der_x509_certificate(der)
