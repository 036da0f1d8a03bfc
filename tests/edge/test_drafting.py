"""On what terms the device writes: by when, and what it reads before it may write."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest

from edge import turn
from edge.drafting import terms_of
from edge.ports import House, Policy, PolicyVersion, Request, State
from edge.routing.mode import Mode, Modes
from edge.routing.plan import Why
from tests.fakes.edge_parts import FakeDispatch, FakeModel, PatternScreen, house, say
from tidegate.chat import Message, Prompt, Role
from tidegate.engines.port import Finish
from tidegate.errors import BadRequest, Broken
from tidegate.ids import ConversationId, RequestId, TraceId
from tidegate.privacy.spans import Label

ASKED = Request(
    prompt=Prompt((Message(Role.USER, "what time is it"),)),
    request_id=RequestId("req_12345678"),
    conversation=ConversationId("conv_12345678"),
    trace=TraceId("1" * 32),
    application="tests",
    due=30.0,
)


def policy(mode: Mode = Mode.PREFER_LOCAL, **changes: object) -> Policy:
    return Policy(PolicyVersion("t"), modes=Modes(mode), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stays", "hurried", "due"),
    [
        (None, False, 30.0),  # the cloud may be asked instead: the request gets what there is by then
        (None, True, 30.0),
        (Why.LOCAL_ONLY, True, 30.0),  # the application said when it wants what there is
        (Why.LOCAL_ONLY, False, math.inf),  # nobody did, and nothing else can answer
    ],
)
def test_a_draft_ends_when_its_request_is_due(stays: Why | None, hurried: bool, due: float) -> None:
    assert terms_of(replace(ASKED, hurried=hurried), stays).due == due


def test_without_a_deadline_there_is_none() -> None:
    assert terms_of(replace(ASKED, due=None), None).due == math.inf


async def test_an_unfinished_draft_that_stays_is_given_as_what_it_is() -> None:
    cut = replace(say("it is"), finish=Finish.LENGTH, features={"overdue": 1.0})
    found = await turn.answer(replace(ASKED, keep_local=True, hurried=True), house(FakeModel(cut)))
    assert (found.state, found.text) == (State.DEGRADED, "it is")


@dataclass
class Reader(FakeModel):
    """Reads until it is stopped; says what it was asked to write before and after."""

    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    fails: Exception | None = None

    async def read_ahead(self, prompt: Prompt, application: str = "") -> None:
        self.read.append(prompt)
        if self.fails is not None:
            raise self.fails
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped.set()


@pytest.mark.parametrize("kept", [False, True])
async def test_the_model_reads_while_it_is_looked_at_what_may_leave(kept: bool) -> None:
    model = Reader()
    found = await turn.answer(replace(ASKED, keep_local=kept), house(model))
    assert found.text == "it is noon"
    assert model.read == model.asked == [ASKED.prompt]
    assert model.stopped.is_set(), "nobody reads any more when the answer is there"


@pytest.mark.parametrize(
    ("made", "request_"),
    [
        (house(Reader(), FakeDispatch(present=False)), ASKED),  # nothing is looked at that could take time
        (house(Reader(ready=False)), ASKED),
        (house(Reader(), policy=policy(Mode.PREFER_CLOUD)), ASKED),
        (house(Reader(), policy=policy(must_go_words=("time",))), ASKED),
        (house(Reader(speaks=False)), ASKED),
    ],
)
async def test_nothing_is_read_ahead_that_the_device_may_not_be_asked(made: House, request_: Request) -> None:
    model = made.local
    assert isinstance(model, Reader)
    with suppress(Broken):  # the fake cloud has no answer
        await turn.answer(request_, made)
    assert model.read == []


async def test_what_stays_because_of_what_was_found_was_read_ahead_too() -> None:
    model = Reader()
    made = house(model, screen=PatternScreen(), policy=policy(must_stay=frozenset({Label.EMAIL_ADDRESS})))
    mail = replace(ASKED, prompt=Prompt((Message(Role.USER, "write to eve.adams@example.org"),)))
    assert (await turn.answer(mail, made)).why is Why.POLICY_MUST_STAY
    assert model.read == [mail.prompt]


async def test_who_cannot_read_ahead_is_asked_all_the_same() -> None:
    model = Reader(fails=BadRequest("too long", code="context_length_exceeded"))
    assert (await turn.answer(ASKED, house(model))).text == "it is noon"
