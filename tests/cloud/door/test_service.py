"""An escalation from bytes to bytes, without the network: answered, held, rejected, collected; duplicates and limits."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cloud.audit.log import Head, verify
from cloud.door.limits import DoorLimits, Once, Turnstile
from cloud.ports import Submission
from cloud.review.machine import Decision, Phase, Refusal, Review
from edge.ports import Rejected, RejectReason, Released
from edge.uplink import codec as device
from tests.fakes.cloud_parts import ADA, ASKS_REFUND, DEVICE, PERSON, CloudHouse, cloud_house, wire
from tidegate.clock import SystemClock
from tidegate.errors import Exhausted, Unreachable
from tidegate.ids import DeviceId, RequestId
from tidegate.signing.receipts import verify_receipt
from tidegate.telemetry import new_traceparent
from tidegate.wire.v1 import escalation_pb2 as pb


@pytest.fixture
def house(tmp_path: Path) -> CloudHouse:
    return cloud_house(tmp_path, clock=SystemClock())


async def escalate(house: CloudHouse, raw: bytes, who: DeviceId = DEVICE) -> bytes:
    return await house.desk.escalate(raw, who, new_traceparent())


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def collect(ticket: str, wait_ms: int = 0) -> bytes:
    return pb.CollectRequest(ticket=ticket, wait_ms=wait_ms).SerializeToString()


async def test_the_device_gets_a_grounded_answer_whose_receipt_verifies(house: CloudHouse) -> None:
    sent = wire()
    raw = await escalate(house, sent)
    reply = device.decode(raw)
    assert isinstance(reply, Released)
    assert f"Dear {PERSON}," in reply.text
    assert reply.citations
    receipt = device.receipt_of(
        raw, device=DEVICE, request_id=RequestId("req_00000001"), revision=0, payload=sent
    )
    verify_receipt(house.notary.public_key, receipt.statement, receipt.signature, receipt.key_id)
    assert dict(receipt.statement.checks)["grounding"] == "passed"


async def test_a_resend_gets_the_same_bytes_and_other_bytes_are_a_conflict(house: CloudHouse) -> None:
    first = await escalate(house, wire())
    assert await escalate(house, wire()) == first
    assert device.decode(await escalate(house, wire("other text"))) == Rejected(RejectReason.CONFLICT)
    assert house.audit.size() == 1


async def test_eight_copies_at_once_are_answered_once(house: CloudHouse) -> None:
    replies = await asyncio.gather(*(escalate(house, wire()) for _ in range(8)))
    assert len(set(replies)) == 1
    assert house.audit.size() == 1


async def test_a_held_answer_is_collected_after_a_person_released_it(house: CloudHouse) -> None:
    held = device.decode(await escalate(house, wire(ASKS_REFUND)))
    assert isinstance(held, device.CloudHeld)
    again = device.decode(await house.desk.collect(collect(held.ticket), DEVICE))
    assert again == held
    waiting = asyncio.create_task(house.desk.collect(collect(held.ticket, 20_000), DEVICE))
    await asyncio.sleep(0.02)
    case = house.review.waiting()[0].case
    assert isinstance(house.review.decide_now(case, ADA, Decision.APPROVE), Review)
    reply = device.decode(await asyncio.wait_for(waiting, 5))
    assert isinstance(reply, Released)
    assert reply.reviewed
    assert house.review.count() == {Phase.DELIVERED: 1}
    assert await escalate(house, wire(ASKS_REFUND)) == await house.desk.collect(collect(held.ticket), DEVICE)


def withdraw(ticket: str) -> bytes:
    return pb.CollectRequest(ticket=ticket, withdraw=True).SerializeToString()


async def test_a_held_case_that_its_device_takes_back_is_closed_for_good(house: CloudHouse) -> None:
    held = device.decode(await escalate(house, wire(ASKS_REFUND)))
    assert isinstance(held, device.CloudHeld)
    case = house.review.waiting()[0].case
    assert device.decode(await house.desk.collect(withdraw(held.ticket), DeviceId("dev-0002"))) == Rejected(
        RejectReason.UNKNOWN_TICKET
    )
    assert [one.case for one in house.review.waiting()] == [case]
    taken = Rejected(RejectReason.WITHDRAWN)
    assert device.decode(await house.desk.collect(withdraw(held.ticket), DEVICE)) == taken
    assert house.review.waiting() == ()
    assert house.review.count() == {Phase.WITHDRAWN: 1}
    assert house.review.decide_now(case, ADA, Decision.APPROVE) is Refusal.DECIDED
    assert device.decode(await house.desk.collect(withdraw(held.ticket), DEVICE)) == taken
    assert device.decode(await escalate(house, wire(ASKS_REFUND))) == taken
    entries = list(house.audit.entries())
    assert b'"kind":"withdrawn"' in entries[-1].body
    assert isinstance(verify(entries), Head)


async def test_what_a_person_decided_first_is_what_a_device_gets_that_takes_it_back(
    house: CloudHouse,
) -> None:
    held = device.decode(await escalate(house, wire(ASKS_REFUND)))
    assert isinstance(held, device.CloudHeld)
    assert isinstance(house.review.decide_now(house.review.waiting()[0].case, ADA, Decision.REJECT), Review)
    reply = device.decode(await house.desk.collect(withdraw(held.ticket), DEVICE))
    assert reply == Rejected(RejectReason.REVIEWER)


async def test_an_edited_answer_passes_the_same_checks(house: CloudHouse) -> None:
    held = device.decode(await escalate(house, wire(ASKS_REFUND)))
    assert isinstance(held, device.CloudHeld)
    case = house.review.waiting()[0].case
    leaky = house.review.decide_now(case, ADA, Decision.EDIT, text="Write to bob.smith@example.com")
    foreign = house.review.decide_now(case, ADA, Decision.EDIT, text="Dear [PERSON_7·abcd],")
    assert "Blocked" in type(leaky).__name__
    assert "Blocked" in type(foreign).__name__
    text = f"Dear {PERSON}, we will call you tomorrow about it."
    assert isinstance(house.review.decide_now(case, ADA, Decision.EDIT, text=text), Review)
    reply = device.decode(await house.desk.collect(collect(held.ticket), DEVICE))
    assert isinstance(reply, Released)
    assert (reply.text, reply.model) == (text, "person")


async def test_a_strangers_ticket_and_nonsense_are_rejected(house: CloudHouse) -> None:
    held = device.decode(await escalate(house, wire(ASKS_REFUND)))
    assert isinstance(held, device.CloudHeld)
    other = DeviceId("dev-0002")
    assert device.decode(await house.desk.collect(collect(held.ticket), other)) == Rejected(
        RejectReason.UNKNOWN_TICKET
    )
    assert device.decode(await house.desk.collect(b"\xff\xff", DEVICE)) == Rejected(RejectReason.MALFORMED)
    assert device.decode(await escalate(house, b"\xff\xff")) == Rejected(RejectReason.MALFORMED)
    assert device.decode(await escalate(house, wire("x" * 1_048_577))) == Rejected(RejectReason.TOO_LARGE)
    assert house.audit.size() == 1


async def test_unredacted_text_is_rejected_and_its_words_are_kept_nowhere(
    house: CloudHouse, tmp_path: Path
) -> None:
    reply = device.decode(await escalate(house, wire("her mail is katharina@example.com")))
    assert reply == Rejected(RejectReason.NOT_REDACTED)
    assert b"katharina" not in everything_in(tmp_path)
    assert isinstance(verify(house.audit.entries()), Head)


async def test_an_answer_that_is_late_is_unreachable_and_the_resend_is_answered(house: CloudHouse) -> None:
    quick = house.desk.decide

    async def slow(_: Submission) -> object:
        await asyncio.sleep(60)
        return None

    house.desk.limits = DoorLimits(longest_s=0.01)
    house.desk.decide = slow  # type: ignore[assignment]
    with pytest.raises(Unreachable):
        await escalate(house, wire())
    house.desk.limits, house.desk.decide = DoorLimits(), quick
    assert isinstance(device.decode(await escalate(house, wire())), Released)


def test_one_device_cannot_take_all_places() -> None:
    gate = Turnstile(1)
    with (
        gate.through(DEVICE),
        gate.through(DeviceId("dev-0002")),
        pytest.raises(Exhausted),
        gate.through(DEVICE),
    ):
        pass
    with gate.through(DEVICE):
        pass


def test_a_refusal_is_told_once() -> None:
    once = Once[str](most=2)
    assert [once.first(k) for k in ("a", "a", "b", "c", "a")] == [True, False, True, True, True]
