"""One request, in a table of what is known and what comes out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edge import turn
from edge.ports import (
    Answer,
    Citation,
    Delivery,
    Held,
    HoldReason,
    House,
    Policy,
    PolicyVersion,
    Queued,
    Rejected,
    RejectReason,
    Released,
    Request,
    Source,
    State,
)
from edge.routing.mode import Mode, Modes
from edge.routing.plan import Consent, Why
from tests.fakes.edge_parts import FakeDispatch, FakeModel, PatternScreen, house, say
from tidegate.chat import Message, Prompt, Role, Tool, ToolCall, Usage
from tidegate.engines.port import Draft, Finish
from tidegate.errors import Broken, Unreachable, Untrusted
from tidegate.ids import ConversationId, RequestId, Ticket, TraceId
from tidegate.privacy.spans import Label

TICKET = Ticket("tkt_" + "a" * 32)
MAIL = "write to eve.adams@example.org please"


def ask(text: str = "what time is it", **changes: object) -> Request:
    request = Request(
        prompt=Prompt((Message(Role.USER, text),)),
        request_id=RequestId("req_12345678"),
        conversation=ConversationId("conv_12345678"),
        trace=TraceId("1" * 32),
        application="tests",
    )
    return replace(request, **changes)  # type: ignore[arg-type]


def released(text: str, *calls: ToolCall) -> Released:
    return Released(
        text, calls, (Citation("manual", "4.2", "E42 means"),), "cloud-1", Usage(9, 4), "case_12345678"
    )


async def answered(request: Request, made: House) -> Answer:
    return await turn.answer(request, made)


async def test_a_confident_draft_never_leaves_the_device() -> None:
    dispatch = FakeDispatch(released("never"))
    found = await answered(ask(), house(FakeModel(sure=0.9), dispatch))
    assert (found.state, found.source, found.why, found.text) == (
        State.ANSWERED,
        Source.DEVICE,
        Why.CONFIDENT,
        "it is noon",
    )
    assert dispatch.sent == []


@pytest.mark.parametrize(
    ("sure", "finish", "why"),
    [
        (0.59, Finish.STOP, Why.UNSURE),
        (0.99, Finish.PASS, Why.PASSED),
        (0.99, Finish.LENGTH, Why.INVALID_DRAFT),
    ],
)
async def test_a_draft_that_is_not_good_enough_is_escalated_with_the_reason(
    sure: float, finish: Finish, why: Why
) -> None:
    dispatch = FakeDispatch(released("noon"))
    found = await answered(ask(), house(FakeModel(Draft("hm", finish=finish), sure), dispatch))
    assert (found.source, found.why) == (Source.CLOUD, why)
    assert dispatch.sent[0].why is why


async def test_what_leaves_is_redacted_and_what_comes_back_is_restored() -> None:
    screen = PatternScreen()
    placeholder = screen.vault.hide(Label.EMAIL_ADDRESS, "eve.adams@example.org")
    call = ToolCall("call_0", "send", f'{{"to":"{placeholder}"}}')
    dispatch = FakeDispatch(released(f"done: {placeholder}", call))
    found = await answered(ask(MAIL), house(FakeModel(sure=0.1), dispatch, screen))
    assert dispatch.sent[0].prompt.messages[0].content.text == f"write to {placeholder} please"
    assert dict(dispatch.sent[0].prompt.entities) == {Label.EMAIL_ADDRESS: 1}
    assert found.text == "done: eve.adams@example.org"
    assert found.tool_calls[0].arguments == '{"to":"eve.adams@example.org"}'


async def test_a_placeholder_nobody_made_is_an_incident_and_not_text() -> None:
    stranger = PatternScreen().vault.hide(Label.PERSON, "Somebody Else")
    with pytest.raises(Untrusted):
        await answered(ask(), house(FakeModel(sure=0.1), FakeDispatch(released(f"hello {stranger}"))))


async def test_broken_detectors_keep_the_request_on_the_device() -> None:
    dispatch = FakeDispatch(released("never"))
    found = await answered(ask(MAIL), house(FakeModel(sure=0.1), dispatch, PatternScreen(detector=None)))
    assert (found.state, found.why) == (State.DEGRADED, Why.REDACTION_UNAVAILABLE)
    assert dispatch.sent == []


async def test_broken_detectors_and_no_model_refuse() -> None:
    dispatch = FakeDispatch(released("never"))
    found = await answered(ask(), house(FakeModel(ready=False), dispatch, PatternScreen(detector=None)))
    assert (found.state, found.source, found.why) == (State.REFUSED, Source.NOBODY, Why.NOTHING_CAN_ANSWER)
    assert dispatch.sent == []


@pytest.mark.parametrize(
    ("request_", "policy", "why"),
    [
        (ask(keep_local=True), Policy(PolicyVersion("t")), Why.POLICY_MUST_STAY),
        (
            ask(MAIL),
            Policy(PolicyVersion("t"), must_stay=frozenset({Label.EMAIL_ADDRESS})),
            Why.POLICY_MUST_STAY,
        ),
        (
            replace(ask(MAIL), consented=True),
            Policy(PolicyVersion("t"), consent_for={Label.EMAIL_ADDRESS: Consent.NEVER}),
            Why.POLICY_MUST_STAY,
        ),
        (
            ask(MAIL),
            Policy(PolicyVersion("t"), consent_for={Label.EMAIL_ADDRESS: Consent.ASK}),
            Why.CONSENT_NEEDED,
        ),
        (ask(), Policy(PolicyVersion("t"), consent=Consent.ASK), Why.CONSENT_NEEDED),
    ],
)
async def test_what_must_stay_stays_and_says_so_when_unsure(
    request_: Request, policy: Policy, why: Why
) -> None:
    dispatch = FakeDispatch(released("never"))
    found = await answered(request_, house(FakeModel(sure=0.1), dispatch, policy=policy))
    assert (found.state, found.source, found.why) == (State.DEGRADED, Source.DEVICE, why)
    assert dispatch.sent == []


async def test_with_consent_given_what_is_asked_about_leaves_and_other_kinds_need_none() -> None:
    policy = Policy(PolicyVersion("t"), consent_for={Label.EMAIL_ADDRESS: Consent.ASK})
    for request_ in (replace(ask(MAIL), consented=True), ask("no address here")):
        dispatch = FakeDispatch(released("yes"))
        found = await answered(request_, house(FakeModel(sure=0.1), dispatch, policy=policy))
        assert (found.state, found.source) == (State.ANSWERED, Source.CLOUD)


def in_mode(mode: Mode) -> Policy:
    return Policy(PolicyVersion("t"), modes=Modes(mode))


async def test_a_device_that_prefers_the_cloud_asks_it_before_it_drafts() -> None:
    model, dispatch = FakeModel(sure=0.99), FakeDispatch(released("from afar"))
    found = await answered(ask(), house(model, dispatch, policy=in_mode(Mode.PREFER_CLOUD)))
    assert (found.source, found.why, found.text) == (Source.CLOUD, Why.PREFERRED, "from afar")
    assert model.asked == []


@pytest.mark.parametrize(("sure", "state"), [(0.9, State.ANSWERED), (0.1, State.DEGRADED)])
async def test_where_the_preferred_cloud_is_away_the_device_answers_and_says_so(
    sure: float, state: State
) -> None:
    dispatch = FakeDispatch(Queued(TICKET))
    found = await answered(ask(), house(FakeModel(sure=sure), dispatch, policy=in_mode(Mode.PREFER_CLOUD)))
    assert (found.state, found.source, found.why) == (state, Source.DEVICE, Why.LINK_DOWN)
    assert (found.text, found.ticket) == ("it is noon", TICKET)


async def test_where_the_preferred_cloud_is_away_and_the_model_passes_the_request_waits() -> None:
    passing = FakeModel(Draft("not for me", finish=Finish.PASS))
    dispatch = FakeDispatch(Queued(TICKET))
    found = await answered(ask(), house(passing, dispatch, policy=in_mode(Mode.PREFER_CLOUD)))
    assert (found.state, found.source, found.ticket) == (State.QUEUED, Source.NOBODY, TICKET)


async def test_a_device_that_asks_sends_nothing_unasked_and_keeps_what_it_is_sure_of() -> None:
    dispatch = FakeDispatch(released("from afar"))
    unsure = await answered(ask(), house(FakeModel(sure=0.1), dispatch, policy=in_mode(Mode.ASK)))
    assert (unsure.state, unsure.source, unsure.why) == (State.REFUSED, Source.NOBODY, Why.CONSENT_NEEDED)
    assert unsure.text == ""
    sure = await answered(ask(), house(FakeModel(sure=0.9), dispatch, policy=in_mode(Mode.ASK)))
    assert (sure.state, sure.source) == (State.ANSWERED, Source.DEVICE)
    assert dispatch.sent == []
    agreed = replace(ask(), consented=True)
    found = await answered(agreed, house(FakeModel(sure=0.1), dispatch, policy=in_mode(Mode.ASK)))
    assert (found.source, found.why) == (Source.CLOUD, Why.UNSURE)


async def test_an_application_or_a_request_may_be_stricter_than_its_device() -> None:
    dispatch = FakeDispatch(released("from afar"))
    policy = Policy(PolicyVersion("t"), modes=Modes(Mode.PREFER_CLOUD, {ask().application: Mode.LOCAL_ONLY}))
    for request, rules in (
        (ask(), policy),
        (replace(ask(), wish=Mode.LOCAL_ONLY), in_mode(Mode.PREFER_CLOUD)),
    ):
        found = await answered(request, house(FakeModel(sure=0.1), dispatch, policy=rules))
        assert (found.state, found.source, found.why) == (State.DEGRADED, Source.DEVICE, Why.LOCAL_ONLY)
    assert dispatch.sent == []


async def test_labels_that_need_a_person_say_so_to_the_cloud() -> None:
    dispatch = FakeDispatch(Held(TICKET, HoldReason.DEVICE_ASKED))
    policy = Policy(PolicyVersion("t"), review_labels=frozenset({Label.EMAIL_ADDRESS}))
    found = await answered(ask(MAIL), house(FakeModel(sure=0.1), dispatch, policy=policy))
    assert dispatch.sent[0].requires_review
    assert (found.state, found.ticket, found.hold) == (State.HELD, TICKET, HoldReason.DEVICE_ASKED)
    near = FakeDispatch(released("x"))
    await answered(ask("no address here"), house(FakeModel(sure=0.1), near, policy=policy))
    assert not near.sent[0].requires_review


@pytest.mark.parametrize(
    ("draft", "state", "source", "text"),
    [
        (say("maybe noon"), State.DEGRADED, Source.DEVICE, "maybe noon"),
        (Draft("not for me", finish=Finish.PASS), State.QUEUED, Source.NOBODY, ""),
    ],
)
async def test_an_unreachable_cloud_degrades_to_the_draft_or_to_a_ticket(
    draft: Draft, state: State, source: Source, text: str
) -> None:
    found = await answered(ask(), house(FakeModel(draft, 0.1), FakeDispatch(Queued(TICKET))))
    assert (found.state, found.source, found.text, found.ticket) == (state, source, text, TICKET)


@pytest.mark.parametrize("reason", list(RejectReason))
async def test_a_rejection_is_a_refusal_by_the_cloud(reason: RejectReason) -> None:
    found = await answered(ask(), house(FakeModel(sure=0.1), FakeDispatch(Rejected(reason))))
    assert (found.state, found.source, found.reject) == (State.REFUSED, Source.CLOUD, reason)


@pytest.mark.parametrize(
    ("model", "tools", "why"),
    [
        (FakeModel(ready=False), (), Why.NO_LOCAL_MODEL),
        (FakeModel(speaks=False), (), Why.NO_TOOLS),
        (FakeModel(context_tokens=5), (), Why.TOO_LONG),
    ],
)
async def test_what_the_local_model_cannot_do_goes_at_once(
    model: FakeModel, tools: tuple[Tool, ...], why: Why
) -> None:
    dispatch = FakeDispatch(released("noon"))
    found = await answered(ask(), house(model, dispatch))
    assert found.why is why
    assert model.asked == []


async def test_a_model_that_only_calls_tools_is_asked_when_tools_are_offered() -> None:
    model = FakeModel(speaks=False)
    request = ask()
    offered = replace(request, prompt=replace(request.prompt, tools=(Tool("GetTime", "the time"),)))
    await answered(offered, house(model))
    assert len(model.asked) == 1


async def test_an_attack_is_refused_only_where_policy_says_from_when() -> None:
    strict = Policy(PolicyVersion("t"), refuse_injection_at=0.8)
    refused = await answered(ask(), house(screen=PatternScreen(score=0.9), policy=strict))
    assert (refused.state, refused.why) == (State.REFUSED, Why.INJECTION)
    for made in (
        house(screen=PatternScreen(score=0.7), policy=strict),
        house(screen=PatternScreen(score=1.0)),
    ):
        assert (await answered(ask(), made)).state is State.ANSWERED


async def test_words_of_the_policy_send_a_question_to_the_cloud() -> None:
    policy = Policy(PolicyVersion("t"), must_go_words=("refund",))
    dispatch = FakeDispatch(released("ok"))
    found = await answered(ask("I want a REFUND now"), house(dispatch=dispatch, policy=policy))
    assert found.why is Why.POLICY_MUST_GO
    assert (await answered(ask("I want fun"), house(dispatch=dispatch, policy=policy))).why is Why.CONFIDENT


@pytest.mark.parametrize("error", [Unreachable("away"), Untrusted("proof"), Broken("x", code="x")])
async def test_errors_of_the_ports_pass_through(error: Exception) -> None:
    with pytest.raises(type(error)):
        await answered(ask(), house(FakeModel(sure=0.1), FakeDispatch(error)))


@pytest.mark.parametrize(
    "delivery", [Held(TICKET, HoldReason.POLICY), Queued(TICKET), Rejected(RejectReason.POLICY)]
)
async def test_nothing_but_a_released_answer_has_tool_calls(delivery: Delivery) -> None:
    found = await answered(
        ask(), house(FakeModel(Draft("", finish=Finish.PASS), 0.1), FakeDispatch(delivery))
    )
    assert found.tool_calls == ()
