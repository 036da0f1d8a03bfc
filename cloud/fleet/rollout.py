"""A rollout as a table: `step(rollout, event) -> (rollout, effects)`. Pure.

DRAFT -> CANARY -> STAGE -> COMPLETE;  from CANARY and STAGE: PAUSED, ROLLED_BACK;  from PAUSED: back, or ROLLED_BACK.
Success is one thing only: the device says it *runs* the release's weights, committed. It is looked at again with every
report, so a device that falls back later un-counts itself, even after COMPLETE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import assert_never

from tidegate.ids import DeviceId, ReleaseId
from tidegate.updates import Fault, Reported, UpdateState


class RolloutState(StrEnum):
    DRAFT = "draft"
    CANARY = "canary"
    STAGE = "stage"
    COMPLETE = "complete"
    PAUSED = "paused"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True, slots=True)
class Member:
    """One device's part. `base` is its revision before the rollout, `before` what it ran then."""

    stage: int
    base: int
    before: ReleaseId
    assigned: bool = False
    done: bool = False
    fault: Fault = Fault.NONE

    @property
    def settled(self) -> bool:
        return self.done or self.fault is not Fault.NONE


@dataclass(frozen=True, slots=True)
class Rollout:
    """A release on its way to devices. `model_digest` (hex) is what a device must report to count."""

    id: str
    release: ReleaseId
    model_digest: str
    members: Mapping[DeviceId, Member]
    failure_limit: float = 0.2  # share of a later stage's devices that may fail before all are taken back
    state: RolloutState = RolloutState.DRAFT
    stage: int = 0
    resume_to: RolloutState = field(default=RolloutState.CANARY)

    @property
    def last_stage(self) -> int:
        return max((m.stage for m in self.members.values()), default=0)


@dataclass(frozen=True, slots=True)
class Start:
    pass


@dataclass(frozen=True, slots=True)
class Heard:
    """A device's report."""

    device: DeviceId
    reported: Reported


@dataclass(frozen=True, slots=True)
class Pause:
    pass


@dataclass(frozen=True, slots=True)
class Resume:
    pass


@dataclass(frozen=True, slots=True)
class RollBack:
    pass


Event = Start | Heard | Pause | Resume | RollBack


@dataclass(frozen=True, slots=True)
class Assign:
    """Want this device to run this release, under this revision. Idempotent: the revision says which order it is."""

    device: DeviceId
    release: ReleaseId
    revision: int


Step = tuple[Rollout, tuple[Assign, ...]]

ACTIVE = frozenset({RolloutState.CANARY, RolloutState.STAGE})
UNDER_WAY = ACTIVE | {RolloutState.DRAFT}


def step(rollout: Rollout, event: Event) -> Step:
    """The next state and what to order. Events that do not belong to the state change nothing."""
    match event:
        case Start():
            return _enter_stage(rollout, 0) if rollout.state is RolloutState.DRAFT else (rollout, ())
        case Heard(device, reported):
            return _heard(rollout, device, reported)
        case Pause():
            return (_paused(rollout), ()) if rollout.state in ACTIVE else (rollout, ())
        case Resume():
            if rollout.state is not RolloutState.PAUSED:
                return rollout, ()
            return _advance(replace(rollout, state=rollout.resume_to))
        case RollBack():
            undoable = rollout.state in ACTIVE | {RolloutState.PAUSED, RolloutState.COMPLETE}
            return _roll_back(rollout) if undoable else (rollout, ())
        case other:
            assert_never(other)


def orders(rollout: Rollout) -> tuple[Assign, ...]:
    """Every order a rollout stands for now: sent again to whoever missed it."""
    if rollout.state is RolloutState.ROLLED_BACK:
        return tuple(_back(d, m) for d, m in rollout.members.items() if m.assigned)
    return tuple(_forward(rollout, d, m) for d, m in rollout.members.items() if m.assigned)


def _heard(rollout: Rollout, device: DeviceId, reported: Reported) -> Step:
    member = rollout.members.get(device)
    if (
        member is None
        or not member.assigned
        or rollout.state in {RolloutState.DRAFT, RolloutState.ROLLED_BACK}
    ):
        return rollout, ()
    if reported.revision != member.base + 1:
        return rollout, ()  # about another order
    judged = replace(member, done=_runs(rollout, reported), fault=_fault(rollout, reported))
    if judged == member:
        return rollout, ()
    changed = replace(rollout, members={**rollout.members, device: judged})
    if rollout.state is RolloutState.COMPLETE:
        return (_paused(changed), ()) if not judged.done else (changed, ())
    return _advance(changed) if rollout.state in ACTIVE else (changed, ())


def _runs(rollout: Rollout, reported: Reported) -> bool:
    committed = reported.state in {UpdateState.COMMITTED, UpdateState.IDLE}
    return committed and reported.running_digest == rollout.model_digest


def _fault(rollout: Rollout, reported: Reported) -> Fault:
    """A device that came to rest without the release has failed, whatever it says."""
    if reported.state is UpdateState.FAILED:
        return reported.last_fault if reported.last_fault is not Fault.NONE else Fault.SWITCH_FAILED
    resting = reported.state in {UpdateState.COMMITTED, UpdateState.IDLE}
    return Fault.PROBATION_FAILED if resting and not _runs(rollout, reported) else Fault.NONE


def _advance(rollout: Rollout) -> Step:
    """Judges every device that was ordered so far: stop, take back, wait, or go on."""
    stage = [m for m in rollout.members.values() if m.stage <= rollout.stage]
    if any(m.fault.is_trust for m in stage):
        return _paused(rollout), ()  # somebody is lying, or a key is wrong: a person looks
    failed = sum(1 for m in stage if m.fault is not Fault.NONE)
    limit = 0.0 if rollout.state is RolloutState.CANARY else rollout.failure_limit
    if failed > limit * len(stage):
        return _roll_back(rollout)
    if not all(m.settled for m in stage):
        return rollout, ()
    if rollout.stage >= rollout.last_stage:
        return replace(rollout, state=RolloutState.COMPLETE), ()
    return _enter_stage(rollout, rollout.stage + 1)


def _enter_stage(rollout: Rollout, stage: int) -> Step:
    members = {d: replace(m, assigned=m.assigned or m.stage == stage) for d, m in rollout.members.items()}
    state = RolloutState.CANARY if stage == 0 else RolloutState.STAGE
    entered = replace(rollout, state=state, stage=stage, members=members)
    ordered = tuple(_forward(entered, d, m) for d, m in members.items() if m.stage == stage)
    if not ordered:
        return (
            _advance(entered)
            if stage < rollout.last_stage
            else (replace(entered, state=RolloutState.COMPLETE), ())
        )
    return entered, ordered


def _roll_back(rollout: Rollout) -> Step:
    undone = replace(rollout, state=RolloutState.ROLLED_BACK)
    return undone, orders(undone)


def _paused(rollout: Rollout) -> Rollout:
    resume_to = rollout.state if rollout.state in ACTIVE else RolloutState.STAGE
    return replace(rollout, state=RolloutState.PAUSED, resume_to=resume_to)


def _forward(rollout: Rollout, device: DeviceId, member: Member) -> Assign:
    return Assign(device, rollout.release, member.base + 1)


def _back(device: DeviceId, member: Member) -> Assign:
    return Assign(device, member.before, member.base + 2)


def plan(
    rollout: str,
    release: ReleaseId,
    model_digest: str,
    devices: Mapping[DeviceId, tuple[int, ReleaseId]],
    *,
    failure_limit: float = 0.2,
) -> Rollout:
    """A draft over `devices` (id -> revision, running release): one canary, then a tenth, then everyone."""
    members = {
        device: Member(_stage_of(place, len(devices)), base, before)
        for place, (device, (base, before)) in enumerate(sorted(devices.items()))
    }
    return Rollout(rollout, release, model_digest, members, failure_limit)


def _stage_of(place: int, of: int) -> int:
    if place == 0:
        return 0
    return 1 if of > 10 and place <= of // 10 else 2 if of > 10 else 1
