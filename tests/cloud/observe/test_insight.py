"""The quality page's values: what became of escalations by day, what people did, what moved."""

from __future__ import annotations

from cloud.observe.insight import DAY_S, DAYS, CaseFact, Cost, End, insight
from tidegate.ids import DeviceId

NOW = 1_800_000_000.0
ONE = DeviceId("pump-room-01")


def fact(
    days_ago: float, end: End = End.RELEASED, *, why: str = "unsure", held: str = "", decision: str = ""
) -> CaseFact:
    return CaseFact(NOW - days_ago * DAY_S, ONE, why, end, held, decision, 60.0 if decision else None)


def test_a_quiet_cloud_has_an_empty_page_of_fourteen_days() -> None:
    found = insight((), (), NOW)
    assert found.total == 0
    assert len(found.days) == DAYS
    assert found.typical_wait_s is None
    assert found.reviewed == ()


def test_each_case_is_counted_on_its_day_by_what_became_of_it() -> None:
    found = insight((fact(0), fact(0, End.WAITING, held="unsure"), fact(3, End.TURNED_DOWN)), (), NOW)
    assert found.days[-1].counts == {End.RELEASED: 1, End.WAITING: 1}
    assert found.days[-4].counts == {End.TURNED_DOWN: 1}
    assert (found.alone.hits, found.alone.of, found.waiting) == (1, 3, 1)


def test_what_people_did_is_told_per_reason() -> None:
    facts = (
        fact(1, End.PERSON, held="unsure", decision="approve"),
        fact(1, End.PERSON, held="unsure", decision="edit"),
        fact(1, End.TURNED_DOWN, held="policy", decision="reject"),
        fact(1, End.WAITING, held="policy"),
    )
    found = insight(facts, (), NOW)
    assert [(one.held, one.approved, one.edited, one.rejected) for one in found.reviewed] == [
        ("unsure", 1, 1, 0),
        ("policy", 0, 0, 1),
    ]
    assert found.typical_wait_s == 60.0


def test_a_share_that_rose_in_the_last_week_has_moved_and_is_worse_where_more_is_worse() -> None:
    early = [
        fact(10, End.WAITING if n < 5 else End.RELEASED, held="unsure" if n < 5 else "") for n in range(100)
    ]
    late = [
        fact(2, End.WAITING if n < 50 else End.RELEASED, held="unsure" if n < 50 else "") for n in range(100)
    ]
    signs = {one.name: one.sign for one in insight([*late, *early], (), NOW).changes}
    assert signs["held for a person"] == "worse"
    assert signs["answered without a person"] == "worse"
    assert signs["held as suspicious"] == "same"


def test_why_devices_escalate_moves_without_being_good_or_bad() -> None:
    late = [fact(2, why="link_down" if n % 2 else "unsure") for n in range(100)]
    signs = {one.name: one.sign for one in insight([*late, *(fact(10) for _ in range(100))], (), NOW).changes}
    assert signs["unsure"] == "moved"


def test_costs_stand_with_the_busiest_model_first() -> None:
    found = insight((), (Cost("a", 1, 10, 2), Cost("b", 5, 50, 10)), NOW)
    assert [one.model for one in found.costs] == ["b", "a"]
