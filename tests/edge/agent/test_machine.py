"""The life of a run, written as conversations of events and what they lead to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge.agent.machine import (
    Approved,
    Ask,
    AwaitPerson,
    AwaitTicket,
    Cancelled,
    Carry,
    Deed,
    Denied,
    Failed,
    Finished,
    Happening,
    Judge,
    Judged,
    Replied,
    Rest,
    Ticketed,
    Unapproved,
    resume,
    step,
)
from edge.agent.permit import Approval, Need, Permission, Reason
from edge.agent.run import Call, Limits, Phase, Run, RunState, Said, Step, Stop
from edge.agent.taint import Origin
from edge.agent.values import Effect, Ended, Outcome
from edge.ports import Source
from tidegate.chat import Message, Role, ToolCall
from tidegate.ids import ConversationId, Ticket, TraceId

RUN = Run(
    id="run_1",
    application="app",
    conversation=ConversationId("conv_1"),
    trace=TraceId("1" * 32),
    created_at=1.0,
    limits=Limits(steps=3, seconds=10, tokens=100),
    tools=("send",),
    said=(Said(Message(Role.USER, "send it"), frozenset({Origin.PERSON})),),
)
CALL = Call("call_0_0", "send", "{}", "d1", frozenset({Origin.MODEL}))
OTHER = replace(CALL, id="call_0_1", digest="d2")
YES = Judged(Permission(True, Reason.GRANTED, Need.GRANT))
NO = Judged(Permission(False, Reason.IRREVERSIBLE, Need.CLOUD))
TICKET = Ticket("tkt_" + "a" * 32)
DONE = Finished(Outcome(Ended.OK, "sent", seconds=1.0))


def reply(*calls: Call, text: str = "", tokens: int = 10, source: Source = Source.DEVICE) -> Replied:
    raw = tuple(ToolCall(one.id, one.tool, one.arguments) for one in calls)
    return Replied(text, calls, raw, source, "confident", tokens, took_s=1.0)


def play(run: Run, *events: Happening) -> tuple[Run, list[type[Deed]]]:
    """Every event in turn, and the effects that they led to."""
    deeds: list[type[Deed]] = []
    for event in events:
        run, deed = step(run, event, 2.0)
        deeds.append(type(deed))
    return run, deeds


def test_a_call_is_looked_at_carried_out_and_told_before_the_model_is_asked_again() -> None:
    run, deeds = play(RUN, reply(CALL), YES, DONE, reply(text="it is sent"))
    assert deeds == [Judge, Carry, Ask, Rest]
    assert (run.state, run.text, run.steps, run.tokens, run.active_s) == (
        RunState.DONE,
        "it is sent",
        2,
        20,
        3.0,
    )
    assert [one.message.role for one in run.said] == [Role.USER, Role.ASSISTANT, Role.TOOL, Role.ASSISTANT]
    assert [event.step for event in run.events] == [
        Step.ANSWERED,
        Step.PROPOSED,
        Step.PERMITTED,
        Step.RESULT,
        Step.ANSWERED,
        Step.DONE,
    ]


def test_every_event_about_a_permission_says_what_was_decided_and_why() -> None:
    run, _ = play(RUN, reply(CALL, OTHER), YES, DONE, NO, Denied("d2", "user"), Cancelled())
    told = [(event.decision, event.reason) for event in run.events if event.decision]
    assert told == [("allowed", "granted"), ("waits", "irreversible"), ("refused", "denied_by_user")]


def test_what_a_tool_says_is_from_outside_and_so_is_what_the_model_makes_of_it() -> None:
    run, _ = play(RUN, reply(CALL), YES, DONE, reply(OTHER))
    assert run.said[2].origins == {Origin.OUTSIDE}
    assert run.said[3].origins >= {Origin.OUTSIDE, Origin.PERSON, Origin.MODEL}
    denied, _ = play(RUN, reply(CALL), NO, Denied("d1", "user"))
    assert denied.said[2].origins == {Origin.DEVICE}


def test_an_approval_of_other_bytes_changes_nothing() -> None:
    waiting, _ = play(RUN, reply(CALL), NO)
    assert waiting.state is RunState.WAITING_PERSON
    same, deeds = play(
        waiting, Approved("d2", Approval.USER), Approved("d1 ", Approval.CLOUD), Denied("d2", "user")
    )
    assert same == waiting
    assert deeds == [AwaitPerson] * 3


def test_an_approval_lets_the_call_be_looked_at_again_and_not_be_carried_out_by_itself() -> None:
    run, deeds = play(RUN, reply(CALL), NO, Approved("d1", Approval.USER))
    assert deeds[-1] is Judge
    assert run.calls[0].approval is Approval.USER


def test_nobody_orders_a_second_time_what_is_being_carried_out() -> None:
    run, _ = play(RUN, reply(CALL), YES)
    for event in (Approved("d1", Approval.USER), Denied("d1", "user"), Unapproved("x")):
        same, deed = step(run, event, 3.0)
        assert (same, type(deed)) == (run, Rest)


def test_a_denied_call_is_told_and_the_next_one_is_looked_at() -> None:
    run, deeds = play(RUN, reply(CALL, OTHER), NO, Denied("d1", "user"), YES, DONE)
    assert deeds == [Judge, AwaitPerson, Judge, Carry, Ask]
    assert run.executed == ("d2",)
    assert "did not allow" in run.said[2].message.content


def test_a_ticket_is_waited_for_and_its_answer_goes_on() -> None:
    run, deeds = play(
        RUN, Ticketed(TICKET, "queued"), reply(CALL, source=Source.CLOUD), YES, DONE, reply(text="ok")
    )
    assert deeds == [AwaitTicket, Judge, Carry, Ask, Rest]
    assert (run.state, run.escalations, run.ticket) == (RunState.DONE, 1, None)


def test_the_clouds_person_approves_exactly_this_call_or_the_user_decides() -> None:
    asked, deeds = play(RUN, reply(CALL), NO, Ticketed(TICKET, "cloud_approval", approving=True))
    assert deeds[-1] is AwaitTicket
    assert asked.calls[0].cloud_asked
    approved, deeds = play(asked, Approved("d1", Approval.CLOUD))
    assert deeds == [Judge]
    assert (approved.calls[0].approval, approved.approving) == (Approval.CLOUD, False)
    back, deeds = play(asked, Unapproved("something else"))
    assert (back.state, deeds) == (RunState.WAITING_PERSON, [AwaitPerson])
    assert back.calls[0].cloud_asked


@pytest.mark.parametrize(
    ("events", "why"),
    [
        ([reply(text="")], Stop.NO_ANSWER),
        ([replace(reply(), refused=True)], Stop.REFUSED),
        ([reply(CALL), YES, DONE, reply(CALL)], Stop.NO_PROGRESS),
        ([reply(*[replace(CALL, digest=str(at)) for at in range(9)])], Stop.NO_PROGRESS),
        ([reply(CALL, tokens=100), YES, DONE], Stop.SPEND),
        ([reply(CALL), YES, Finished(Outcome(Ended.TIMED_OUT, seconds=9.5))], Stop.TIME),
        ([Failed(Stop.TIME, "the model step")], Stop.TIME),
        ([reply(CALL), NO, Cancelled()], Stop.CANCELLED),
    ],
)
def test_a_run_stops_by_its_rules(events: list[Happening], why: Stop) -> None:
    run, deeds = play(RUN, *events)
    assert (run.state, run.why, deeds[-1]) == (RunState.STOPPED, why, Rest)
    assert run.events[-1].reason == str(why)


def test_a_run_stops_after_its_steps() -> None:
    run, deeds = RUN, [Ask]
    for at in range(3):
        run, deeds = play(run, reply(replace(CALL, digest=str(at))), YES, DONE)
    assert (run.why, deeds[-1]) == (Stop.STEPS, Rest)


def test_what_is_over_stays_over() -> None:
    over, _ = play(RUN, Cancelled())
    for event in (
        reply(CALL),
        YES,
        DONE,
        Approved("d1", Approval.USER),
        Cancelled(),
        Failed(Stop.FAULT, "x"),
    ):
        assert step(over, event, 9.0) == (over, Rest())


def test_a_call_that_can_never_be_carried_out_is_told_and_costs_nothing() -> None:
    bad = replace(CALL, fault="there is no such tool")
    run, deeds = play(RUN, reply(bad, OTHER))
    assert deeds == [Judge]
    assert run.calls == (OTHER,)
    assert "no such tool" in run.said[2].message.content
    assert run.executed == ()


def test_after_a_power_cut_what_may_have_acted_asks_a_person_and_a_look_is_repeated() -> None:
    cut, _ = play(RUN, reply(CALL), YES)
    run, deed = resume(cut, 5.0)
    assert (run.state, type(deed), run.calls[0].phase) == (
        RunState.WAITING_PERSON,
        AwaitPerson,
        Phase.UNKNOWN,
    )
    assert run.wait_reason == "unknown_outcome"
    told, deeds = play(run, Denied(CALL.digest, "user"))
    assert deeds == [Ask]
    assert "not known" in told.said[-1].message.content
    again, deeds = play(run, Approved(CALL.digest, Approval.USER))
    assert deeds == [Judge]
    assert play(run, Approved(CALL.digest, Approval.CLOUD)) == (run, [AwaitPerson])
    read, _ = play(RUN, reply(replace(CALL, effect=Effect.READ, repeatable=True)), YES)
    assert type(resume(read, 5.0)[1]) is Carry
    assert again.calls[0].question != replace(again.calls[0], tries=2).question


@pytest.mark.parametrize(
    ("events", "deed"),
    [
        ([], Ask),
        ([reply(CALL)], Judge),
        ([reply(CALL), NO], AwaitPerson),
        ([Ticketed(TICKET, "held")], AwaitTicket),
        ([reply(text="done")], Rest),
    ],
)
def test_a_run_found_on_disk_goes_on_where_it_was(events: list[Happening], deed: type[Deed]) -> None:
    run, _ = play(RUN, *events)
    assert type(resume(run, 3.0)[1]) is deed
    assert resume(run, 3.0)[0] == run
