"""The real doors on loopback: who gets in, who does not, and what a stranger learns."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud import state
from cloud.door.enrol import EnrolmentDoor
from cloud.door.peer import Doorkeeper
from cloud.door.server import EscalationsDoor, enrolment_server, escalations_server
from edge.ports import Released
from edge.uplink import codec as device
from edge.uplink.enrol import enrol
from tests.fakes.cloud_parts import DEVICE, CloudHouse, cloud_house, wire
from tidegate.clock import SystemClock
from tidegate.errors import BadRequest, Untrusted
from tidegate.identity import authority as ca
from tidegate.identity import tls
from tidegate.identity.enrol import new_token
from tidegate.identity.names import Service
from tidegate.ids import DeviceId

import grpc  # isort: skip
import grpc.aio  # isort: skip

ESCALATE, PROBE = "/tidegate.v1.Escalations/Escalate", "/tidegate.v1.Escalations/Probe"
TRACE = "ab" * 16


@dataclass
class Doors:
    house: CloudHouse
    identity: state.Identity
    grpc: str
    enrol: str

    async def call(self, material: tls.TlsMaterial, method: str = PROBE, raw: bytes = b"") -> bytes:
        async with grpc.aio.secure_channel(self.grpc, tls.channel_credentials(material)) as channel:
            ask = channel.unary_unary(method)
            traceparent = ("traceparent", f"00-{TRACE}-{'cd' * 8}-01")
            return bytes(await ask(raw, timeout=10, metadata=(traceparent,)))

    def client(self, name: DeviceId = DEVICE, *, days: float = 1, at: float | None = None) -> tls.TlsMaterial:
        return client_of(self.identity.authority, name, days=days, at=at)


def client_of(
    root: ca.Authority, name: DeviceId, *, days: float = 1, at: float | None = None
) -> tls.TlsMaterial:
    key = ca.new_key()
    now = SystemClock().now() if at is None else at
    leaf = ca.issue_device(root, name, key.public_key(), now, days=days)
    return tls.TlsMaterial(ca.certificate_pem(leaf), ca.key_pem(key), ca.certificate_pem(root.certificate))


@pytest.fixture
async def doors(tmp_path: Path) -> AsyncIterator[Doors]:
    clock = SystemClock()
    house = cloud_house(tmp_path, clock=clock)
    identity = state.prepare(state.StateFolder(tmp_path), clock.now())
    keeper = Doorkeeper(identity.revoked)
    server, port = escalations_server(EscalationsDoor(house.desk, keeper), identity.material, "127.0.0.1:0")
    door = EnrolmentDoor(identity.tokens, identity.authority, clock, house.notary.public_key, lambda: b"root")
    enrolling, enrol_port = enrolment_server(door.enrol, identity.material, "127.0.0.1:0")
    await server.start()
    await enrolling.start()
    yield Doors(house, identity, f"127.0.0.1:{port}", f"127.0.0.1:{enrol_port}")
    await server.stop(0)
    await enrolling.stop(0)


async def test_an_enrolled_device_is_answered_under_its_own_trace(doors: Doors, tmp_path: Path) -> None:
    token, record = new_token(DEVICE, SystemClock().now())
    doors.identity.tokens.add(record)
    print_of_ca = doors.identity.authority.fingerprint
    done = await asyncio.to_thread(enrol, doors.enrol, token, DEVICE, print_of_ca, tmp_path / "device")
    reply = device.decode(await doors.call(tls.load_material(done.folder), ESCALATE, wire()))
    assert isinstance(reply, Released)
    assert TRACE in doors.house.audit.latest(1)[0].body.decode()


async def test_a_token_works_once_and_a_wrong_one_never(doors: Doors, tmp_path: Path) -> None:
    token, record = new_token(DEVICE, SystemClock().now())
    doors.identity.tokens.add(record)
    print_of_ca = doors.identity.authority.fingerprint
    await asyncio.to_thread(enrol, doors.enrol, token, DEVICE, print_of_ca, tmp_path / "one")
    for bad, word in ((token, "token_used"), (token[:-3] + "abc", "bad_token")):
        with pytest.raises(BadRequest) as refused:
            await asyncio.to_thread(enrol, doors.enrol, bad, DEVICE, print_of_ca, tmp_path / word)
        assert refused.value.code == word
    with pytest.raises(Untrusted):
        await asyncio.to_thread(enrol, doors.enrol, token, DEVICE, "00" * 32, tmp_path / "three")


async def refused_with(doors: Doors, material: tls.TlsMaterial) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await doors.call(material, ESCALATE, wire())
    return refused.value.code(), refused.value.details() or ""


async def test_a_revoked_device_is_refused_on_its_next_call(doors: Doors) -> None:
    material = doors.client()
    assert await doors.call(material)
    from tidegate.identity.certificates import read_leaf

    doors.identity.revoked.add(frozenset({read_leaf(material.certificate).serial}))
    assert await refused_with(doors, material) == (grpc.StatusCode.UNAUTHENTICATED, "revoked")
    assert doors.house.audit.size() == 0


async def test_a_services_certificate_is_no_devices(doors: Doors) -> None:
    key = ca.new_key()
    root = doors.identity.authority
    leaf = ca.issue_service(root, Service.BROKER, key.public_key(), SystemClock().now())
    material = tls.TlsMaterial(
        ca.certificate_pem(leaf), ca.key_pem(key), ca.certificate_pem(root.certificate)
    )
    assert await refused_with(doors, material) == (grpc.StatusCode.UNAUTHENTICATED, "wrong_san")


async def test_strangers_do_not_get_through_the_handshake(doors: Doors) -> None:
    now = SystemClock().now()
    other = ca.create_authority(now)
    ours = doors.client()
    foreign = client_of(other, DEVICE)
    expired = doors.client(at=now - 40 * 86_400, days=30)
    for material in (tls.TlsMaterial(foreign.certificate, foreign.key, ours.ca), expired):
        code, _ = await refused_with(doors, material)
        assert code is grpc.StatusCode.UNAVAILABLE
    async with grpc.aio.secure_channel(doors.grpc, tls.enrolment_channel_credentials(ours.ca)) as channel:
        with pytest.raises(grpc.aio.AioRpcError):
            await channel.unary_unary(PROBE)(b"", timeout=5)
    assert doors.house.audit.size() == 0


async def test_tls_1_2_is_not_spoken(doors: Doors) -> None:
    host, _, port = doors.grpc.partition(":")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection(host, int(port), ssl=context)


async def test_a_second_server_on_the_port_is_a_clear_error(doors: Doors) -> None:
    from tidegate.errors import BadConfig

    door = EscalationsDoor(doors.house.desk, Doorkeeper(doors.identity.revoked))
    with pytest.raises(BadConfig, match="in use"):
        escalations_server(door, doors.identity.material, doors.grpc)
