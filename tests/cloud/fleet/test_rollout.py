"""A rollout's state table: canary, stages, and the one thing that counts as success."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.fleet.rollout import (
    Assign,
    Event,
    Heard,
    Pause,
    Resume,
    RollBack,
    Rollout,
    RolloutState,
    Start,
    plan,
    step,
)
from tidegate.ids import DeviceId, ReleaseId
from tidegate.updates import Fault, Reported, UpdateState

RELEASE, BEFORE = ReleaseId("edge-1.1"), ReleaseId("edge-1.0")
NEW, OLD = "a" * 64, "b" * 64
NAMES = [DeviceId(f"device-{n:02d}") for n in range(21)]


def draft(count: int) -> Rollout:
    return plan("rollout_1", RELEASE, NEW, dict.fromkeys(NAMES[:count], (7, BEFORE)))


def runs(device: DeviceId, revision: int = 8, digest: str = NEW) -> Heard:
    return Heard(device, Reported(revision, RELEASE, digest, UpdateState.COMMITTED))


def failed(device: DeviceId, fault: Fault = Fault.LOAD_CRASHED, revision: int = 8) -> Heard:
    return Heard(device, Reported(revision, BEFORE, OLD, UpdateState.FAILED, fault))


def played(rollout: Rollout, *events: Event) -> tuple[Rollout, list[Assign]]:
    sent: list[Assign] = []
    for event in events:
        rollout, orders = step(rollout, event)
        sent.extend(orders)
    return rollout, sent


def test_one_device_goes_straight_to_complete() -> None:
    rollout, sent = played(draft(1), Start(), runs(NAMES[0]))
    assert rollout.state is RolloutState.COMPLETE
    assert sent == [Assign(NAMES[0], RELEASE, 8)]


def test_one_canary_then_a_tenth_then_everyone() -> None:
    rollout, sent = played(draft(21), Start())
    assert [order.device for order in sent] == NAMES[:1]
    rollout, sent = played(rollout, runs(NAMES[0]))
    assert (rollout.state, [order.device for order in sent]) == (RolloutState.STAGE, NAMES[1:3])
    rollout, sent = played(rollout, runs(NAMES[1]))
    assert sent == [], "the stage is not settled yet"
    rollout, sent = played(rollout, runs(NAMES[2]))
    assert [order.device for order in sent] == NAMES[3:]
    rollout, _ = played(rollout, *(runs(name) for name in NAMES[3:]))
    assert rollout.state is RolloutState.COMPLETE


def test_a_canary_that_fails_takes_the_release_back() -> None:
    rollout, sent = played(draft(21), Start(), failed(NAMES[0]))
    assert rollout.state is RolloutState.ROLLED_BACK
    assert sent == [Assign(NAMES[0], RELEASE, 8), Assign(NAMES[0], BEFORE, 9)]


def test_a_failed_proof_pauses_for_a_person_instead() -> None:
    rollout, sent = played(draft(21), Start(), failed(NAMES[0], Fault.BAD_SIGNATURE))
    assert rollout.state is RolloutState.PAUSED
    assert len(sent) == 1


def test_a_few_failures_in_a_large_stage_do_not_stop_it_and_more_do() -> None:
    begun, _ = played(draft(21), Start(), *(runs(name) for name in NAMES[:3]))
    some, _ = played(begun, *(failed(name) for name in NAMES[3:7]))
    assert some.state is RolloutState.STAGE
    more, sent = played(some, failed(NAMES[7]))
    assert more.state is RolloutState.ROLLED_BACK
    assert {order.device for order in sent} == set(NAMES)


def test_saying_it_was_installed_is_not_running_it() -> None:
    rollout, _ = played(draft(1), Start(), runs(NAMES[0], digest=OLD))
    assert rollout.state is RolloutState.ROLLED_BACK
    probation = Heard(NAMES[0], Reported(8, RELEASE, NEW, UpdateState.PROBATION))
    waiting, _ = played(draft(1), Start(), probation)
    assert waiting.state is RolloutState.CANARY


def test_a_device_that_falls_back_later_uncounts_itself() -> None:
    rollout, _ = played(draft(1), Start(), runs(NAMES[0]))
    fallen, sent = played(rollout, runs(NAMES[0], digest=OLD))
    assert (fallen.state, fallen.members[NAMES[0]].done, sent) == (RolloutState.PAUSED, False, [])


def test_reports_about_other_orders_and_other_devices_change_nothing() -> None:
    rollout, _ = played(draft(2), Start())
    for event in (runs(NAMES[0], revision=7), runs(NAMES[0], revision=9), runs(NAMES[1]), runs(NAMES[9])):
        assert step(rollout, event) == (rollout, ())


def test_a_pause_orders_nothing_and_a_resume_goes_on() -> None:
    paused, _ = played(draft(2), Start(), Pause())
    heard, sent = played(paused, runs(NAMES[0]))
    assert (heard.state, sent) == (RolloutState.PAUSED, [])
    resumed, sent = played(heard, Resume())
    assert (resumed.state, [order.device for order in sent]) == (RolloutState.STAGE, [NAMES[1]])


def test_an_operator_takes_back_only_what_was_ordered() -> None:
    rollout, _ = played(draft(21), Start())
    undone, orders = step(rollout, RollBack())
    assert undone.state is RolloutState.ROLLED_BACK
    assert orders == (Assign(NAMES[0], BEFORE, 9),)
    assert step(undone, RollBack()) == (undone, ())


devices = st.sampled_from(NAMES[:12])
reports = st.builds(
    lambda revision, digest, state, fault: Reported(revision, RELEASE, digest, state, fault),
    st.integers(7, 10),
    st.sampled_from([NEW, OLD, ""]),
    st.sampled_from(UpdateState),
    st.sampled_from(Fault),
)
events = st.one_of(
    st.builds(Heard, devices, reports),
    st.just(Pause()),
    st.just(Resume()),
    st.just(RollBack()),
    st.just(Start()),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(events, max_size=40))
def test_whatever_is_heard_nobody_is_ordered_ahead_of_the_stage_and_success_is_real(
    history: list[Event],
) -> None:
    rollout = draft(12)
    running: dict[DeviceId, str] = {}
    for event in history:
        before = rollout
        rollout, orders = step(rollout, event)
        if isinstance(event, Heard) and event.reported.revision == 8:
            running[event.device] = event.reported.running_digest
        assert all(rollout.members[order.device].stage <= rollout.stage for order in orders)
        assert rollout.stage >= before.stage
        if before.state is RolloutState.ROLLED_BACK:
            assert (rollout, orders) == (before, ())
        if rollout.state is RolloutState.COMPLETE:
            assert all(member.settled for member in rollout.members.values())
            done = [name for name, member in rollout.members.items() if member.done]
            assert all(running[name] == NEW for name in done)
    assert replace(rollout) == rollout
