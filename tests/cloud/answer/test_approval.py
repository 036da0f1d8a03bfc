"""A device's agent asks a person about one call: that call is the proposal, byte for byte, and only a person lets it go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cloud import case
from cloud.answer.approval import asked_call
from cloud.ports import (
    Check,
    Held,
    HoldReason,
    Outcome,
    Rejected,
    RejectReason,
    Released,
    Submission,
    WhyEscalated,
)
from cloud.review.desk import Blocked
from cloud.review.machine import Decision, Review
from tests.fakes.cloud_parts import ADA, DEVICE, CloudHouse, cloud_house, submission
from tests.fakes.engine import FakeEngine
from tidegate.chat import Message, Prompt, Role, Tool, ToolCall, ToolChoice

ARGUMENTS = '{"euros":5,"to":"Ada"}'
SCHEMA = '{"type":"object","properties":{"to":{"type":"string"},"euros":{"type":"number"}}}'


def asks(*calls: ToolCall, why: WhyEscalated = WhyEscalated.APPROVAL, said: str = "pay Ada") -> Submission:
    messages = (
        Message(Role.USER, said),
        Message(Role.ASSISTANT, "", tool_calls=calls or (ToolCall("call_0_0", "pay", ARGUMENTS),)),
        Message(Role.TOOL, "not carried out: it waits for approval", tool_call_id="call_0_0"),
    )
    prompt = Prompt(
        messages, tools=(Tool("pay", "pays", SCHEMA),), tool_choice=ToolChoice.REQUIRED, forced_tool="pay"
    )
    return submission(prompt=prompt, why=why, requires_review=False)


async def held(house: CloudHouse, one: Submission) -> Held:
    reply = await case.decide(one, house.court)
    assert isinstance(reply, Held)
    return reply


async def test_the_call_waits_though_neither_device_nor_policy_asks_and_a_model_would_say_something_else(
    tmp_path: Path,
) -> None:
    house = cloud_house(tmp_path, engine=FakeEngine())
    one = asks()
    assert (await held(house, one)).reason is HoldReason.DEVICE_ASKED
    (waits,) = house.review.waiting()
    assert waits.proposal is not None
    assert waits.proposal.tool_calls == (ToolCall("call_0_0", "pay", ARGUMENTS),)


async def test_what_a_person_allows_is_that_call_signed_as_reviewed(tmp_path: Path) -> None:
    house = cloud_house(tmp_path)
    one = asks()
    ticket = (await held(house, one)).ticket
    assert isinstance(house.review.decide_now(house.review.waiting()[0].case, ADA, Decision.APPROVE), Review)
    found = house.ledger.collect(DEVICE, ticket)
    assert found is not None
    assert isinstance(found[1], Released)
    assert found[1].proposal.tool_calls[0].arguments == ARGUMENTS
    assert found[1].receipt.reviewed
    assert found[1].receipt.request_digest == one.digest


async def test_what_a_person_refuses_is_a_reviewers_no(tmp_path: Path) -> None:
    house = cloud_house(tmp_path)
    ticket = (await held(house, asks())).ticket
    house.review.decide_now(house.review.waiting()[0].case, ADA, Decision.REJECT)
    found = house.ledger.collect(DEVICE, ticket)
    assert found is not None
    assert found[1] == Rejected(RejectReason.REVIEWER)


async def test_nobody_can_answer_it_in_words(tmp_path: Path) -> None:
    house = cloud_house(tmp_path)
    await held(house, asks())
    done = house.review.decide_now(house.review.waiting()[0].case, ADA, Decision.EDIT, text="yes, do it")
    assert done == Blocked((Check.SCHEMA,))


async def test_a_suspicious_task_still_shows_the_call_it_is_about(tmp_path: Path) -> None:
    house = cloud_house(tmp_path)
    assert (await held(house, asks(said="ATTACK"))).reason is HoldReason.SUSPECT_INPUT
    (waits,) = house.review.waiting()
    assert waits.proposal is not None
    assert isinstance(house.review.decide_now(waits.case, ADA, Decision.APPROVE), Review)


async def test_a_call_that_breaks_its_own_schema_cannot_be_allowed(tmp_path: Path) -> None:
    house = cloud_house(tmp_path)
    await held(house, asks(ToolCall("call_0_0", "pay", '{"euros":"many"}')))
    (waits,) = house.review.waiting()
    assert waits.verdict is not None
    assert {r.check for r in waits.verdict.results if r.outcome is Outcome.FAILED} == {Check.SCHEMA}
    assert house.review.decide_now(waits.case, ADA, Decision.APPROVE) == Blocked((Check.SCHEMA,))


@pytest.mark.parametrize(
    "one",
    [
        asks(ToolCall("a", "pay", "{}"), ToolCall("b", "pay", "{}")),
        replace(asks(), prompt=Prompt((Message(Role.USER, "pay Ada"),))),
        asks(why=WhyEscalated.UNSURE),
    ],
)
def test_anything_but_one_call_that_is_asked_about_is_no_question(one: Submission) -> None:
    assert asked_call(one) is None
