"""Spending over conversations, days, restarts, full disks and clocks that are set."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.purse import FLUSH_S, Purse, Terms
from edge.routing.budget import End, Kind, Limits, Rates, Scope
from edge.routing.plan import Why
from edge.store.schema import open_durable
from edge.store.spend import SpendStore
from edge.uplink.spool import Entry, auditing
from tidegate.chat import Usage
from tidegate.clock import day_bounds
from tidegate.ids import ConversationId, RequestId, Ticket, TraceId

NOON = day_bounds("2026-11-24")[0] + 12 * 3600
RATES = Rates(money_per_1k_prompt=1.0, money_per_1k_completion=4.0, joules_per_token=0.5)


@dataclass
class TwoClocks:
    """A wall clock that can be set without time passing."""

    at: float = NOON
    passed: float = field(default=100.0)

    def now(self) -> float:
        return self.at

    def mono(self) -> float:
        return self.passed

    def wait(self, seconds: float) -> None:
        self.at += seconds
        self.passed += seconds


def entry(conversation: str = "conv_1", application: str = "app") -> Entry:
    return Entry(
        Ticket("tkt_00000001"), RequestId("req_00000001"), 0, ConversationId(conversation), application, TraceId("0" * 32),
        Why.UNSURE, b"", b"", b"", NOON, NOON, 30.0,
    )  # fmt: skip


def purse(folder: Path, clock: TwoClocks, **limits: Limits) -> Purse:
    terms = Terms({Scope(name): limit for name, limit in limits.items()}, RATES)
    return Purse(SpendStore(open_durable(folder)), clock, lambda: terms)


def test_a_conversation_ends_before_the_day_does(tmp_path: Path) -> None:
    clock = TwoClocks()
    found = purse(tmp_path, clock, conversation=Limits(money=1.0), day=Limits(money=10.0))
    assert found.signal("conv_1", "app", 100, 100).cloud is None
    found.answered(entry(), Usage(500, 125))
    assert found.signal("conv_1", "app", 100, 100).cloud == End(Scope.CONVERSATION, Kind.MONEY)
    other = found.signal("conv_2", "app", 100, 100)
    assert (other.cloud, other.day_money, other.day_tokens) == (None, 1.0, 625)


def test_an_audit_is_billed_to_the_application_whose_answer_it_checks(tmp_path: Path) -> None:
    found = purse(tmp_path, TwoClocks(), application=Limits(money=1.0))
    audit = entry(application=auditing("app"))
    assert found.affords(audit)
    found.answered(audit, Usage(500, 125))
    assert not found.affords(audit)
    assert found.signal("conv_2", "app", 100, 100).cloud == End(Scope.APPLICATION, Kind.MONEY)
    assert found.affords(entry(application=auditing("other")))


def test_a_long_text_is_more_than_the_budget_has_left(tmp_path: Path) -> None:
    found = purse(tmp_path, TwoClocks(), day=Limits(money=1.0))
    assert found.affords(replace(entry(), payload=b"x" * 100))
    assert not found.affords(replace(entry(), payload=b"x" * 10_000))


def test_what_the_cloud_cost_is_on_disk_at_once_and_drafts_a_little_later(tmp_path: Path) -> None:
    clock = TwoClocks()
    first = purse(tmp_path, clock)
    first.answered(entry(), Usage(1000, 0))
    first.drafted("conv_1", "app", Usage(10, 10))
    cut = purse(tmp_path, clock).signal("conv_1", "app", 0, 0)
    assert (cut.day_money, cut.day_joules) == (1.0, 0.0)
    clock.wait(FLUSH_S)
    first.signal("conv_1", "app", 0, 0)
    assert purse(tmp_path, clock).signal("conv_1", "app", 0, 0).day_joules == 10.0


def test_midnight_renews_a_day_and_not_a_conversation(tmp_path: Path) -> None:
    clock = TwoClocks()
    found = purse(tmp_path, clock, day=Limits(money=1.0))
    found.answered(entry(), Usage(1000, 0))
    assert found.signal("conv_9", "app", 1, 1).cloud is not None
    clock.wait(12 * 3600)
    fresh = found.signal("conv_9", "app", 1, 1)
    assert (fresh.cloud, fresh.day_money) == (None, 0.0)
    held = purse(tmp_path, clock, conversation=Limits(money=1.0))
    assert held.signal("conv_1", "app", 1, 1).cloud == End(Scope.CONVERSATION, Kind.MONEY)


def test_setting_the_clock_forwards_back_and_forwards_again_renews_nothing(tmp_path: Path) -> None:
    clock = TwoClocks()
    found = purse(tmp_path, clock, day=Limits(money=1.0))
    found.answered(entry(), Usage(1000, 0))
    for days in (1, -3, 400, -398):
        clock.at += days * 86_400.0
        assert found.signal("conv_9", "app", 1, 1).cloud == End(Scope.DAY, Kind.MONEY)
    again = purse(tmp_path, clock, day=Limits(money=1.0))
    assert again.signal("conv_9", "app", 1, 1).cloud == End(Scope.DAY, Kind.MONEY)


def test_a_clock_that_was_set_back_while_the_device_was_off_renews_nothing(tmp_path: Path) -> None:
    clock = TwoClocks()
    purse(tmp_path, clock).answered(entry(), Usage(1000, 0))
    back = TwoClocks(at=NOON - 5 * 86_400.0, passed=1.0)
    found = purse(tmp_path, back, day=Limits(money=1.0), application=Limits(money=1.0))
    assert found.signal("conv_9", "app", 1, 1).cloud == End(Scope.APPLICATION, Kind.MONEY)
    ahead = purse(tmp_path, TwoClocks(at=NOON + 86_400.0, passed=1.0), day=Limits(money=1.0))
    assert ahead.signal("conv_9", "app", 1, 1).cloud is None  # it may well have been off for a day


def test_the_allowance_over_a_metered_way_is_bytes_of_a_day(tmp_path: Path) -> None:
    clock = TwoClocks()
    terms = Terms(metered_bytes=1000)
    found = Purse(SpendStore(open_durable(tmp_path)), clock, lambda: terms)
    found.sent(entry(), 400)
    found.sent(entry(), 900)
    assert found.metered_left() == 0
    clock.wait(12 * 3600)
    assert found.metered_left() == 1000
    assert purse(tmp_path, clock).metered_left() is None


def test_a_full_disk_loses_no_bill(tmp_path: Path) -> None:
    clock = TwoClocks()
    store = SpendStore(open_durable(tmp_path))
    found = Purse(store, clock, lambda: Terms(rates=RATES))
    store.base.db.execute("PRAGMA max_page_count = 1")
    found.answered(entry("conv_" + "x" * 60), Usage(1000, 0))
    for number in range(200):
        found.answered(entry(f"conv_{number:060}"), Usage(1000, 0))
    store.base.db.execute("PRAGMA max_page_count = 1073741823")
    found.flush()
    assert purse(tmp_path, clock).signal("conv_1", "app", 0, 0).day_money == 201.0


def test_what_an_answer_costs_is_guessed_from_those_before(tmp_path: Path) -> None:
    found = purse(tmp_path, TwoClocks())
    before = found.signal("conv_1", "app", 0, 10_000).price
    for _ in range(100):
        found.answered(entry(), Usage(0, 1000))
    assert before < found.signal("conv_1", "app", 0, 10_000).price < 4.0
    assert found.signal("conv_1", "app", 0, 10).price == 0.04  # it cannot be longer than it may be


def test_terms_change_in_flight(tmp_path: Path) -> None:
    terms = [Terms(rates=RATES)]
    found = Purse(SpendStore(open_durable(tmp_path)), TwoClocks(), lambda: terms[0])
    found.answered(entry(), Usage(1000, 0))
    assert found.signal("conv_1", "app", 1, 1).cloud is None
    terms[0] = replace(terms[0], limits={Scope.DAY: Limits(money=0.5)})
    assert found.signal("conv_1", "app", 1, 1).cloud == End(Scope.DAY, Kind.MONEY)
