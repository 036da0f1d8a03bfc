"""Outcomes by key: once only, whoever asks how often; and nothing of a refused text anywhere."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.audit.log import Head, verify
from cloud.knowledge.ingest import MANUALS, Section, read_folder
from cloud.knowledge.search import Library
from cloud.ports import Held, HoldReason, Outcome, Rejected, RejectReason, Released, Reply, Submission
from cloud.review.machine import Decision, Phase, Refusal, Review
from cloud.review.ports import HeldCase
from cloud.store.db import open_database
from cloud.store.passages import SqlPassageIndex
from tests.cloud.conftest import Houses
from tests.fakes.cloud_parts import ADA, BEN, DEVICE, CloudHouse, cloud_house, passed, proposal, submission
from tidegate.clock import FixedClock
from tidegate.errors import Broken
from tidegate.ids import DeviceId, RequestId, Ticket


@pytest.fixture
def house(houses: Houses, tmp_path: Path) -> CloudHouse:
    return houses(tmp_path)


def test_the_same_key_gets_the_same_case_and_the_same_receipt(house: CloudHouse) -> None:
    one = submission()
    assert house.ledger.recall(one) is None
    case = house.ledger.open_case(one)
    assert house.ledger.open_case(one) == case
    first = house.ledger.release(case, one, proposal(), passed(), reviewed=False)
    second = house.ledger.release(case, one, proposal("another text"), passed(), reviewed=False)
    assert isinstance(first, Released)
    assert first == second == house.ledger.recall(one)
    assert house.audit.size() == 1


def test_the_same_key_with_other_bytes_is_a_conflict(house: CloudHouse) -> None:
    house.ledger.open_case(submission("one question"))
    assert house.ledger.recall(submission("another question")) == Rejected(RejectReason.CONFLICT)


def test_another_revision_and_another_device_are_other_cases(house: CloudHouse) -> None:
    one = submission()
    cases = {
        house.ledger.open_case(one),
        house.ledger.open_case(submission(revision=1)),
        house.ledger.open_case(submission(device=DeviceId("dev-0002"))),
        house.ledger.open_case(submission(request_id=RequestId("req_00000002"))),
    }
    assert len(cases) == 4


def test_a_failed_verdict_never_becomes_an_answer(house: CloudHouse) -> None:
    one = submission()
    case = house.ledger.open_case(one)
    with pytest.raises(Broken, match="failed check"):
        house.ledger.release(case, one, proposal(), passed(leaks=Outcome.FAILED), reviewed=False)
    assert house.ledger.recall(one) is None
    assert house.audit.size() == 0


def test_twenty_threads_with_one_key_make_one_outcome_and_one_audit_entry(house: CloudHouse) -> None:
    one = submission()
    replies: list[Reply] = []

    def work() -> None:
        case = house.ledger.open_case(one)
        replies.append(house.ledger.hold(case, one, proposal(), passed(), HoldReason.POLICY))

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == 20
    assert len(set(replies)) == 1
    assert house.audit.size() == 1
    assert house.review.count() == {Phase.OPEN: 1}


def test_nothing_of_a_rejected_text_is_in_the_database(tmp_path: Path) -> None:
    house = cloud_house(tmp_path)
    one = submission("my iban is DE89370400440532013000")
    house.ledger.reject(house.ledger.open_case(one), one, RejectReason.NOT_REDACTED)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("cloud.db*"))
    assert b"DE8937" not in stored
    assert house.ledger.recall(one) == Rejected(RejectReason.NOT_REDACTED)


def held(house: CloudHouse, text: str = "Open the valves.") -> HeldCase:
    one = submission()
    case = house.ledger.open_case(one)
    reply = house.ledger.hold(case, one, proposal(text), passed(), HoldReason.POLICY)
    assert isinstance(reply, Held)
    found = house.review.find(case)
    assert found is not None
    return found


def test_a_persons_release_replaces_the_hold_under_the_same_ticket(house: CloudHouse) -> None:
    one = held(house)
    assert isinstance(house.review.decide_now(one.case, ADA, Decision.APPROVE, note="fine"), Review)
    found = house.ledger.collect(DEVICE, one.ticket)
    assert found is not None
    assert isinstance(found[1], Released)
    assert found[1].receipt.reviewed
    assert found[1] == house.ledger.recall(submission())
    house.review.delivered(one.case)
    again = house.review.find(one.case)
    assert again is not None
    assert (again.review.phase, again.review.operator, again.note) == (Phase.DELIVERED, "ada", "fine")
    assert isinstance(verify(house.audit.entries(), anchors=house.audit.receipt_heads()), Head)


def test_a_second_operator_cannot_decide_what_is_decided(house: CloudHouse) -> None:
    one = held(house)
    house.review.decide_now(one.case, ADA, Decision.REJECT)
    assert house.review.decide_now(one.case, BEN, Decision.APPROVE) is Refusal.DECIDED
    found = house.ledger.collect(DEVICE, one.ticket)
    assert found is not None
    assert found[1] == Rejected(RejectReason.REVIEWER)
    assert house.audit.size() == 2


def test_a_ticket_of_another_device_is_unknown(house: CloudHouse) -> None:
    one = held(house)
    assert house.ledger.collect(DeviceId("dev-0002"), one.ticket) is None
    assert house.ledger.collect(DEVICE, Ticket("tkt_made_up")) is None


def test_a_case_nobody_decides_expires_and_the_device_is_told(houses: Houses, tmp_path: Path) -> None:
    clock = FixedClock()
    house = houses(tmp_path, clock=clock)
    one = held(house)
    assert house.review.shelf.expire(clock.now()) == 0
    clock.advance(1000.0)
    assert house.review.shelf.expire(clock.now()) == 1
    assert house.review.shelf.expire(clock.now()) == 0
    assert house.ledger.recall(submission()) == Rejected(RejectReason.EXPIRED)
    assert house.review.count() == {Phase.EXPIRED: 1}
    assert one.case in house.audit.latest(1)[0].body.decode()


def test_the_database_survives_being_opened_again(houses: Houses, tmp_path: Path) -> None:
    first = houses(tmp_path)
    one = submission()
    reply = first.ledger.release(first.ledger.open_case(one), one, proposal(), passed(), reviewed=False)
    assert houses(tmp_path).ledger.recall(one) == reply


def test_an_operator_is_changed_and_its_session_ends(house: CloudHouse) -> None:
    house.operators.put(ADA, by="tests")
    house.sessions.open(ADA.name, secret="cookie", csrf="csrf")
    session = house.sessions.find("cookie")
    assert session is not None
    assert session.operator.name == ADA.name
    house.operators.put(replace(ADA, disabled=True), by="tests")
    assert house.sessions.find("cookie") is None
    assert [one.disabled for one in house.operators.all()] == [True]


def test_text_of_any_kind_and_length_is_kept_as_it_is(house: CloudHouse) -> None:
    one = submission("zero \x00 byte, \U0001f600, " + "long " * 5000)
    case = house.ledger.open_case(one)
    reply = house.ledger.release(case, one, proposal("nul \x00 " * 10), passed(), reviewed=False)
    assert house.ledger.recall(one) == reply


def test_passages_are_found_by_their_words_in_any_database(database: str) -> None:
    index = SqlPassageIndex(open_database(database))
    long = Section("a" * 300, "E17 " + "the unit " * 200, "ice\x00 on the unit " * 500)
    assert index.refill((*read_folder(MANUALS), long)) > 1
    found = Library(index).search("What does error E17 on the Aurelia HP-8 mean?", most=3)
    assert any("E17" in passage.section for passage in found)
    assert index.refill(read_folder(MANUALS)) > 0


def test_the_audit_chain_stands_after_many_writers(house: CloudHouse) -> None:
    ones = [submission(request_id=RequestId(f"req_{number:08}")) for number in range(30)]

    def work(mine: list[Submission]) -> None:
        for one in mine:
            house.ledger.reject(house.ledger.open_case(one), one, RejectReason.POLICY)

    threads = [threading.Thread(target=work, args=(ones[number::6],)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert house.audit.size() == 30
    assert isinstance(verify(house.audit.entries(), anchors=house.audit.receipt_heads()), Head)
