"""The update's state table: its straight way, every fault, every power cut, every order of messages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.update import machine as m
from edge.update.journal import decode, encode
from edge.update.machine import (
    EMBEDDED,
    RESTING,
    Assigned,
    Booted,
    Checked,
    Done,
    Failed,
    Generation,
    Update,
    step,
)
from tidegate.errors import Broken
from tidegate.ids import DeviceId, ReleaseId
from tidegate.updates import Desired, Fault, UpdateState

ME, OTHER = DeviceId("pump-room-01"), DeviceId("pump-room-02")
NEW = Generation(ReleaseId("edge-1.1"), "a" * 64, "b" * 64, 1000)
NEWER = Generation(ReleaseId("edge-1.2"), "c" * 64, "d" * 64, 1000)
START = Update(running=EMBEDDED)
WORKING = [
    UpdateState.CHECKED,
    UpdateState.FETCHING,
    UpdateState.STAGED,
    UpdateState.LOADTEST,
    UpdateState.SWITCHING,
    UpdateState.PROBATION,
]


def wants(generation: Generation, revision: int, device: DeviceId = ME) -> Assigned:
    return Assigned(Desired(device, revision, generation.release), ME)


def played(*events: m.Event, begin: Update = START) -> Update:
    update = begin
    for event in events:
        update, _ = step(update, event)
    return update


def at(state: UpdateState) -> Update:
    """An update of NEW that has got as far as `state`."""
    update = played(wants(NEW, 1), Checked(NEW))
    while update.state is not state:
        update = played(Done(update.state), begin=update)
    return update


def test_a_release_goes_its_straight_way() -> None:
    story: list[tuple[m.Event, UpdateState, tuple[m.Effect, ...]]] = [
        (wants(NEW, 1), UpdateState.ASSIGNED, (m.Report(), m.Check(NEW.release))),
        (Checked(NEW), UpdateState.CHECKED, (m.Reserve(NEW),)),
        (Done(UpdateState.CHECKED), UpdateState.FETCHING, (m.Report(), m.FetchFiles(NEW))),
        (Done(UpdateState.FETCHING), UpdateState.STAGED, (m.Stage(NEW),)),
        (Done(UpdateState.STAGED), UpdateState.LOADTEST, (m.Report(), m.LoadTest(NEW))),
        (Done(UpdateState.LOADTEST), UpdateState.SWITCHING, (m.Switch(NEW),)),
        (Done(UpdateState.SWITCHING), UpdateState.PROBATION, (m.Report(), m.Watch(NEW))),
        (Done(UpdateState.PROBATION), UpdateState.COMMITTED, (m.Commit(NEW), m.Report())),
    ]
    update = START
    for event, state, effects in story:
        update, got = step(update, event)
        assert (update.state, got) == (state, effects)
    assert update.running == NEW
    assert update.candidate is None


@pytest.mark.parametrize("state", WORKING[:4])
def test_a_fault_before_the_switch_leaves_the_running_model_alone(state: UpdateState) -> None:
    failed, effects = step(at(state), Failed(state, Fault.HASH_MISMATCH))
    assert (failed.state, failed.running, failed.candidate) == (UpdateState.FAILED, EMBEDDED, None)
    assert effects == (m.Discard(), m.Report())
    assert failed.known_bad == (), "a lie about a release is not the release's fault"


@pytest.mark.parametrize("state", WORKING[4:])
@pytest.mark.parametrize("fault", [Fault.SWITCH_FAILED, Fault.PROBATION_FAILED])
def test_a_fault_from_the_switch_on_is_rolled_back_and_remembered(state: UpdateState, fault: Fault) -> None:
    rolling, effects = step(at(state), Failed(state, fault))
    assert rolling.state is UpdateState.ROLLBACK
    assert effects == (m.Report(), m.Restore(EMBEDDED))
    failed = played(Done(UpdateState.ROLLBACK), begin=rolling)
    assert (failed.state, failed.running, failed.fault) == (UpdateState.FAILED, EMBEDDED, fault)
    again = played(wants(NEW, 2), Checked(NEW), begin=failed)
    assert (again.state, again.fault) == (UpdateState.FAILED, Fault.KNOWN_BAD)
    other = played(wants(NEWER, 3), Checked(NEWER), begin=again)
    assert other.state is UpdateState.CHECKED


def test_a_load_test_that_fails_is_remembered_and_not_tried_again() -> None:
    failed = played(Failed(UpdateState.LOADTEST, Fault.LOAD_CRASHED), begin=at(UpdateState.LOADTEST))
    assert failed.known_bad == (NEW.digest,)


def test_a_cut_line_is_waited_out_with_growing_patience_and_what_is_here_is_kept() -> None:
    update = at(UpdateState.FETCHING)
    for attempt in (1, 2, 3):
        update, effects = step(update, Failed(UpdateState.FETCHING, Fault.TRANSPORT))
        assert update.state is UpdateState.FETCHING
        assert effects == (m.RetryLater(attempt, 1),)
    assert step(update, m.RetryDue(1))[1] == m.work(update)
    assert step(update, m.RetryDue(0)) == (update, ())


def test_an_order_for_another_device_changes_nothing_and_is_told() -> None:
    update, effects = step(START, wants(NEW, 1, OTHER))
    assert (update.state, update.revision, update.fault) == (UpdateState.IDLE, 0, Fault.WRONG_DEVICE)
    assert effects == (m.Report(),)


def test_an_order_that_is_not_newer_is_only_answered() -> None:
    done = played(Done(UpdateState.PROBATION), begin=at(UpdateState.PROBATION))
    assert step(done, wants(NEWER, 1)) == (done, (m.Report(),))
    assert step(done, wants(NEWER, 0)) == (done, (m.Report(),))


def test_a_newer_order_replaces_one_under_way_but_never_interrupts_a_switch() -> None:
    replaced, effects = step(at(UpdateState.FETCHING), wants(NEWER, 2))
    assert (replaced.state, replaced.wanted) == (UpdateState.ASSIGNED, NEWER.release)
    assert effects == (m.Report(), m.Check(NEWER.release))
    waiting, effects = step(at(UpdateState.SWITCHING), wants(NEWER, 2))
    assert (waiting.state, effects) == (UpdateState.SWITCHING, ())
    rested = played(Done(UpdateState.SWITCHING), Done(UpdateState.PROBATION), begin=waiting)
    assert (rested.state, rested.running, rested.wanted) == (UpdateState.ASSIGNED, NEW, NEWER.release)


def test_the_embedded_model_needs_no_proof_and_no_download() -> None:
    committed = played(Done(UpdateState.PROBATION), begin=at(UpdateState.PROBATION))
    back, effects = step(committed, wants(EMBEDDED, 2))
    assert (back.state, effects) == (UpdateState.SWITCHING, (m.Switch(EMBEDDED),))
    home = played(Done(UpdateState.SWITCHING), Done(UpdateState.PROBATION), begin=back)
    assert (home.state, home.running) == (UpdateState.COMMITTED, EMBEDDED)


def test_a_model_that_takes_the_daemon_down_with_it_is_given_two_starts() -> None:
    update = at(UpdateState.SWITCHING)
    again, effects = step(update, Booted())
    assert (again.state, effects) == (UpdateState.SWITCHING, (m.Switch(NEW),))
    gone, effects = step(again, Booted())
    assert (gone.state, gone.fault) == (UpdateState.ROLLBACK, Fault.INTERRUPTED)
    assert effects == (m.Report(), m.Restore(EMBEDDED))
    assert gone.known_bad == (NEW.digest,)


def test_a_machine_that_dies_in_the_load_test_stops_testing() -> None:
    update = at(UpdateState.LOADTEST)
    for _ in range(m.TRIALS - 1):
        update = played(Booted(), begin=update)
        assert update.state is UpdateState.LOADTEST
    update = played(Booted(), begin=update)
    assert (update.state, update.fault) == (UpdateState.FAILED, Fault.INTERRUPTED)


@pytest.mark.parametrize("state", [UpdateState.ASSIGNED, *WORKING[:3]])
def test_a_power_cut_before_the_load_test_repeats_the_state_s_work(state: UpdateState) -> None:
    update = played(wants(NEW, 1)) if state is UpdateState.ASSIGNED else at(state)
    assert step(update, Booted()) == (update, m.work(update))


# --------------------------------------------------------------------------------------------------- for every history

generations = st.sampled_from([NEW, NEWER, EMBEDDED])
faults = st.sampled_from([fault for fault in Fault if fault is not Fault.NONE])
states = st.sampled_from(UpdateState)
events: st.SearchStrategy[m.Event] = st.one_of(
    st.builds(wants, generations, st.integers(0, 6), st.sampled_from([ME, ME, ME, OTHER])),
    st.builds(Checked, st.sampled_from([NEW, NEWER])),
    st.builds(Done, states),
    st.builds(Failed, states, faults),
    st.builds(m.RetryDue, st.integers(0, 6)),
    st.just(Booted()),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(events, max_size=40))
def test_whatever_happens_the_device_keeps_a_committed_model(history: list[m.Event]) -> None:
    update = START
    for event in history:
        before = update
        update, effects = step(update, event)
        assert update.revision >= before.revision
        assert update.event_id >= before.event_id
        if update.running != before.running:
            assert before.state is UpdateState.PROBATION, (
                "only a model that passed probation becomes the running one"
            )
            assert event == Done(UpdateState.PROBATION)
        if update.state in RESTING:
            assert update.candidate is None
        if any(isinstance(effect, m.Switch | m.LoadTest | m.Watch) for effect in effects):
            assert update.candidate is not None
            assert update.candidate.digest not in update.known_bad
        assert decode(encode(update)) == update


@settings(max_examples=200, deadline=None)
@given(st.lists(events, max_size=30), st.integers(0, 29))
def test_a_power_cut_anywhere_resumes_or_gives_up_but_never_hangs(history: list[m.Event], cut: int) -> None:
    update = played(*history[:cut])
    update, effects = step(decode(encode(update)), Booted())
    for _ in range(12):
        if update.state in RESTING:
            return
        assert effects, "a state that is not at rest always has work"
        update, effects = step(update, _answer(update))
    assert update.state in RESTING


def _answer(update: Update) -> m.Event:
    """The world at its best: every effect succeeds."""
    if update.state is UpdateState.ASSIGNED:
        return Checked(NEW if update.wanted == NEW.release else NEWER)
    return Done(update.state)


@settings(max_examples=200, deadline=None)
@given(st.permutations([1, 2, 3, 4]), st.lists(st.sampled_from([1, 2, 3, 4]), max_size=4))
def test_orders_shuffled_and_doubled_end_at_the_newest(order: list[int], doubled: list[int]) -> None:
    releases = {1: NEW, 2: NEWER, 3: NEW, 4: NEWER}
    update = START
    for revision in [*order, *doubled]:
        update = played(wants(releases[revision], revision), begin=update)
    while update.state not in RESTING:
        update = played(_answer(update), begin=update)
    assert (update.revision, update.running) == (4, NEWER)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"schema": 2}'])
def test_a_damaged_journal_is_broken_not_guessed(content: bytes) -> None:
    with pytest.raises(Broken) as caught:
        decode(content)
    assert caught.value.code == "update_journal_damaged"


def test_a_journal_with_an_unknown_state_is_broken() -> None:
    with pytest.raises(Broken):
        decode(encode(replace(START)).replace(b'"idle"', b'"asleep"'))
