"""A real broker, the real conductor, real TUF metadata, the device's real session and agent; only the engine is a fake."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from cloud.fleet import desk, place
from cloud.fleet.broker import find_broker, start_broker
from cloud.fleet.conductor.session import Conductor
from cloud.fleet.place import FleetPlace
from cloud.fleet.registry import Device
from cloud.fleet.rollout import RolloutState
from cloud.state import StateFolder, prepare
from edge.update.agent import Pace, Tools, UpdateAgent, boot_slot
from edge.update.journal import FileJournal
from edge.update.machine import EMBEDDED
from edge.update.slots import Slots
from edge.update.trust import Judge, this_machine
from edge.uplink.fleet import SESSION_EXPIRY_S, FleetSession
from tidegate import topics
from tidegate.clock import SystemClock
from tidegate.errors import Broken
from tidegate.fs import write_durably
from tidegate.identity.authority import certificate_pem, create_authority, issue_device, key_pem, new_key
from tidegate.identity.enrol import Admitted, EnrolAsk, admit, make_request, new_token
from tidegate.identity.folder import load_authority
from tidegate.identity.tls import client_context
from tidegate.ids import DeviceId, ReleaseId
from tidegate.mqtt import Broker
from tidegate.signing.manifest import FileRole
from tidegate.signing.repository import NewFile
from tidegate.topics import Down, Up
from tidegate.updates import BLOCK_BYTES, Desired, Fault, UpdateState

pytestmark = pytest.mark.skipif(find_broker(os.environ) is None, reason="mosquitto is not installed")

CLOCK = SystemClock()
ONE, TWO = DeviceId("pump-room-01"), DeviceId("pump-room-02")
GOOD = b"GGUF" + bytes(range(256)) * 2000
WAIT_S = 20.0


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _identity(
    where: FleetPlace, folder: Path, device: DeviceId, *, days: float = 30, foreign: bool = False
) -> Path:
    """What enrolment leaves on a device."""
    ours = load_authority(where.state / "authority")
    signer = create_authority(CLOCK.now()) if foreign else ours
    key = new_key()
    certificate = issue_device(
        signer, device, key.public_key(), CLOCK.now() - (1 if days > 0 else 86400), days=abs(days)
    )
    write_durably(folder / "key.pem", key_pem(key))
    write_durably(folder / "cert.pem", certificate_pem(certificate))
    write_durably(folder / "ca.pem", certificate_pem(ours.certificate))
    write_durably(folder / "root.json", place.published_root(where.state))
    return folder


@dataclass
class Fleet:
    """The cloud's half: state folder, running broker, running conductor."""

    where: FleetPlace
    port: int
    tmp: Path

    def publish(self, name: str, content: bytes) -> str:
        model = self.tmp / "to-publish.gguf"
        model.write_bytes(content)
        manifest = self.where.repository.publish(
            ReleaseId(name), [NewFile(FileRole.MODEL, "model.gguf", model)], CLOCK.now()
        )
        return manifest.model.sha256

    def roll_out(self, rollout: str, release: str, *devices: DeviceId) -> None:
        desk.start_rollout(
            self.where.store, rollout, self.where.repository.manifest(ReleaseId(release)), devices
        )

    def known(self, device: DeviceId) -> Device:
        return self.where.store.device(device) or Device(device)

    def state(self, rollout: str) -> RolloutState | None:
        found = self.where.store.rollout(rollout)
        return found.state if found is not None else None

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_S):
            while not holds():  # noqa: ASYNC110  what is waited for happens in other threads and on the disk
                await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    tmp = tmp_path_factory.mktemp("fleet")
    where, port = FleetPlace(tmp / "cloud"), _free_port()
    place.init(where, CLOCK.now(), broker_port=port)
    broker: subprocess.Popen[bytes] = start_broker(where.broker, os.environ)
    conductor: Conductor = place.open_conductor(
        where.state, "127.0.0.1", port, CLOCK, random.Random(1).random
    )
    conductor.start()
    assert conductor.connected.wait(WAIT_S)
    yield Fleet(where, port, tmp)
    conductor.stop()
    broker.terminate()
    broker.wait(timeout=10)


@dataclass
class FakeModel:
    """Weights that answer when they are GGUF-like and not marked as bad."""

    digest: str = "0" * 64
    running: bytes = b"GGUF embedded"
    crash_on: bytes = b"crashes when switched in"

    async def switch(self, path: Path, release: str) -> None:
        content = await asyncio.to_thread(path.read_bytes)
        if self.crash_on in content:
            raise Broken("it crashed", code="model_failed")
        self.running, self.digest = content, hashlib.sha256(content).hexdigest()

    async def answers(self) -> bool:
        return b"falls silent" not in self.running


async def _probe(path: Path) -> Fault:
    content = await asyncio.to_thread(path.read_bytes)
    if b"crashes on load" in content:
        return Fault.LOAD_CRASHED
    return Fault.NONE if content.startswith(b"GGUF") else Fault.LOAD_GARBAGE


@dataclass
class DeviceUnderTest:
    session: FleetSession
    agent: UpdateAgent
    model: FakeModel
    slots: Slots
    journal: FileJournal
    task: asyncio.Task[None] = field(repr=False)


@asynccontextmanager
async def _running(fleet: Fleet, folder: Path, device: DeviceId) -> AsyncIterator[DeviceUnderTest]:
    identity = folder / "identity"
    if not identity.exists():
        _identity(fleet.where, identity, device)
    broker = Broker("127.0.0.1", fleet.port, identity, session_expiry=SESSION_EXPIRY_S)
    session = FleetSession(device, broker, random.Random(2).random, block_timeout=2.0)
    slots, journal, model = (
        Slots(folder / "update"),
        FileJournal(folder / "update" / "journal.json"),
        FakeModel(),
    )
    (folder / "embedded.gguf").write_bytes(b"GGUF embedded")
    slot = boot_slot(slots, journal)
    if slot is not None:
        await model.switch(slot.model, slot.manifest.release)
    judge = Judge(folder / "trust", identity / "root.json", session, this_machine(), CLOCK)
    tools = Tools(
        device=device,
        journal=journal,
        slots=slots,
        blobs=session,
        judge=judge.manifest,
        probe=_probe,
        model=model,
        answers=model.answers,
        embedded=folder / "embedded.gguf",
        outbox=session,
        clock=CLOCK,
        random=random.Random(3).random,
        pace=Pace(probation=0.1, interval=0.05),
    )
    agent = UpdateAgent(tools, slot.generation if slot is not None else EMBEDDED)
    task = asyncio.create_task(agent.run())
    session.start(agent)
    try:
        yield DeviceUnderTest(session, agent, model, slots, journal, task)
    finally:
        task.cancel()
        await asyncio.to_thread(session.stop)


async def test_a_release_reaches_the_device_and_counts_only_when_it_runs(
    fleet: Fleet, tmp_path: Path
) -> None:
    digest = fleet.publish("edge-1.0", GOOD)
    async with _running(fleet, tmp_path, ONE) as device:
        await fleet.until(lambda: fleet.known(ONE).reported is not None)
        fleet.roll_out("rollout_first", "edge-1.0", ONE)
        await fleet.until(lambda: fleet.state("rollout_first") is RolloutState.COMPLETE)
        assert device.model.running == GOOD
        assert device.model.digest == digest
        reported = fleet.known(ONE).reported
        assert reported is not None
        assert (reported.running_release, reported.running_digest) == ("edge-1.0", digest)
    async with _running(fleet, tmp_path, ONE) as device:
        assert device.model.running == GOOD, "the committed model is what the next start loads"
        await fleet.until(lambda: fleet.known(ONE).online)


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("edge-crash", GOOD + b"crashes on load", Fault.LOAD_CRASHED),
        ("edge-noise", b"not a model at all", Fault.LOAD_GARBAGE),
        ("edge-switch", GOOD + b"crashes when switched in", Fault.SWITCH_FAILED),
        ("edge-mute", GOOD + b"falls silent", Fault.PROBATION_FAILED),
    ],
)
async def test_a_bad_model_is_undone_and_the_old_one_still_answers(
    fleet: Fleet, tmp_path: Path, name: str, content: bytes, fault: Fault
) -> None:
    fleet.publish(name, content)
    async with _running(fleet, tmp_path, TWO) as device:
        await fleet.until(lambda: fleet.known(TWO).online and fleet.known(TWO).reported is not None)
        fleet.roll_out(f"rollout_{name}", name, TWO)
        await fleet.until(lambda: fleet.state(f"rollout_{name}") is RolloutState.ROLLED_BACK)
        assert device.model.running == b"GGUF embedded"
        assert await device.model.answers()
        assert device.agent.update.fault in {fault, Fault.NONE}
        rollout = fleet.where.store.rollout(f"rollout_{name}")
        assert rollout is not None
        assert rollout.members[TWO].fault is fault
        await fleet.until(lambda: not fleet.known(TWO).lags)


@pytest.mark.parametrize("damage", ["flipped", "truncated", "longer", "missing"])
async def test_a_tampered_model_is_refused_before_anything_reads_it(
    fleet: Fleet, tmp_path: Path, damage: str
) -> None:
    name, device_id = f"edge-{damage}", DeviceId(f"tampered-{damage}")
    content = GOOD + damage.encode()
    digest = fleet.publish(name, content)
    blob = fleet.where.repository.targets / "blob" / digest
    lies = {
        "flipped": content[: BLOCK_BYTES + 9] + b"?" + content[BLOCK_BYTES + 10 :],
        "truncated": content[:-5],
        "longer": content + b"more",
    }
    blob.write_bytes(lies[damage]) if damage in lies else blob.unlink()
    async with _running(fleet, tmp_path, device_id) as device:
        await fleet.until(lambda: fleet.known(device_id).reported is not None)
        fleet.roll_out(f"rollout_{damage}", name, device_id)
        await fleet.until(lambda: device.agent.update.state is UpdateState.FAILED)
        expected = {Fault.HASH_MISMATCH, Fault.TRUNCATED, Fault.NOT_PUBLISHED}
        assert device.agent.update.fault in expected
        await fleet.until(lambda: fleet.state(f"rollout_{damage}") is RolloutState.PAUSED)
        assert device.model.running == b"GGUF embedded"
        assert (
            not list((tmp_path / "update" / "gen").glob("*"))
            if (tmp_path / "update" / "gen").exists()
            else True
        )


async def test_an_order_that_waited_is_taken_after_the_device_comes_back(
    fleet: Fleet, tmp_path: Path
) -> None:
    device_id = DeviceId("asleep-device")
    fleet.publish("edge-late", GOOD + b"late")
    async with _running(fleet, tmp_path, device_id):
        await fleet.until(lambda: fleet.known(device_id).reported is not None)
    await fleet.until(lambda: not fleet.known(device_id).online)
    fleet.roll_out("rollout_late", "edge-late", device_id)
    async with _running(fleet, tmp_path, device_id) as device:
        await fleet.until(lambda: fleet.state("rollout_late") is RolloutState.COMPLETE)
        assert device.model.running == GOOD + b"late"


# ------------------------------------------------------------------------------------------- the broker's own rules


@dataclass
class Deaf:
    """A listener that never hears anything."""

    def offer(self, desired: Desired, taken: Callable[[], None]) -> None:
        raise AssertionError("an order came through a refused connection")

    def report(self) -> None:
        raise AssertionError("connected after all")


@dataclass
class Raw:
    """A bare MQTT client with a given certificate and client id."""

    client: paho.Client
    connack: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)
    present: bool = False
    failed: bool = False
    received: list[tuple[str, bytes]] = field(default_factory=list)
    acks: list[ReasonCode] = field(default_factory=list)
    acked: threading.Event = field(default_factory=threading.Event)
    subscribed: threading.Event = field(default_factory=threading.Event)


def _raw(context: ssl.SSLContext, port: int, client_id: str, *, clean: bool = True) -> Raw:
    raw = Raw(
        paho.Client(CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv5, reconnect_on_failure=False)
    )

    def on_connect(
        _c: paho.Client, _d: object, flags: paho.ConnectFlags, code: ReasonCode, _p: object
    ) -> None:
        raw.present, raw.failed = flags.session_present, code.is_failure
        raw.connack.set()

    def on_disconnect(*_: object) -> None:
        raw.closed.set()

    def on_message(_c: paho.Client, _d: object, message: paho.MQTTMessage) -> None:
        raw.received.append((message.topic, bytes(message.payload)))

    def on_publish(_c: paho.Client, _d: object, _mid: int, code: ReasonCode, _p: object) -> None:
        raw.acks.append(code)
        raw.acked.set()

    raw.client.on_connect, raw.client.on_disconnect = on_connect, on_disconnect
    raw.client.on_message, raw.client.on_publish = on_message, on_publish
    raw.client.on_subscribe = lambda *_: raw.subscribed.set()
    raw.client.tls_set_context(context)
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 3600
    raw.client.connect("127.0.0.1", port, clean_start=clean, properties=properties)
    raw.client.loop_start()
    return raw


def test_a_certificate_decides_the_client_id_so_a_session_cannot_be_taken_over(
    fleet: Fleet, tmp_path: Path
) -> None:
    victim_id, thief_id = DeviceId("victim-device"), DeviceId("thief-device")
    victim = _raw(client_context(_identity(fleet.where, tmp_path / "v", victim_id)), fleet.port, victim_id)
    assert victim.connack.wait(WAIT_S)
    thief = _raw(
        client_context(_identity(fleet.where, tmp_path / "t", thief_id)), fleet.port, victim_id, clean=False
    )
    assert thief.connack.wait(WAIT_S)
    assert not thief.present, "the thief got a session of its own, not the victim's"
    assert not victim.closed.wait(0.5), "the victim stays connected"
    for raw in (victim, thief):
        raw.client.disconnect()
        raw.client.loop_stop()


def test_a_device_can_neither_read_nor_write_another_s_topics(fleet: Fleet, tmp_path: Path) -> None:
    nosy_id, other = DeviceId("nosy-device"), DeviceId("other-device")
    nosy = _raw(client_context(_identity(fleet.where, tmp_path / "n", nosy_id)), fleet.port, nosy_id)
    assert nosy.connack.wait(WAIT_S)
    for pattern in (topics.own_down(other), topics.every_device_up(), "#", topics.own_down(nosy_id)):
        nosy.subscribed.clear()
        nosy.client.subscribe(pattern, qos=1)
        assert nosy.subscribed.wait(WAIT_S)
    for target in (
        topics.up(other, Up.REPORTED),
        topics.down(nosy_id, Down.DESIRED),
        topics.down(other, Down.BLOCK),
    ):
        nosy.acked.clear()
        nosy.client.publish(target, b"forged", qos=1)
        assert nosy.acked.wait(WAIT_S)
        assert nosy.acks[-1].is_failure, target
    conductor = _raw(client_context(fleet.where.conductor), fleet.port, "svc.conductor-probe")
    assert conductor.connack.wait(WAIT_S)
    for target in (topics.down(other, Down.DESIRED), topics.down(nosy_id, Down.DESIRED)):
        conductor.acked.clear()
        conductor.client.publish(target, b"order", qos=1)
        assert conductor.acked.wait(WAIT_S)
    deadline = CLOCK.mono() + WAIT_S
    while not nosy.received and CLOCK.mono() < deadline:
        threading.Event().wait(0.02)
    assert set(nosy.received) == {(topics.down(nosy_id, Down.DESIRED), b"order")}  # twice: two filters match
    for raw in (nosy, conductor):
        raw.client.disconnect()
        raw.client.loop_stop()


@pytest.mark.parametrize("kind", ["other CA", "expired", "TLS 1.2", "no certificate"])
def test_the_broker_lets_nobody_in_without_a_valid_certificate_and_tls_13(
    fleet: Fleet, tmp_path: Path, kind: str
) -> None:
    device = DeviceId("unwelcome-01")
    folder = _identity(
        fleet.where,
        tmp_path / "x",
        device,
        days=-0.5 if kind == "expired" else 30,
        foreign=kind == "other CA",
    )
    context = client_context(folder)
    if kind == "TLS 1.2":
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    if kind == "no certificate":
        context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    try:
        raw = _raw(context, fleet.port, device)
    except (ssl.SSLError, OSError):
        return
    assert raw.closed.wait(WAIT_S)
    assert not raw.connack.is_set() or raw.failed
    raw.client.loop_stop()


@pytest.mark.parametrize("kind", ["other CA", "foreign broker"])
def test_a_session_that_is_refused_says_so_and_gives_up(fleet: Fleet, tmp_path: Path, kind: str) -> None:
    device = DeviceId("unwelcome-02")
    folder = _identity(fleet.where, tmp_path / "x", device, foreign=kind == "other CA")
    if kind == "foreign broker":
        write_durably(folder / "ca.pem", certificate_pem(create_authority(CLOCK.now()).certificate))
    session = FleetSession(device, Broker("127.0.0.1", fleet.port, folder), lambda: 0.0)
    session.start(Deaf())
    try:
        assert session.refused.wait(WAIT_S)
        assert not session.connected.is_set()
    finally:
        session.stop()


def test_a_revoked_device_is_not_heard_at_once_and_not_let_in_again(fleet: Fleet, tmp_path: Path) -> None:
    device, key = DeviceId("revoked-device"), new_key()
    identity = prepare(StateFolder(fleet.where.state), CLOCK.now())
    token, record = new_token(device, CLOCK.now())
    identity.tokens.add(record)
    outcome = admit(
        identity.tokens, EnrolAsk(token, make_request(device, key)), identity.authority, CLOCK.now()
    )
    assert isinstance(outcome, Admitted)
    folder = tmp_path / "r"
    write_durably(folder / "key.pem", key_pem(key))
    write_durably(folder / "cert.pem", certificate_pem(x509.load_der_x509_certificate(outcome.certificate)))
    write_durably(folder / "ca.pem", certificate_pem(identity.authority.certificate))
    before = _raw(client_context(folder), fleet.port, device)
    assert before.connack.wait(WAIT_S)
    assert place.revoke_device(fleet.where, device, CLOCK.now()) == {outcome.serial}
    assert outcome.serial in identity.revoked
    assert fleet.known(device).revoked
    before.client.disconnect()
    before.client.loop_stop()
    deadline = CLOCK.mono() + WAIT_S
    let_in = True
    while let_in and CLOCK.mono() < deadline:
        try:
            again = _raw(client_context(folder), fleet.port, device)
        except (ssl.SSLError, OSError):
            let_in = False
            break
        again.closed.wait(2.0) if not again.connack.wait(1.0) else None
        let_in = again.connack.is_set() and not again.failed
        again.client.disconnect()
        again.client.loop_stop()
    assert not let_in
