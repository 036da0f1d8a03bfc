"""The life of an escalation: a table, and properties that no order of events may break. The store is held to the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.ports import HoldReason
from edge.store.schema import Base, open_durable
from edge.store.spool import SpoolStore
from edge.uplink.spool import (
    FURTHEST_RETRY_S,
    Answered,
    DeathCause,
    Distrusted,
    Entry,
    Event,
    Expired,
    Failed,
    Forgotten,
    Restarted,
    Sending,
    SpoolState,
    Unpaid,
    Waiting,
    backoff,
    step,
)
from tests.fakes import spooled
from tidegate.errors import BadRequest, Exhausted
from tidegate.ids import Ticket

NOW = 1_790_000_000.0


def entry(number: int = 1, **changes: object) -> Entry:
    return spooled.entry(number, NOW + number, 1000.0 - number, **changes)


HELD = Waiting("tkt_cloud", HoldReason.POLICY)


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([Sending()], SpoolState.SENT),
        ([Sending(), Answered(b"r")], SpoolState.DONE),
        ([Sending(), Failed()], SpoolState.QUEUED),
        ([Sending(), Failed(), Sending(), Answered(b"r")], SpoolState.DONE),
        ([Sending(), HELD], SpoolState.HELD),
        ([Sending(), HELD, Failed()], SpoolState.HELD),
        ([Sending(), HELD, Sending()], SpoolState.HELD),
        ([Sending(), HELD, Restarted()], SpoolState.HELD),
        ([Sending(), HELD, Answered(b"r")], SpoolState.DONE),
        ([Sending(), HELD, Forgotten()], SpoolState.QUEUED),
        ([Sending(), Restarted()], SpoolState.QUEUED),
        ([Restarted()], SpoolState.QUEUED),
        ([Sending(), Distrusted()], SpoolState.DEAD),
        ([Expired()], SpoolState.DEAD),
        ([Unpaid(900.0)], SpoolState.QUEUED),
        ([Sending(), HELD, Unpaid(900.0)], SpoolState.HELD),
        ([Sending(), HELD, Expired()], SpoolState.DEAD),
        ([Sending(), Answered(b"r"), Expired()], SpoolState.DONE),
        ([Sending(), Distrusted(), Answered(b"r")], SpoolState.DEAD),
    ],
)
def test_a_story_ends_where_it_should(events: list[Event], state: SpoolState) -> None:
    found = entry()
    for event in events:
        found = step(found, event, NOW)
    assert found.state is state


def test_death_has_a_cause() -> None:
    assert step(entry(), Expired(), NOW).cause is DeathCause.EXPIRED
    assert step(entry(), Distrusted(), NOW).cause is DeathCause.UNTRUSTED


def test_retries_wait_twice_as_long_up_to_a_minute() -> None:
    assert [backoff(n) for n in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert step(entry(attempts=3), Failed(), NOW).next_at == NOW + 8


events = st.sampled_from(
    [
        Sending(),
        Answered(b"one"),
        Answered(b"two"),
        HELD,
        Failed(),
        Forgotten(),
        Distrusted(),
        Expired(),
        Restarted(),
        Unpaid(900.0),
    ]
)


@settings(max_examples=100, deadline=None)
@given(st.lists(events, max_size=12))
def test_what_is_finished_never_changes_and_the_bytes_never_do(story: list[Event]) -> None:
    found = entry()
    for event in story:
        after = step(found, event, NOW)
        if not found.live:
            assert after == found
        assert (after.payload, after.request_id, after.revision, after.ticket) == (
            found.payload,
            found.request_id,
            found.revision,
            found.ticket,
        )
        assert (after.state is SpoolState.DONE) == bool(after.reply)
        assert (after.state is SpoolState.DEAD) == (after.cause is not DeathCause.NONE)
        assert (after.state is SpoolState.HELD) <= bool(after.cloud_ticket)
        found = after


@pytest.fixture
def shelf(tmp_path: Path) -> SpoolStore:
    return SpoolStore(open_durable(tmp_path), most=5)


@settings(max_examples=15, deadline=None)
@given(story=st.lists(events, max_size=6))
def test_the_disk_remembers_every_step(tmp_path_factory: pytest.TempPathFactory, story: list[Event]) -> None:
    folder = tmp_path_factory.mktemp("spool")
    found = entry()
    base = open_durable(folder)
    SpoolStore(base).put(found)
    for event in story:
        found = step(found, event, NOW)
        SpoolStore(base).save(found)
    base.close()
    assert SpoolStore(open_durable(folder)).get(found.ticket) == found


def test_a_key_that_is_taken_is_refused_and_changes_nothing(shelf: SpoolStore) -> None:
    shelf.put(entry())
    with pytest.raises(BadRequest) as refused:
        shelf.put(entry(ticket=Ticket("tkt_other000")))
    assert refused.value.status == 409
    assert len(shelf.live()) == 1


def test_a_claim_is_won_once(shelf: SpoolStore) -> None:
    shelf.put(entry())
    shelf.save(step(step(entry(), Sending(), NOW), Answered(b"r"), NOW))
    assert [one.ticket for one in shelf.unclaimed("tests")] == [entry().ticket]
    assert [shelf.claim(entry().ticket, NOW), shelf.claim(entry().ticket, NOW)] == [True, False]
    assert shelf.unclaimed("tests") == []


def test_saving_does_not_take_a_claim_back(shelf: SpoolStore) -> None:
    shelf.put(entry())
    shelf.claim(entry().ticket, NOW)
    shelf.save(entry(claimed_at=0.0))
    assert not shelf.claim(entry().ticket, NOW)


def test_what_is_due_comes_in_order(shelf: SpoolStore) -> None:
    shelf.put(entry(1))
    shelf.put(entry(2, priority=5))
    shelf.put(entry(3, next_at=NOW + 50))
    shelf.put(entry(4, state=SpoolState.HELD, cloud_ticket="t", hold=HoldReason.POLICY, priority=9))
    assert [one.ticket[-1] for one in shelf.due(NOW + 10, 10, NOW + 10)] == ["2", "1", "4"]
    shelf.hasten(NOW + 10)
    assert [one.ticket[-1] for one in shelf.due(NOW + 10, 10, NOW + 10)] == ["2", "1", "3", "4"]


def test_what_was_put_off_before_the_clock_was_set_back_is_due(shelf: SpoolStore) -> None:
    shelf.put(entry(1, next_at=NOW + 60))
    shelf.put(entry(2, next_at=NOW + FURTHEST_RETRY_S))
    shelf.put(entry(3, next_at=NOW + FURTHEST_RETRY_S + 1))
    assert [one.ticket[-1] for one in shelf.due(NOW, 10, NOW)] == ["3"]


def test_what_has_expired_is_due_by_another_time_than_what_may_be_tried(shelf: SpoolStore) -> None:
    shelf.put(entry(1, next_at=NOW + 60, expires_at=NOW - 1))
    assert shelf.due(NOW, 10, NOW - 100) == []
    assert len(shelf.due(NOW, 10, NOW)) == 1


def test_a_full_spool_takes_nothing_more(shelf: SpoolStore) -> None:
    for number in range(5):
        shelf.put(entry(number))
    with pytest.raises(Exhausted) as refused:
        shelf.put(entry(9))
    assert refused.value.code == "spool_full"


def test_a_full_disk_writes_nothing_and_says_so(tmp_path: Path) -> None:
    base: Base = open_durable(tmp_path)
    shelf = SpoolStore(base)
    shelf.put(entry(1))
    pages = base.db.execute("PRAGMA page_count").fetchone()[0]
    base.db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Exhausted) as refused:
        shelf.put(entry(2, payload=b"x" * 200_000))
    assert refused.value.code == "disk_full"
    assert [one.ticket for one in shelf.live()] == [entry(1).ticket]
    base.db.execute("PRAGMA max_page_count = 100000")
    shelf.put(entry(2, payload=b"x" * 200_000))
    assert len(shelf.live()) == 2


def test_what_is_old_and_finished_is_forgotten_and_the_rest_stays(shelf: SpoolStore) -> None:
    shelf.put(entry(1))
    shelf.put(entry(2))
    shelf.save(step(step(entry(1), Sending(), NOW), Answered(b"r"), NOW))
    assert shelf.forget(NOW + 5) == 1
    assert [one.ticket for one in shelf.live()] == [entry(2).ticket]
