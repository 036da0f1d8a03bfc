"""A made-up day, decided again: as it was, and otherwise."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from edge import replay_page
from edge.config import EdgeConfig
from edge.replay_cli import read_day
from edge.replay_cli import replay as replay_command
from edge.routing.budget import Limits, Rates, Scope, WhenSpent
from edge.routing.plan import Facts, Why
from edge.routing.replay import By, Other, Replay, Row, replayed
from edge.routing.trial import KNOWN, other
from edge.store.journal import JournalStore
from edge.store.schema import open_journal
from tests.fakes.day import KEEP_AT, lines
from tidegate.cli import single
from tidegate.clock import day_bounds
from tidegate.errors import BadRequest

DAY = "2026-11-24"
ROWS = 600
RATES = Rates(money_per_1k_prompt=1.0, money_per_1k_completion=4.0)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("day")
    base = open_journal(folder)
    journal = JournalStore(base)
    start, _ = day_bounds(DAY)
    for line in lines(ROWS, start=start):
        journal.write(line)
    base.close()
    return folder


@pytest.fixture(scope="module")
def rows(state: Path) -> list[Row]:
    found, unreadable = read_day(EdgeConfig(state=state), DAY)
    assert (len(found), unreadable) == (ROWS, 0)
    return found


def tried(rows: list[Row], *pairs: str) -> Replay:
    return replayed(rows, other(pairs, RATES, {}, WhenSpent.BEST_SO_FAR))


def test_under_the_settings_of_that_day_nothing_moves_and_every_decision_is_found_again(
    rows: list[Row],
) -> None:
    found = replayed(rows, Other())
    assert (found.rows, found.faithful, found.moved) == (ROWS, ROWS, ())
    assert found.before.by == found.after.by
    assert set(found.before.by) == {By.DEVICE, By.CLOUD, By.NOBODY}


def test_a_higher_threshold_moves_the_unsure_ones_and_no_others(rows: list[Row]) -> None:
    found = tried(rows, "keep_at=0.9")
    sure = {row.request_id: row.record.p_right for row in rows if row.why is Why.CONFIDENT}
    wanted = {request for request, p in sure.items() if p is not None and p < 0.9}
    assert {one.request_id for one in found.moved} == wanted
    assert set(found.ways) == {(By.DEVICE, By.CLOUD, Why.UNSURE)}
    assert found.after.money > found.before.money > 0
    assert found.after.wrong < found.before.wrong


def test_thresholds_are_ordered_in_what_they_keep_and_what_they_cost(rows: list[Row]) -> None:
    days = [tried(rows, f"keep_at={at}").after for at in (0.0, 0.5, KEEP_AT, 0.9, 1.0)]
    assert [day.kept for day in days] == sorted((day.kept for day in days), reverse=True)
    assert [day.money for day in days] == sorted(day.money for day in days)


def test_local_only_asks_nobody_and_drafts_that_were_never_written_are_not_known(rows: list[Row]) -> None:
    found = tried(rows, "mode=local-only")
    assert found.after.by[By.CLOUD] == 0
    assert found.after.money == 0
    assert all(one.now.why is Why.LOCAL_ONLY for one in found.moved)


def test_preferring_the_cloud_and_back_again(rows: list[Row]) -> None:
    found = tried(rows, "mode=prefer-cloud")
    assert found.after.by[By.CLOUD] > 0.9 * ROWS
    unwritten = [row for row in rows if not row.record.drafted]
    back = tried(rows, "mode=prefer-local")
    assert back.moved == ()
    assert len(unwritten) > 0


def test_a_request_that_was_never_drafted_is_not_known_and_shared_out(rows: list[Row]) -> None:
    straight = [row for row in rows if row.why is Why.POLICY_MUST_GO]
    found = replayed(rows, Other(changes=(without_must_go,)))
    assert found.after.by[By.UNKNOWN] == len(straight) > 0
    assert found.after.kept + found.after.asked + found.after.by[By.NOBODY] == pytest.approx(ROWS)


def without_must_go(facts: Facts) -> Facts:
    return replace(facts, must_go=False)


def test_a_budget_ends_in_the_course_of_the_day_and_not_before(rows: list[Row]) -> None:
    whole = tried(rows).before.money
    found = tried(rows, f"budget.day_money={whole / 2}")
    assert 0.4 * whole < found.after.money <= 0.5 * whole + 1e-9
    assert {one.now.why for one in found.moved} == {Why.BUDGET_SPENT}
    hours = [row.hour for row in rows if row.request_id == found.moved[0].request_id]
    assert hours[0] > 8
    assert tried(rows, f"budget.day_money={whole * 2}").moved == ()
    refused = tried(rows, "budget.day_money=0", "budget.when_spent=refuse")
    assert refused.after.by[By.CLOUD] == 0
    assert refused.after.by[By.NOBODY] > found.after.by[By.NOBODY]


def test_a_shorter_deadline_gives_the_draft_in_hand_and_says_why(rows: list[Row]) -> None:
    found = tried(rows, "door.deadline_s=1")
    assert {one.now.why for one in found.moved} == {Why.CLOUD_SLOW}
    assert {one.now.by for one in found.moved} == {By.DEVICE, By.NOBODY}
    assert tried(rows, "door.deadline_s=30").moved == ()


def test_kinds_of_work_that_fail_are_sent_straight_on(rows: list[Row]) -> None:
    found = tried(rows, "fails_from=0.25")
    assert {(one.task, one.now.why) for one in found.moved} == {("prose", Why.KNOWN_TO_FAIL)}
    assert found.after.joules < found.before.joules


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        ("keep_at", "not a setting"),
        ("colour=red", "not a setting"),
        ("keep_at=high", "a number"),
        ("keep_at=-1", "a number"),
        ("keep_at=inf", "a number"),
        ("mode=sideways", "one of local-only"),
        ("vitals.enabled=perhaps", "true or false"),
        ("budget.day_money=", "a number"),
    ],
)
def test_a_setting_that_cannot_be_tried_is_named_with_what_can(pair: str, says: str) -> None:
    with pytest.raises(BadRequest, match=says) as refused:
        other([pair], RATES, {}, WhenSpent.REFUSE)
    assert refused.value.param == pair.partition("=")[0]


def test_limits_are_laid_over_those_of_the_device_and_can_be_lifted() -> None:
    device = {Scope.DAY: Limits(money=5.0, tokens=100)}
    found = other(["budget.day_money=none"], RATES, device, WhenSpent.REFUSE)
    assert found.limits == {Scope.DAY: Limits(tokens=100)}
    assert found.when_spent is WhenSpent.REFUSE
    assert other(["budget.money_per_1k_prompt=2"], RATES, device, WhenSpent.REFUSE).limits is None


def test_every_setting_says_what_it_does() -> None:
    assert all(known.about for known in KNOWN.values())


def test_the_table_and_the_picture_say_the_same_and_no_text(rows: list[Row]) -> None:
    found = tried(rows, "keep_at=0.9")
    shown = replay_page.table("a day", found, listed=3)
    assert f"what would have moved: {len(found.moved)} requests" in shown
    assert f"and {len(found.moved) - 3} more" in shown
    picture = replay_page.svg("a <day>", found)
    assert picture == replay_page.svg("a <day>", found)
    assert "a &lt;day&gt;" in picture
    assert picture.count("<rect") == 1 + 2 + 48


def test_the_command_reads_the_journal_and_draws(state: Path, tmp_path: Path) -> None:
    picture = tmp_path / "day.svg"
    asked = ["--day", DAY, "--state", str(state), "--set", "keep_at=0.9", "--out", str(picture)]
    ran = CliRunner().invoke(single(replay_command), asked)
    assert ran.exit_code == 0, ran.output
    assert "tried" in ran.stdout
    assert picture.read_text().startswith("<svg")
    told = json.loads(CliRunner().invoke(single(replay_command), [*asked, "--json", "--list", "2"]).stdout)
    assert (told["requests"], told["faithful"], told["without_record"]) == (ROWS, ROWS, 0)
    assert len(told["changed"]) == 2


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "2026-1-1"])
def test_a_day_that_is_none_is_said(state: Path, day: str) -> None:
    with pytest.raises(BadRequest):
        read_day(EdgeConfig(state=state), day)


def test_a_folder_without_a_journal_is_said_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(BadRequest):
        read_day(EdgeConfig(state=tmp_path), DAY)
    assert list(tmp_path.iterdir()) == []


def test_a_day_without_requests_is_an_empty_table(state: Path) -> None:
    found, _ = read_day(EdgeConfig(state=state), "2020-02-29")
    empty = replayed(found, Other(keep_at=0.9))
    assert empty.rows == 0
    assert "nothing was asked" in replay_page.table("empty", empty, listed=5)
    assert replay_page.svg("empty", empty)
