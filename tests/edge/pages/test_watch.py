"""What the page counts: hours, what left, the ledger's proof, the link's changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge import device_key
from edge.config import EdgeConfig
from edge.pages.proof import Walker, walk
from edge.pages.trail import Trail
from edge.pages.watch import HOURS, first_hour, hours_of, left_of, memory
from edge.routing.plan import Why
from edge.stores import Stores, open_stores
from edge.uplink.ledger import Kind, Record
from tidegate.clock import FixedClock
from tidegate.ids import RequestId
from tidegate.privacy.spans import Label

NOW = 1_790_000_000.0


def sent(request: str, **changes: object) -> Record:
    record = Record(
        at=int(NOW),
        kind=Kind.SENT,
        request_id=RequestId(request),
        digest=b"d" * 32,
        size=100,
        entities={Label.PERSON: 2},
        policy="t",
        why=Why.UNSURE,
    )
    return replace(record, **changes)  # type: ignore[arg-type]


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return open_stores(EdgeConfig(state=tmp_path), device_key.load_or_make(tmp_path))


def test_the_hours_end_with_this_one_and_keep_their_counts() -> None:
    found = hours_of({(0, "device"): 2, (HOURS - 1, "cloud"): 1, (3, "nobody"): 0}, NOW)
    assert len(found) == HOURS
    assert found[0].start == first_hour(NOW)
    assert found[-1].start <= NOW < found[-1].start + 3600
    assert (found[0].counts, found[-1].counts, found[3].total) == ({"device": 2}, {"cloud": 1}, 0)


def test_a_request_that_was_sent_twice_left_twice_and_hid_its_values_once() -> None:
    left = left_of(
        [sent("req_a"), sent("req_a"), sent("req_b", entities={}), sent("req_b", kind=Kind.RECEIPT, size=7)]
    )
    assert (left.requests, left.sends, left.bytes, left.entities) == (2, 3, 300, {"PERSON": 2})


def test_kinds_come_in_the_order_of_their_counts() -> None:
    left = left_of([sent("req_a", entities={Label.PERSON: 1, Label.URL: 5, Label.AGE: 1})])
    assert list(left.entities) == ["URL", "AGE", "PERSON"]


def test_a_whole_ledger_is_walked_in_pieces_and_stands(stores: Stores) -> None:
    for number in range(7):
        stores.ledger.append(sent(f"req_{number:08}"))
    assert (walk(stores.ledger, NOW).records, walk(stores.ledger, NOW).wrong) == (7, "")


def test_a_changed_record_and_a_cut_end_are_found(stores: Stores) -> None:
    for number in range(3):
        stores.ledger.append(sent(f"req_{number:08}"))
    with stores.durable.write() as db:
        db.execute("UPDATE ledger SET bytes = 1 WHERE seq = 2")
    assert walk(stores.ledger, NOW).wrong == "changed at record 2"
    with stores.durable.write() as db:
        db.execute("UPDATE ledger SET bytes = 100 WHERE seq = 2")
        db.execute("DELETE FROM ledger WHERE seq = 3")
    assert walk(stores.ledger, NOW).wrong == "its end is not the sealed one"


async def test_the_ledger_is_walked_again_only_when_the_last_walk_is_old(stores: Stores) -> None:
    clock = FixedClock(NOW)
    walker = Walker(stores.ledger, clock, every_s=60.0)
    assert walker.proof().verified_at == 0
    await walker.settle()
    assert (walker.proof().records, walker.proof().verified_at) == (0, NOW)
    stores.ledger.append(sent("req_00000001"))
    walker.proof()
    await walker.settle()
    assert walker.proof().records == 0
    clock.advance(61)
    walker.proof()
    await walker.settle()
    assert walker.proof().records == 1


def test_the_trail_keeps_changes_and_not_looks() -> None:
    clock, states = FixedClock(NOW), iter(["up", "up", "down", "up"])
    trail = Trail(lambda: next(states), clock)
    for _ in range(3):
        trail.note()
        clock.advance(10)
    assert trail.note().changes == ((NOW, "up"), (NOW + 20, "down"), (NOW + 30, "up"))


def test_memory_is_what_the_system_says_or_nothing(tmp_path: Path) -> None:
    assert memory() > 1_000_000
    assert memory(tmp_path / "none") == 0
