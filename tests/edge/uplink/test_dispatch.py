"""The courier against a cloud on the real wire: mutual TLS, receipts, holds, outages, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edge import device_key, turn
from edge.config import EdgeConfig, Rules, Uplink
from edge.ports import (
    Answer,
    House,
    LateState,
    Policy,
    PolicyVersion,
    RejectReason,
    Released,
    Request,
    Source,
    State,
)
from edge.routing.link import Health
from edge.routing.plan import Why
from edge.stores import Stores, open_stores
from edge.uplink import codec, ledger
from edge.uplink.carry import Meter, NoMeter
from edge.uplink.ledger import Kind
from edge.uplink.spool import DeathCause, Entry, SpoolState, auditing
from edge.uplink.way_out import WayOut, build
from tests.fakes.clocks import WrongSystemClock
from tests.fakes.cloud import FakeCloud, Site, serving
from tests.fakes.edge_parts import FakeModel
from tidegate.chat import Message, Prompt, Role
from tidegate.clock import Clock, SystemClock
from tidegate.errors import BadRequest, Untrusted
from tidegate.ids import ConversationId, RequestId, Ticket, new_request_id, new_trace_id
from tidegate.telemetry import QuietTracer
from tidegate.wire.v1 import escalation_pb2 as pb

SECRET = "eve.adams@example.org"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path / "site")


class Device:
    """A device with everything but a door."""

    def __init__(
        self,
        site: Site,
        folder: Path,
        address: str,
        *,
        identity: Path | None = None,
        clock: Clock | None = None,
        meter: Meter | None = None,
    ) -> None:
        uplink = Uplink(
            address=address, identity=identity or site.folder / "device", probe_s=0.2, settle_s=0.2
        )
        folder.mkdir(parents=True, exist_ok=True)
        config = EdgeConfig(state=folder, uplink=uplink, policy=Rules(names=False))
        key = device_key.load_or_make(folder)
        self.stores: Stores = open_stores(config, key)
        self.out: WayOut = build(
            config, key, self.stores, clock=clock or SystemClock(), tracer=QuietTracer(), meter=meter
        )

    async def ask(self, text: str, **changes: object) -> Answer:
        house = House(Policy(PolicyVersion("t")), self.out.screen, FakeModel(ready=False), self.out.courier)
        return await turn.answer(request(text, **changes), house)


def request(text: str, **changes: object) -> Request:
    made = Request(
        prompt=Prompt((Message(Role.USER, text),)),
        request_id=new_request_id(),
        conversation=ConversationId("conv_00000001"),
        trace=new_trace_id(),
        application="tests",
        deadline_s=8.0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def running(device: Device) -> AsyncIterator[Device]:
    task = asyncio.create_task(device.out.run())
    try:
        yield device
    finally:
        await device.out.stop()
        await task
        device.stores.close()


async def test_an_answer_comes_back_verified_restored_and_recorded(site: Site, tmp_path: Path) -> None:
    cloud = FakeCloud(site, say=lambda message: "Dear " + message.messages[0].content.split()[-1])
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        found = await device.ask(f"answer {SECRET}")
        assert (found.state, found.source, found.text) == (State.ANSWERED, Source.CLOUD, f"Dear {SECRET}")
        assert found.citations[0].section == "4.2"
        assert all(SECRET.encode() not in raw for raw in cloud.seen)
        records = list(device.stores.ledger.records())
        assert [record.kind for record in records] == [Kind.SENT, Kind.RECEIPT]
        assert records[0].size == len(cloud.seen[0])
        assert {str(label): n for label, n in records[0].entities.items()} == {"EMAIL_ADDRESS": 1}
        sealed = device.stores.ledger.sealed_end()
        assert ledger.verify(records, device.stores.ledger.key, sealed) == 2


async def test_the_trace_travels_with_the_request(site: Site, tmp_path: Path) -> None:
    cloud = FakeCloud(site)
    trace = new_trace_id()
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        await device.ask("hello", trace=trace)
    assert cloud.traces[0].split("-")[1] == trace


async def test_a_tampered_answer_is_not_used_and_not_asked_for_again(site: Site, tmp_path: Path) -> None:
    cloud = FakeCloud(site, tamper=True)
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        with pytest.raises(Untrusted):
            await device.ask("hello")
        await asyncio.sleep(0.3)
        assert len(cloud.seen) == 1
        entry = device.stores.spool.pending("tests")[0]
        assert (entry.state, entry.cause) == (SpoolState.DEAD, DeathCause.UNTRUSTED)


async def test_a_placeholder_of_nobody_is_an_incident(site: Site, tmp_path: Path) -> None:
    cloud = FakeCloud(site, say=lambda _: "hello [PERSON_1\u00b7k3f9]")
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        with pytest.raises(Untrusted):
            await device.ask("hello")


async def test_a_held_case_comes_late_and_once(site: Site, tmp_path: Path) -> None:
    cloud = FakeCloud(site, hold=True, say=lambda message: "for " + message.messages[0].content.split()[-1])
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        first = request(f"decide about {SECRET}")
        house = House(
            Policy(PolicyVersion("t")), device.out.screen, FakeModel(ready=False), device.out.courier
        )
        held = await turn.answer(first, house)
        assert held.state is State.HELD
        ticket = held.ticket
        assert ticket is not None
        waiting = await device.out.late.collect(ticket, "tests", 0.0)
        assert waiting is not None
        assert waiting.state is LateState.HELD
        cloud.decided.set()
        late = await device.out.late.collect(ticket, "tests", 8.0)
        assert late is not None
        assert (late.state, late.text, late.reviewed) == (LateState.ANSWERED, f"for {SECRET}", True)
        again = replace(
            first,
            request_id=new_request_id(),
            prompt=Prompt(
                (*first.prompt.messages, Message(Role.ASSISTANT, "wait"), Message(Role.USER, "and?"))
            ),
        )
        assert [one.ticket for one in device.out.late.due(again, named=False)] == [ticket]
        assert device.out.late.claim(ticket)
        assert not device.out.late.claim(ticket)
        assert device.out.late.due(again, named=False) == ()
        assert (await device.out.late.collect(ticket, "tests", 0.0)) is not None
        assert (await device.out.late.collect(ticket, "another application", 0.0)) is None


async def settled(device: Device, ticket: Ticket, wanted: SpoolState) -> Entry:
    """The entry once it has come so far."""
    entry = device.stores.spool.get(ticket)
    for _ in range(400):
        if entry is not None and entry.state is wanted and not entry.withdrawn:
            return entry
        await asyncio.sleep(0.02)
        entry = device.stores.spool.get(ticket)
    raise AssertionError(f"it is {entry.state if entry else 'gone'}")


@pytest.mark.parametrize("old_release", [False, True])
async def test_a_question_that_nobody_needs_is_taken_back_at_the_cloud_and_told_to_nobody(
    site: Site, tmp_path: Path, old_release: bool
) -> None:
    cloud = FakeCloud(site, hold=True, old_release=old_release)
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        held = await device.ask("decide about it")
        assert held.ticket is not None
        device.out.late.withdraw(held.ticket)
        await settled(device, held.ticket, SpoolState.DONE)
        late = await device.out.late.collect(held.ticket, "tests", 1.0)
        assert late is not None
        assert (late.state, late.reject) == (LateState.REFUSED, RejectReason.WITHDRAWN)
        assert device.out.late.pending("tests") == ()
        device.out.late.withdraw(held.ticket)  # twice is once
        assert len(cloud.withdrawn) == (0 if old_release else 1)
        assert len(cloud.seen) == 1


async def test_what_has_not_left_yet_does_not_leave_when_it_is_taken_back(site: Site, tmp_path: Path) -> None:
    cloud = FakeCloud(site)
    async with serving(cloud) as address:
        port = int(address.rpartition(":")[2])
    async with running(Device(site, tmp_path / "state", f"127.0.0.1:{port}")) as device:
        queued = await device.ask("are you there")
        assert queued.ticket is not None
        device.out.late.withdraw(queued.ticket)
        assert (await settled(device, queued.ticket, SpoolState.DONE)).answered_at > 0
        async with serving(cloud, port):
            assert (await device.ask("hello again")).ticket != queued.ticket
            await asyncio.sleep(0.6)
        assert all(b"are you there" not in raw for raw in cloud.seen)


async def test_a_question_taken_back_while_the_cloud_is_away_is_taken_back_when_it_returns(
    site: Site, tmp_path: Path
) -> None:
    cloud = FakeCloud(site, hold=True)
    async with serving(cloud) as address:
        port = int(address.rpartition(":")[2])
        async with running(Device(site, tmp_path / "state", address)) as device:
            held = await device.ask("decide about it")
    assert held.ticket is not None
    async with running(Device(site, tmp_path / "state", f"127.0.0.1:{port}")) as device:
        device.out.late.withdraw(held.ticket)
    again = running(Device(site, tmp_path / "state", f"127.0.0.1:{port}"))
    async with again as device, serving(cloud, port):  # after a restart of both
        await settled(device, held.ticket, SpoolState.DONE)
    assert len(cloud.withdrawn) == 1


async def test_a_decision_that_was_faster_is_fetched_and_told_to_nobody(site: Site, tmp_path: Path) -> None:
    cloud = FakeCloud(site, hold=True)
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        held = await device.ask("decide about it")
        assert held.ticket is not None
        cloud.decided.set()
        device.out.late.withdraw(held.ticket)
        entry = await settled(device, held.ticket, SpoolState.DONE)
        assert isinstance(codec.decode(entry.reply), Released)
        assert device.out.late.pending("tests") == ()
        assert cloud.withdrawn == []


async def test_a_late_answer_is_not_told_to_a_conversation_that_only_begins_alike(
    site: Site, tmp_path: Path
) -> None:
    cloud = FakeCloud(site, hold=True)
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        first = Message(Role.USER, "hello")
        asked = request("", prompt=Prompt((first, Message(Role.USER, "my salary?"))))
        house = House(
            Policy(PolicyVersion("t")), device.out.screen, FakeModel(ready=False), device.out.courier
        )
        held = await turn.answer(asked, house)
        cloud.decided.set()
        assert held.ticket is not None
        await device.out.late.collect(held.ticket, "tests", 8.0)
        other = request("", prompt=Prompt((first, Message(Role.USER, "what time is it?"))))
        assert device.out.late.due(other, named=False) == ()
        same = request("", prompt=Prompt((*asked.prompt.messages, Message(Role.USER, "well?"))))
        assert len(device.out.late.due(same, named=False)) == 1


async def test_an_outage_queues_and_the_return_delivers_once(site: Site, tmp_path: Path) -> None:
    cloud = FakeCloud(site)
    async with serving(cloud) as address:
        port = int(address.rpartition(":")[2])
    async with running(Device(site, tmp_path / "state", f"127.0.0.1:{port}")) as device:
        queued = await device.ask("are you there")
        assert queued.state is State.QUEUED
        assert queued.ticket is not None
        async with serving(cloud, port):
            late = await device.out.late.collect(queued.ticket, "tests", 10.0)
        assert late is not None
        assert late.state is LateState.ANSWERED
        assert len(cloud.cases) == 1


@pytest.mark.parametrize("wrong", [365 * 86_400.0, -365 * 86_400.0])
async def test_a_clock_that_jumps_expires_nothing_that_waits_and_its_names_come_back(
    site: Site, tmp_path: Path, wrong: float
) -> None:
    cloud = FakeCloud(site, hold=True, say=lambda message: "for " + message.messages[0].content.split()[-1])
    clock = WrongSystemClock()
    async with (
        serving(cloud) as address,
        running(Device(site, tmp_path / "state", address, clock=clock)) as device,
    ):
        held = await device.ask(f"decide about {SECRET}")
        assert held.state is State.HELD
        assert held.ticket is not None
        clock.wrong = wrong
        await asyncio.sleep(1.2)  # two rounds of the courier
        cloud.decided.set()
        late = await device.out.late.collect(held.ticket, "tests", 8.0)
        assert late is not None
        assert (late.state, late.text) == (LateState.ANSWERED, f"for {SECRET}")


async def test_a_clock_that_jumps_while_the_cloud_is_away_expires_nothing(site: Site, tmp_path: Path) -> None:
    cloud, clock = FakeCloud(site), WrongSystemClock()
    async with serving(cloud) as address:
        port = int(address.rpartition(":")[2])
    async with running(Device(site, tmp_path / "state", f"127.0.0.1:{port}", clock=clock)) as device:
        queued = await device.ask("are you there")
        assert queued.ticket is not None
        clock.wrong = 365 * 86_400.0
        await asyncio.sleep(1.2)  # two rounds of the courier
        assert [one.state for one in device.stores.spool.live()] == [SpoolState.QUEUED]
        async with serving(cloud, port):
            late = await device.out.late.collect(queued.ticket, "tests", 10.0)
        assert late is not None
        assert late.state is LateState.ANSWERED


async def test_a_repeat_under_the_same_key_meets_the_first_answer(site: Site, tmp_path: Path) -> None:
    cloud = FakeCloud(site)
    same = RequestId("req_" + "5" * 24)
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        one = await device.ask("hello", request_id=same)
        two = await device.ask("hello", request_id=same)
        assert one.text == two.text
        assert len(cloud.seen) == 1
        with pytest.raises(BadRequest) as refused:
            await device.ask("something else", request_id=same)
        assert refused.value.status == 422


async def test_what_was_sent_when_the_power_went_is_sent_again_under_the_same_key(
    site: Site, tmp_path: Path
) -> None:
    cloud = FakeCloud(site, pause_s=30.0)
    async with serving(cloud) as address:
        async with running(Device(site, tmp_path / "state", address)) as device:
            queued = await device.ask("slow", deadline_s=0.3)
            assert queued.state is State.QUEUED
        cloud.pause_s = 0.0
        async with running(Device(site, tmp_path / "state", address)) as again:
            assert queued.ticket is not None
            late = await again.out.late.collect(queued.ticket, "tests", 8.0)
            assert late is not None
            assert late.state is LateState.ANSWERED
    assert len(cloud.cases) == 1
    assert cloud.seen[0] == cloud.seen[1]


async def test_where_a_stranger_answers_in_the_clouds_place_the_link_is_captive_and_nothing_is_sent(
    site: Site, tmp_path: Path
) -> None:
    cloud = FakeCloud(Site(tmp_path / "other"))
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        queued = await device.ask("hello")
        assert queued.state is State.QUEUED
        assert device.out.courier.link(1.0).health is Health.CAPTIVE
        assert not device.out.barred  # somebody may log in to the network: then it goes on by itself
        await asyncio.sleep(0.7)
        assert cloud.seen == []
        entry = device.stores.spool.pending("tests")[0]
        assert entry.attempts == 1


async def test_a_portal_that_answers_with_a_page_is_no_cloud_and_its_end_is_noticed(
    site: Site, tmp_path: Path
) -> None:
    told: list[bytes] = []

    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told.append(await reader.read(4096))
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    portal = await asyncio.start_server(redirect, "127.0.0.1", 0)
    port: int = portal.sockets[0].getsockname()[1]
    async with running(Device(site, tmp_path / "state", f"localhost:{port}")) as device:
        queued = await device.ask(f"mail {SECRET}")
        assert (queued.state, device.out.courier.link(1.0).health) == (State.QUEUED, Health.CAPTIVE)
        portal.close()
        await portal.wait_closed()
        assert all(SECRET.encode() not in raw for raw in told)
        async with serving(FakeCloud(site), port=port):
            assert queued.ticket is not None
            late = await device.out.late.collect(queued.ticket, "tests", 10.0)
            assert late is not None
            assert late.state is LateState.ANSWERED


async def test_an_expired_certificate_is_refused_and_nothing_is_lost(site: Site, tmp_path: Path) -> None:
    old = site.enrol(tmp_path / "old", days=-0.001)
    cloud = FakeCloud(site)
    async with (
        serving(cloud) as address,
        running(Device(site, tmp_path / "s", address, identity=old)) as device,
    ):
        assert (await device.ask("hello")).state is State.QUEUED
        assert cloud.seen == []
        assert device.stores.spool.counts() == {"queued": 1}


async def test_a_forgotten_ticket_is_asked_again_from_the_start(site: Site, tmp_path: Path) -> None:
    cloud = FakeCloud(site, hold=True)
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        held = await device.ask("hello")
        cloud.held.clear()
        cloud.hold = False
        cloud.decided.set()
        assert held.ticket is not None
        late = await device.out.late.collect(held.ticket, "tests", 10.0)
        assert late is not None
        assert late.state is LateState.ANSWERED
        assert len(cloud.cases) == 1


async def moved(device: Device, there: Callable[[], bool]) -> None:
    """Until it is so; the courier tells when to look again."""
    while not there():
        event = device.out.courier.moved()
        if not there():
            await asyncio.wait_for(event.wait(), 10.0)


class Poor(NoMeter):
    """A purse that is empty, until it is not."""

    empty = True

    def affords(self, entry: Entry) -> bool:
        return not self.empty


async def test_an_audit_waits_in_the_spool_while_there_is_no_money_and_requests_go_on(
    site: Site, tmp_path: Path
) -> None:
    cloud, purse = FakeCloud(site), Poor()
    async with (
        serving(cloud) as address,
        running(Device(site, tmp_path / "state", address, meter=purse)) as device,
    ):
        asked = request("check this", application=auditing("tests"))
        redacted = device.out.screen.redact(asked)
        house = House(Policy(PolicyVersion("t")), device.out.screen, FakeModel(), device.out.courier)
        device.out.courier.leave(turn.escalation(asked, redacted, Why.AUDIT, house), asked, priority=-1)
        assert (await device.ask("hello")).state is State.ANSWERED
        await moved(device, lambda: device.out.courier.unpaid(asked.request_id))
        assert len(cloud.seen) == 1
        assert device.stores.spool.counts() == {"done": 1, "queued": 1}
        purse.empty = False
        device.stores.spool.hasten(SystemClock().now())
        await moved(device, lambda: device.stores.spool.counts() == {"done": 2})
        assert not device.out.courier.unpaid(asked.request_id)


async def test_cases_that_wait_for_people_keep_no_audit_from_leaving(site: Site, tmp_path: Path) -> None:
    """Else a promise would go unwatched for as long as more cases wait than half of the places."""
    cloud = FakeCloud(site, hold=True)
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        waiting = 12
        for number in range(waiting):
            assert (await device.ask(f"decide about {number}")).state is State.HELD
        asked = request("check this", application=auditing("tests"))
        redacted = device.out.screen.redact(asked)
        house = House(Policy(PolicyVersion("t")), device.out.screen, FakeModel(), device.out.courier)
        device.out.courier.leave(turn.escalation(asked, redacted, Why.AUDIT, house), asked, priority=-1)
        await moved(device, lambda: device.stores.spool.counts() == {"held": waiting + 1})
        cloud.decided.set()


async def test_a_rejection_is_final(site: Site, tmp_path: Path) -> None:
    cloud = FakeCloud(site, reject="REJECT_REASON_POLICY")
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        assert (await device.ask("hello")).state is State.REFUSED
        assert device.stores.spool.counts() == {"done": 1}


async def test_a_ticket_of_nobody_is_none(site: Site, tmp_path: Path) -> None:
    async with serving(FakeCloud(site)) as address, running(Device(site, tmp_path / "s", address)) as device:
        assert await device.out.late.collect(Ticket("tkt_unknown1"), "tests", 0.0) is None


def test_the_wire_has_a_word_for_every_reason_to_escalate_and_no_word_without_one() -> None:
    known = {name for name in pb.Why.keys()} - {"WHY_UNSPECIFIED"}  # noqa: C416, SIM118
    assert {pb.Why.Name(word) for word in codec.WHYS.values()} == known


async def test_a_daemon_that_ends_gives_a_ticket_to_whoever_waits(site: Site, tmp_path: Path) -> None:
    cloud = FakeCloud(site, pause_s=30.0)
    async with serving(cloud) as address, running(Device(site, tmp_path / "state", address)) as device:
        waiting = asyncio.create_task(device.ask("slow"))
        await asyncio.sleep(0.3)
        await device.out.stop()
        assert (await waiting).state is State.QUEUED
