"""A person at the cloud tier is asked about one call: redacted on the way out, restored on the way back, exact or nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from edge.agent.arguments import call_digest
from edge.agent.cloud import CloudDesk
from edge.agent.ports import Opinion
from edge.agent.prepare import approval_request
from edge.agent.run import Call, Limits, Run, Said
from edge.agent.taint import Origin
from edge.ports import (
    Delivery,
    Held,
    HoldReason,
    Policy,
    PolicyVersion,
    Queued,
    Rejected,
    RejectReason,
    Released,
    Request,
)
from edge.routing.mode import Mode, Modes
from edge.routing.plan import Why
from tests.fakes.agents import CONVERSATION, SEND
from tests.fakes.edge_parts import FakeDispatch, FakeModel, PatternScreen, house
from tidegate.chat import Message, Role, ToolCall, Usage
from tidegate.ids import RequestId, Ticket, TraceId
from tidegate.privacy.spans import Label

MAIL = "eve.adams@example.org"
DIGEST = call_digest("send", {"to": MAIL})
TICKET = Ticket("tkt_" + "a" * 32)


def question() -> Request:
    said = Said(Message(Role.USER, f"write to {MAIL}"), frozenset({Origin.PERSON}))
    run = Run("run_1", "app", CONVERSATION, TraceId("1" * 32), 1.0, Limits(), ("send",), (said,))
    call = Call("call_0_0", "send", json.dumps({"to": MAIL}), DIGEST, frozenset({Origin.MODEL}))
    return approval_request(run, call, SEND, RequestId("req_12345678"), 30.0)


def released(to: str, *, reviewed: bool) -> Released:
    calls = (ToolCall("c", "send", json.dumps({"to": to})),)
    return Released("", calls, (), "cloud-1", Usage(), "case_12345678", reviewed=reviewed)


async def asked(
    delivery: Delivery,
    request: Request | None = None,
    screen: PatternScreen | None = None,
    *,
    digest: str = DIGEST,
) -> tuple[Opinion, FakeDispatch]:
    dispatch = FakeDispatch(delivery)
    made = house(FakeModel(), dispatch, screen or PatternScreen())
    return await CloudDesk(lambda: made).approve(request or question(), SEND, digest), dispatch


async def test_what_a_person_releases_as_exactly_this_call_is_approved() -> None:
    screen = PatternScreen()
    hidden = screen.vault.hide(Label.EMAIL_ADDRESS, MAIL)
    found, dispatch = await asked(released(hidden, reviewed=True), screen=screen)
    assert found.approved
    sent = dispatch.sent[0]
    assert (sent.requires_review, sent.why) == (True, Why.APPROVAL)
    assert all(MAIL not in message.content.text for message in sent.prompt.messages)


@pytest.mark.parametrize(
    ("delivery", "wanted"),
    [
        (released(MAIL, reviewed=False), Opinion(note="no person at the cloud has looked at it")),
        (
            released("mallory@example.org", reviewed=True),
            Opinion(note="the cloud's person has answered something else"),
        ),
        (Held(TICKET, HoldReason.DEVICE_ASKED), Opinion(ticket=TICKET)),
        (Queued(TICKET), Opinion(ticket=TICKET)),
        (Rejected(RejectReason.REVIEWER), Opinion(declined=True, note="reviewer")),
        (Rejected(RejectReason.TOO_LARGE), Opinion(note="too_large")),
        (Rejected(RejectReason.EXPIRED), Opinion(note="expired")),
    ],
)
async def test_anything_else_approves_nothing(delivery: Delivery, wanted: Opinion) -> None:
    found, _ = await asked(delivery)
    assert found == wanted


async def test_what_may_not_leave_is_not_asked_about() -> None:
    for request, screen in (
        (replace(question(), keep_local=True), None),
        (question(), PatternScreen(detector=None)),
    ):
        found, dispatch = await asked(released(MAIL, reviewed=True), request, screen)
        assert (found.approved, dispatch.sent) == (False, [])


@pytest.mark.parametrize("consented", [False, True])
async def test_where_somebody_must_agree_first_nothing_is_asked_behind_their_back(consented: bool) -> None:
    dispatch = FakeDispatch(Held(TICKET, HoldReason.DEVICE_ASKED))
    policy = Policy(PolicyVersion("test-1"), modes=Modes(Mode.ASK))
    made = house(FakeModel(), dispatch, PatternScreen(), policy)
    request = replace(question(), consented=consented)
    found = await CloudDesk(lambda: made).approve(request, SEND, DIGEST)
    assert (bool(dispatch.sent), found.ticket) == (consented, TICKET if consented else "")


async def test_a_call_that_cannot_be_shown_whole_is_not_asked_about() -> None:
    """What would come back is another call than the one that waits: nobody could approve that one."""
    found, dispatch = await asked(released(MAIL, reviewed=True), question(), digest="0" * 64)
    assert (found, dispatch.sent) == (Opinion(note="the call cannot be shown there as it is"), [])


async def test_two_calls_of_which_one_is_right_approve_nothing() -> None:
    one = released(MAIL, reviewed=True)
    found, _ = await asked(replace(one, tool_calls=one.tool_calls * 2))
    assert not found.approved
