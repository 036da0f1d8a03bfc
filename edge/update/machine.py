"""The life of an update as a table: `step(update, event) -> (update, effects)`. Pure: no clock, no disk, no network.

Rule 1: the new state is on disk before any effect runs. Rule 2: every effect can run twice. So a power cut at any point
is answered by `Booted`, which runs the state's effects again. Rule 3: the device always has a model that answers:
`running` is the last committed one, and it changes on entry to COMMITTED alone.

IDLE -> ASSIGNED -> CHECKED -> FETCHING -> STAGED -> LOADTEST -> SWITCHING -> PROBATION -> COMMITTED
 a fault before SWITCHING -> FAILED;  a fault from SWITCHING on -> ROLLBACK -> FAILED
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import assert_never

from tidegate.ids import DeviceId, ReleaseId
from tidegate.updates import Desired, Fault, UpdateState

STARTS = 2  # times a new model may be started before it counts as crashing
TRIALS = 3  # times a load test may be begun: a machine that dies while testing is not tested on for ever
REMEMBERED_BAD = 32


@dataclass(frozen=True, slots=True)
class Generation:
    """A release and what proves it: the digest of its manifest and of its weights (hex)."""

    release: ReleaseId
    digest: str
    model_digest: str
    size: int = 0


EMBEDDED = Generation(ReleaseId("embedded"), digest="", model_digest="")
"""The model that ships with the device: always there, needs no proof and no download. The way back of last resort."""


@dataclass(frozen=True, slots=True)
class Update:
    """Where the update stands. `running` is the committed generation, `candidate` the one being brought in."""

    running: Generation
    state: UpdateState = UpdateState.IDLE
    revision: int = 0
    wanted: ReleaseId | None = None
    candidate: Generation | None = None
    waiting: Desired | None = None
    tries_left: int = 0
    attempt: int = 0
    fault: Fault = Fault.NONE
    known_bad: tuple[str, ...] = ()
    event_id: int = 0


# ------------------------------------------------------------------------------------------------------------ events


@dataclass(frozen=True, slots=True)
class Assigned:
    desired: Desired
    own: DeviceId


@dataclass(frozen=True, slots=True)
class Checked:
    """The release is signed, published and fits this machine."""

    generation: Generation


@dataclass(frozen=True, slots=True)
class Done:
    """The effect of this state did its work."""

    state: UpdateState


@dataclass(frozen=True, slots=True)
class Failed:
    """The effect of this state did not."""

    state: UpdateState
    fault: Fault


@dataclass(frozen=True, slots=True)
class RetryDue:
    """The time of a `RetryLater` has come."""

    revision: int


@dataclass(frozen=True, slots=True)
class Booted:
    """The daemon has started; whatever ran before has not."""


Event = Assigned | Checked | Done | Failed | RetryDue | Booted


# ----------------------------------------------------------------------------------------------------------- effects


@dataclass(frozen=True, slots=True)
class Check:
    """Refresh metadata, find the release, compare hardware -> Checked | Failed."""

    release: ReleaseId


@dataclass(frozen=True, slots=True)
class Reserve:
    """Make sure there is room -> Done | Failed(NO_SPACE)."""

    generation: Generation


@dataclass(frozen=True, slots=True)
class FetchFiles:
    """Bring in every file, each block checked -> Done | Failed."""

    generation: Generation


@dataclass(frozen=True, slots=True)
class Stage:
    """Check whole files again and move them into their slot -> Done | Failed."""

    generation: Generation


@dataclass(frozen=True, slots=True)
class LoadTest:
    """Load it in a child process and let it write a token -> Done | Failed."""

    generation: Generation


@dataclass(frozen=True, slots=True)
class Switch:
    """Put it in place of the running model -> Done | Failed."""

    generation: Generation


@dataclass(frozen=True, slots=True)
class Watch:
    """Wait out the probation -> Done | Failed."""

    generation: Generation


@dataclass(frozen=True, slots=True)
class Commit:
    """Point at it for the next start and clear older slots. No answer: it is repeated at every start."""

    generation: Generation


@dataclass(frozen=True, slots=True)
class Restore:
    """Make sure that `running` answers -> Done | Failed."""

    running: Generation


@dataclass(frozen=True, slots=True)
class Discard:
    """Throw away what was fetched, the committed slots excepted."""


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the conductor where the update stands."""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Wait (the longer, the higher `attempt`), then -> RetryDue."""

    attempt: int
    revision: int


Effect = (
    Check
    | Reserve
    | FetchFiles
    | Stage
    | LoadTest
    | Switch
    | Watch
    | Commit
    | Restore
    | Discard
    | Report
    | RetryLater
)
Effects = tuple[Effect, ...]
Step = tuple[Update, Effects]

RESTING = frozenset({UpdateState.IDLE, UpdateState.COMMITTED, UpdateState.FAILED})
_UNDOABLE = frozenset(
    {
        UpdateState.ASSIGNED,
        UpdateState.CHECKED,
        UpdateState.FETCHING,
        UpdateState.STAGED,
        UpdateState.LOADTEST,
    }
)


def step(update: Update, event: Event) -> Step:
    """The next state and what to do about it. Events that do not belong to the state change nothing."""
    match event:
        case Assigned():
            return _assigned(update, event)
        case Checked(generation):
            return _checked(update, generation)
        case Done(state):
            return _done(update) if state is update.state else (update, ())
        case Failed(state, fault):
            return _failed(update, fault) if state is update.state else (update, ())
        case RetryDue(revision):
            due = revision == update.revision and update.state not in RESTING
            return (update, work(update)) if due else (update, ())
        case Booted():
            return _booted(update)
        case other:
            assert_never(other)


_WORK: dict[UpdateState, Callable[[Generation], Effects]] = {
    UpdateState.CHECKED: lambda candidate: (Reserve(candidate),),
    UpdateState.FETCHING: lambda candidate: (Report(), FetchFiles(candidate)),
    UpdateState.STAGED: lambda candidate: (Stage(candidate),),
    UpdateState.LOADTEST: lambda candidate: (Report(), LoadTest(candidate)),
    UpdateState.SWITCHING: lambda candidate: (Switch(candidate),),
    UpdateState.PROBATION: lambda candidate: (Report(), Watch(candidate)),
}


def work(update: Update) -> Effects:
    """What a state has to do: at entry, and again after a restart."""
    match update.state:
        case UpdateState.IDLE | UpdateState.FAILED:
            return (Discard(), Report())
        case UpdateState.COMMITTED:
            return (Commit(update.running), Report())
        case UpdateState.ASSIGNED:
            return (Check(update.wanted),) if update.wanted is not None else ()
        case UpdateState.ROLLBACK:
            return (Report(), Restore(update.running))
        case _:
            return _WORK[update.state](update.candidate) if update.candidate is not None else ()


def _enter(update: Update, state: UpdateState) -> Step:
    entered = replace(update, state=state, attempt=0, event_id=update.event_id + 1)
    return entered, work(entered)


def _assigned(update: Update, event: Assigned) -> Step:
    desired = event.desired
    if desired.device != event.own:
        return replace(update, fault=Fault.WRONG_DEVICE, event_id=update.event_id + 1), (Report(),)
    if desired.revision <= update.revision:
        return update, (Report(),) if update.state in RESTING else ()
    if update.state in RESTING or update.state in _UNDOABLE:
        return _take(update, desired)
    if update.waiting is None or desired.revision > update.waiting.revision:
        return replace(update, waiting=desired), ()  # a switch is never interrupted half-way
    return update, ()


def _take(update: Update, desired: Desired) -> Step:
    """Begins the newest assignment; one for what already runs is done at once."""
    taken = replace(
        update,
        revision=desired.revision,
        wanted=desired.release,
        candidate=None,
        waiting=None,
        tries_left=0,
        fault=Fault.NONE,
    )
    if desired.release == update.running.release:
        return _enter(taken, UpdateState.COMMITTED)
    if desired.release == EMBEDDED.release:
        return _enter(replace(taken, candidate=EMBEDDED, tries_left=STARTS - 1), UpdateState.SWITCHING)
    entered, effects = _enter(taken, UpdateState.ASSIGNED)
    return entered, (Report(), *effects)


def _checked(update: Update, generation: Generation) -> Step:
    if update.state is not UpdateState.ASSIGNED or generation.release != update.wanted:
        return update, ()
    if generation.digest in update.known_bad:
        return _give_up(update, Fault.KNOWN_BAD)
    return _enter(replace(update, candidate=generation), UpdateState.CHECKED)


_NEXT = {
    UpdateState.CHECKED: UpdateState.FETCHING,
    UpdateState.FETCHING: UpdateState.STAGED,
    UpdateState.STAGED: UpdateState.LOADTEST,
    UpdateState.LOADTEST: UpdateState.SWITCHING,
    UpdateState.SWITCHING: UpdateState.PROBATION,
}


def _done(update: Update) -> Step:
    if update.state is UpdateState.PROBATION and update.candidate is not None:
        committed = replace(update, running=update.candidate, candidate=None, tries_left=0)
        return _rest(committed, UpdateState.COMMITTED)
    if update.state is UpdateState.ROLLBACK:
        return _rest(replace(update, candidate=None, tries_left=0), UpdateState.FAILED)
    following = _NEXT.get(update.state)
    if following is None:
        return update, ()
    tries = {UpdateState.LOADTEST: TRIALS - 1, UpdateState.SWITCHING: STARTS - 1}
    return _enter(replace(update, tries_left=tries.get(following, update.tries_left)), following)


def _failed(update: Update, fault: Fault) -> Step:
    if update.state in RESTING:
        return update, ()
    if update.state is UpdateState.ROLLBACK:
        return replace(update, attempt=update.attempt + 1), (RetryLater(update.attempt + 1, update.revision),)
    if fault is Fault.TRANSPORT and update.state in _UNDOABLE:
        waiting = replace(update, attempt=update.attempt + 1)
        return waiting, (RetryLater(waiting.attempt, waiting.revision),)
    if update.state in _UNDOABLE:
        return _give_up(update, fault)
    return _roll_back(update, fault)


def _booted(update: Update) -> Step:
    """After a restart the committed model answers; a start that was under way has used up one try."""
    match update.state:
        case UpdateState.LOADTEST | UpdateState.SWITCHING | UpdateState.PROBATION if update.tries_left <= 0:
            if update.state is UpdateState.LOADTEST:
                return _give_up(update, Fault.INTERRUPTED)
            return _roll_back(update, Fault.INTERRUPTED)
        case UpdateState.LOADTEST:
            return _enter(replace(update, tries_left=update.tries_left - 1), UpdateState.LOADTEST)
        case UpdateState.SWITCHING | UpdateState.PROBATION:
            return _enter(replace(update, tries_left=update.tries_left - 1), UpdateState.SWITCHING)
        case _:
            return update, work(update)


def _give_up(update: Update, fault: Fault) -> Step:
    return _rest(replace(_blamed(update, fault), candidate=None, tries_left=0), UpdateState.FAILED)


def _roll_back(update: Update, fault: Fault) -> Step:
    return _enter(_blamed(update, fault), UpdateState.ROLLBACK)


def _blamed(update: Update, fault: Fault) -> Update:
    bad = update.known_bad
    if fault.blames_the_release and update.candidate is not None and update.candidate.digest:
        digest = update.candidate.digest
        bad = (*(d for d in bad if d != digest), digest)[-REMEMBERED_BAD:]
    return replace(update, fault=fault, known_bad=bad)


def _rest(update: Update, state: UpdateState) -> Step:
    """Comes to rest, and takes up what arrived meanwhile."""
    rested, effects = _enter(update, state)
    if rested.waiting is None:
        return rested, effects
    taken, more = _take(rested, rested.waiting)
    return taken, (*effects, *more)
