"""A local preference never stops in silence: whatever keeps answers from staying here is said, and what to do about it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.preference import Device, Hindrance, Recent, counted, hindrances, judge, told
from edge.promise.judgement import Line
from edge.promise.ledger import Sheet
from edge.routing.mode import Mode
from tests.fakes.promises import GOOD, HOPELESS, PROMISE
from tidegate.risk.monitor import State, Watch, begin
from tidegate.risk.task import Task
from tidegate.risk.terms import tested as terms_of

DEVICE = Device(Mode.PREFER_LOCAL, enabled=True, ready=True, measured=True, keep_at=0.7)
WELL = Recent({("device", "confident"): 12, ("cloud", "unsure"): 8}, {})
NONE_HERE = Recent({("cloud", "unsure"): 9, ("nobody", "no_tools"): 3}, {})


def sheet(state: State = State.KEEPING, *, possible: bool = True, task: Task = Task.CALLS) -> Sheet:
    on = terms_of(GOOD if possible else HOPELESS, PROMISE)
    watch: Watch = replace(begin(PROMISE, keep_at=on.keep_at, tighter=on.tighter, floor=0.05), state=state)
    return Sheet(Line("device", task, PROMISE), on, None, watch, (), ())


def test_a_device_that_keeps_answers_is_well_and_says_how_many() -> None:
    found = judge(DEVICE, WELL)
    assert found.well
    assert found.next == ""
    assert (
        found.said
        == "12 of 20 requests of the last day were answered here; the others: 8: not sure enough here"
    )


@pytest.mark.parametrize(
    ("device", "hindrance"),
    [
        (replace(DEVICE, enabled=False), Hindrance.SWITCHED_OFF),
        (replace(DEVICE, ready=False), Hindrance.NO_MODEL),
        (replace(DEVICE, measured=False), Hindrance.NEVER_MEASURED),
        (replace(DEVICE, mode=Mode.PREFER_CLOUD), Hindrance.CLOUD_FIRST),
        (replace(DEVICE, promised=(sheet(State.STOPPED),)), Hindrance.ALARM_STOPPED),
        (replace(DEVICE, promised=(sheet(State.TIGHTENED),)), Hindrance.ALARM_TIGHTENED),
        (replace(DEVICE, promised=(sheet(possible=False),)), Hindrance.NO_PROMISE_POSSIBLE),
    ],
)
def test_each_hindrance_is_found_said_and_has_a_next_step(device: Device, hindrance: Hindrance) -> None:
    (found,) = hindrances(device)
    assert found.hindrance is hindrance
    assert found.said
    assert found.next


def test_nothing_stands_in_the_way_of_a_measured_model_with_a_promise_that_holds() -> None:
    assert hindrances(replace(DEVICE, promised=(sheet(),))) == ()


def test_an_unmeasured_model_is_no_hindrance_where_the_owner_believes_its_prior() -> None:
    assert hindrances(replace(DEVICE, measured=False, keep_at=0.4)) == ()


@pytest.mark.parametrize("state", [State.TIGHTENED, State.STOPPED])
def test_an_alarm_is_never_well_however_many_answers_still_stay(state: State) -> None:
    found = judge(replace(DEVICE, promised=(sheet(state),)), WELL)
    assert not found.well
    assert "risk ledger" in found.next


def test_one_kind_without_a_promise_is_said_and_is_no_fault_beside_one_that_holds() -> None:
    promised = (sheet(), sheet(possible=False, task=Task.PROSE))
    found = judge(replace(DEVICE, promised=promised), WELL)
    assert found.well
    assert "of prose" in found.said


def test_a_promise_that_keeps_nothing_at_all_is_not_well() -> None:
    assert not judge(replace(DEVICE, promised=(sheet(possible=False),)), WELL).well


def test_a_day_without_one_answer_here_is_not_well_though_no_hindrance_is_known() -> None:
    found = judge(DEVICE, NONE_HERE)
    assert not found.well
    assert "0 of 12" in found.said
    assert "tidegate plan" in found.next


def test_a_few_requests_without_an_answer_here_say_nothing_yet() -> None:
    assert judge(DEVICE, Recent({("cloud", "unsure"): 9}, {})).well


def test_where_the_cloud_is_preferred_no_answer_here_is_as_wanted() -> None:
    assert judge(replace(DEVICE, mode=Mode.PREFER_CLOUD), NONE_HERE).well


def test_a_fall_against_the_week_before_is_noticed() -> None:
    week = {("device", "confident"): 60, ("cloud", "unsure"): 40}
    fell = Recent({("device", "confident"): 3, ("cloud", "unsure"): 37}, week)
    assert fell.fell
    assert not judge(DEVICE, fell).well


def test_a_fall_that_chance_explains_is_none() -> None:
    week = {("device", "confident"): 60, ("cloud", "unsure"): 40}
    assert not Recent({("device", "confident"): 3, ("cloud", "unsure"): 8}, week).fell
    assert not Recent({("device", "confident"): 20, ("cloud", "unsure"): 20}, week).fell


def test_many_reasons_are_counted_and_the_rest_summed() -> None:
    day = {
        ("cloud", word): n for n, word in enumerate(("unsure", "passed", "too_long", "no_tools", "busy"), 1)
    }
    said = counted(Recent(day, {}))
    assert said.startswith("0 of 15 requests")
    assert said.endswith("3 for other reasons")


def test_programs_hear_closed_words() -> None:
    found = told(judge(replace(DEVICE, promised=(sheet(State.STOPPED),)), WELL))
    assert found["well"] is False
    assert found["hindrances"] == [{"hindrance": "alarm_stopped", "lines": ["device/calls"], "all": True}]
