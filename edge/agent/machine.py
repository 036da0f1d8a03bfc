"""The life of a run as a table: `step(run, event, now) -> (run, effect)`. Pure: no clock, no disk, no network.

| state          | event                | next                                                            |
|----------------|----------------------|-----------------------------------------------------------------|
| running        | Replied with calls   | running: the first call is looked at                            |
|                | Replied with text    | done                                                            |
|                | Replied, neither     | stopped: no_answer or refused                                   |
|                | Ticketed             | waiting_ticket                                                  |
|                | Permitted, allowed   | running: the call is carried out                                |
|                | Permitted, not       | waiting_person                                                  |
|                | Finished             | running: the next call, or the model is asked again             |
|                | Failed, TimeUp       | stopped                                                         |
| waiting_person | Approved             | running: carried out; with another digest nothing happens       |
|                | Denied               | running: the model is told                                      |
|                | Ticketed             | waiting_ticket: the cloud is asked to approve                   |
| waiting_ticket | Replied, Approved, Denied | as above                                                   |
|                | Unapproved           | waiting_person                                                  |
| any but final  | Cancelled            | stopped                                                         |

Rules a reader could get wrong:
1. The caller saves the run before it carries out the effect. `Carry` is therefore on disk before anything happens, and a run
   found in phase `executing` after a power cut may or may not have acted (`resume`).
2. An approval is bound to a digest. The run's call never changes after it was proposed; an approval of other bytes is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import assert_never

from edge.agent.permit import Approval, Permission
from edge.agent.run import Call, Event, Phase, Run, RunState, Said, Step, Stop
from edge.agent.taint import Origin, written
from edge.agent.values import Ended, Outcome
from edge.ports import Source
from tidegate.chat import Message, Role, ToolCall
from tidegate.ids import Ticket

# ------------------------------------------------------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Replied:
    """What the turn answered. `calls` are prepared (see edge.agent.prepare): digest, effect and exposure are known."""

    text: str = field(repr=False)
    calls: tuple[Call, ...]
    raw_calls: tuple[ToolCall, ...]
    source: Source
    why: str
    tokens: int = 0
    refused: bool = False
    took_s: float = 0.0
    trimmed: str = ""


@dataclass(frozen=True, slots=True)
class Ticketed:
    """The answer, or the approval, comes later."""

    ticket: Ticket
    why: str
    took_s: float = 0.0
    approving: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    """The permission of the first call."""

    permission: Permission


@dataclass(frozen=True, slots=True)
class Finished:
    """How the first call ended."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Approved:
    digest: str
    by: Approval


@dataclass(frozen=True, slots=True)
class Denied:
    digest: str
    by: str  # user, cloud, timeout


@dataclass(frozen=True, slots=True)
class Unapproved:
    """The cloud did not approve these bytes and did not say no either: the user decides."""

    note: str


@dataclass(frozen=True, slots=True)
class Failed:
    """The model step or a part of this installation failed."""

    why: Stop
    note: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    pass


Happening = Replied | Ticketed | Judged | Finished | Approved | Denied | Unapproved | Failed | Cancelled

# ------------------------------------------------------------------------------------------------------------ effects


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the turn for the next step."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Look up grants and approvals for the first call."""


@dataclass(frozen=True, slots=True)
class Carry:
    """Carry out the first call."""


@dataclass(frozen=True, slots=True)
class AwaitPerson:
    """Wait for the user's word on the first call."""


@dataclass(frozen=True, slots=True)
class AwaitTicket:
    """Wait for the cloud."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing is left to do."""


Deed = Ask | Judge | Carry | AwaitPerson | AwaitTicket | Rest
MOST_CALLS = 8  # of one answer; more is no plan but a flood
UNKNOWN_WORDS = (
    "The power went while this was carried out. Whether it took effect is not known; it was not repeated."
)


def step(run: Run, event: Happening, now: float) -> tuple[Run, Deed]:
    """The next state and what has to be done. A final run stays as it is, whatever happens."""
    if run.state.final:
        return run, Rest()
    match event:
        case Replied():
            return _replied(run, event, now)
        case Ticketed():
            return _ticketed(run, event, now)
        case Judged(permission):
            return _judged(run, permission, now)
        case Finished(outcome):
            return _finished(run, outcome, now)
        case Approved(digest, by):
            return _approved(run, digest, by, now)
        case Denied(digest, by):
            return _denied(run, digest, by, now)
        case Unapproved(note):
            return _unapproved(run, note, now)
        case Failed(why, note):
            return _stopped(run, why, now, note)
        case Cancelled():
            return _stopped(run, Stop.CANCELLED, now)
        case other:
            assert_never(other)


def resume(run: Run, now: float) -> tuple[Run, Deed]:
    """What a run that was found on disk has to do. What may have taken effect, and cannot be repeated, asks a person."""
    if run.state.final:
        return run, Rest()
    call = run.calls[0] if run.calls else None
    if run.state is RunState.WAITING_TICKET:
        return run, AwaitTicket()
    if run.state is RunState.WAITING_PERSON:
        return run, AwaitPerson()
    if call is None:
        return run, Ask()
    if call.phase is not Phase.EXECUTING:
        return run, Judge()
    if call.repeatable:
        told = tell(run, now, Step.INTERRUPTED, call, decision="repeated")
        return told, Carry()
    unknown = replace(call, phase=Phase.UNKNOWN, approval=Approval.NONE, asked_at=now)
    told = tell(run, now, Step.INTERRUPTED, unknown, decision="waits", reason="unknown_outcome")
    return (
        replace(_with(told, unknown), state=RunState.WAITING_PERSON, wait_reason="unknown_outcome"),
        AwaitPerson(),
    )


def over(run: Run) -> Stop | None:
    """The stop rule that says that no model is asked any more."""
    if run.steps >= run.limits.steps:
        return Stop.STEPS
    if run.active_s >= run.limits.seconds:
        return Stop.TIME
    return Stop.SPEND if run.tokens >= run.limits.tokens else None


def tell(run: Run, now: float, what: Step, call: Call | None = None, **more: object) -> Run:
    """The run with one more line of its story."""
    event = Event(seq=len(run.events), at=now, step=what)
    if call is not None:
        event = replace(
            event,
            tool=call.tool,
            call=call.id,
            digest=call.digest,
            effect=call.effect,
            exposure=call.exposure,
        )
    told = replace(event, **more)  # type: ignore[arg-type]
    return replace(run, events=(*run.events, told))


def _replied(run: Run, reply: Replied, now: float) -> tuple[Run, Deed]:
    by = Origin.CLOUD if reply.source is Source.CLOUD else Origin.MODEL
    origins = written(by, run.read)
    run = replace(
        run,
        state=RunState.RUNNING,
        steps=run.steps + 1,
        tokens=run.tokens + reply.tokens,
        escalations=run.escalations + (reply.source is Source.CLOUD),
        active_s=run.active_s + reply.took_s,
        ticket=None,
        wait_reason="",
    )
    if reply.trimmed:
        run = tell(run, now, Step.TRIMMED, note=reply.trimmed)
    run = tell(
        run, now, Step.ANSWERED, source=reply.source, reason=reply.why, seconds=reply.took_s, text=reply.text
    )
    if reply.refused:
        return _stopped(run, Stop.REFUSED, now)
    if not reply.calls:
        return _done(run, reply, origins, now) if reply.text else _stopped(run, Stop.NO_ANSWER, now)
    if len(reply.calls) > MOST_CALLS:
        return _stopped(run, Stop.NO_PROGRESS, now, "too many calls at once")
    message = Message(Role.ASSISTANT, reply.text, tool_calls=reply.raw_calls)
    run = replace(run, said=(*run.said, Said(message, origins)), calls=reply.calls)
    for call in reply.calls:
        run = tell(run, now, Step.PROPOSED, call, source=reply.source, text=call.arguments)
    return _next(run, now)


def _done(run: Run, reply: Replied, origins: frozenset[Origin], now: float) -> tuple[Run, Deed]:
    said = Said(Message(Role.ASSISTANT, reply.text), origins)
    run = replace(
        run, said=(*run.said, said), state=RunState.DONE, text=reply.text, source=reply.source, calls=()
    )
    return tell(run, now, Step.DONE, source=reply.source), Rest()


def _next(run: Run, now: float) -> tuple[Run, Deed]:
    """The next call of the last answer, or the next answer, unless a stop rule says no."""
    if run.calls:
        call = run.calls[0]
        if call.fault:
            return _finished(run, Outcome(Ended.BAD_CALL, note=call.fault), now)
        if call.digest in run.executed:
            return _stopped(run, Stop.NO_PROGRESS, now)
        return run, Judge()
    why = over(run)
    return _stopped(run, why, now) if why is not None else (run, Ask())


def _ticketed(run: Run, event: Ticketed, now: float) -> tuple[Run, Deed]:
    run = replace(
        run,
        state=RunState.WAITING_TICKET,
        ticket=event.ticket,
        approving=event.approving,
        active_s=run.active_s + event.took_s,
        wait_reason="cloud_approval" if event.approving else event.why,
    )
    call = run.calls[0] if event.approving else None
    if call is not None:
        run = _with(run, replace(call, cloud_asked=True))
    return tell(run, now, Step.WAITING, call, decision="waits", reason=run.wait_reason), AwaitTicket()


def _judged(run: Run, permission: Permission, now: float) -> tuple[Run, Deed]:
    call = replace(run.calls[0], reason=permission.reason)
    if permission.allowed:
        return _carried(run, call, now)
    call = replace(call, phase=Phase.WAITING, asked_at=call.asked_at or now)
    run = tell(_with(run, call), now, Step.WAITING, call, decision="waits", reason=str(permission.reason))
    return replace(run, state=RunState.WAITING_PERSON, wait_reason=str(permission.reason)), AwaitPerson()


def _carried(run: Run, call: Call, now: float) -> tuple[Run, Deed]:
    """The intent: once this is saved, the call may be carried out."""
    executing = replace(call, phase=Phase.EXECUTING, tries=call.tries + 1)
    run = replace(_with(run, executing), state=RunState.RUNNING, ticket=None, approving=False, wait_reason="")
    return tell(run, now, Step.PERMITTED, call, decision="allowed", reason=str(call.reason or "")), Carry()


def _finished(run: Run, outcome: Outcome, now: float) -> tuple[Run, Deed]:
    call, rest = run.calls[0], run.calls[1:]
    foreign = outcome.ended not in (Ended.BAD_CALL, Ended.DENIED, Ended.UNKNOWN)
    origins = frozenset({Origin.OUTSIDE if foreign else Origin.DEVICE})
    message = Message(Role.TOOL, result_text(outcome), tool_call_id=call.id, name=call.tool)
    acted = outcome.acted is not False
    run = replace(
        run,
        state=RunState.RUNNING,
        calls=rest,
        said=(*run.said, Said(message, origins)),
        executed=(*run.executed, call.digest) if acted else run.executed,
        active_s=run.active_s + outcome.seconds,
        ticket=None,
        approving=False,
        wait_reason="",
    )
    run = tell(
        run,
        now,
        Step.RESULT,
        call,
        ended=outcome.ended,
        note=outcome.note,
        seconds=outcome.seconds,
        text=outcome.text,
    )
    return _next(run, now)


def result_text(outcome: Outcome) -> str:
    """What the model is told: the tool's words, or ours about how it went."""
    if outcome.ended is Ended.OK:
        return outcome.text
    words = {
        Ended.FAILED: "the tool failed",
        Ended.TIMED_OUT: "the tool took too long and was ended; whether it took effect is not known",
        Ended.FLOODED: "the tool wrote more than allowed and was ended",
        Ended.INVALID: "the tool's output is not what it promised",
        Ended.UNREACHABLE: "the tool cannot be reached",
        Ended.BAD_CALL: "the call was not carried out",
        Ended.DENIED: "the user did not allow this call; it was not carried out",
        Ended.UNKNOWN: UNKNOWN_WORDS,
        Ended.CANCELLED: "the call was cancelled",
    }[outcome.ended]
    note = f" ({outcome.note})" if outcome.note else ""
    return f"Error: {words}{note}." + (f"\n{outcome.text}" if outcome.text else "")


def _approved(run: Run, digest: str, by: Approval, now: float) -> tuple[Run, Deed]:
    """Only for the call that waits, and only for its exact bytes: whatever else is approved changes nothing."""
    call = run.calls[0] if run.calls else None
    waits = run.state in (RunState.WAITING_PERSON, RunState.WAITING_TICKET)
    if call is None or not waits or call.digest != digest or call.phase is Phase.EXECUTING:
        return run, _waiting(run)
    if call.phase is Phase.UNKNOWN and by is not Approval.USER:
        return run, _waiting(run)
    approved = replace(call, approval=by, phase=Phase.PROPOSED)
    run = tell(_with(run, approved), now, Step.APPROVED, approved, reason=f"approved_by_{by}")
    return replace(run, state=RunState.RUNNING, ticket=None, approving=False, wait_reason=""), Judge()


def _denied(run: Run, digest: str, by: str, now: float) -> tuple[Run, Deed]:
    call = run.calls[0] if run.calls else None
    if call is None or call.digest != digest or call.phase is Phase.EXECUTING:
        return run, _waiting(run)
    run = tell(run, now, Step.DENIED, call, decision="refused", reason=f"denied_by_{by}")
    ended = Ended.UNKNOWN if call.phase is Phase.UNKNOWN else Ended.DENIED
    return _finished(run, Outcome(ended), now)


def _unapproved(run: Run, note: str, now: float) -> tuple[Run, Deed]:
    call = run.calls[0] if run.calls else None
    if call is None or run.state is RunState.RUNNING:
        return run, _waiting(run)
    reason = str(call.reason or "")
    run = _with(run, replace(call, cloud_asked=True))
    run = tell(run, now, Step.WAITING, call, decision="waits", reason=reason, note=note)
    return (
        replace(run, state=RunState.WAITING_PERSON, ticket=None, approving=False, wait_reason=reason),
        AwaitPerson(),
    )


def _waiting(run: Run) -> Deed:
    """What a run that waits goes on doing."""
    match run.state:
        case RunState.WAITING_PERSON:
            return AwaitPerson()
        case RunState.WAITING_TICKET:
            return AwaitTicket()
        case RunState.RUNNING | RunState.DONE | RunState.STOPPED:
            return Rest()  # nobody is waited for: never a second order to carry something out
        case other:
            assert_never(other)


def _stopped(run: Run, why: Stop, now: float, note: str = "") -> tuple[Run, Deed]:
    run = tell(run, now, Step.STOPPED, reason=str(why), note=note)
    return replace(run, state=RunState.STOPPED, why=why, ticket=None, approving=False, wait_reason=""), Rest()


def _with(run: Run, call: Call) -> Run:
    return replace(run, calls=(call, *run.calls[1:]))
