"""Audits: what leaves for a check, what is learned from what comes back, and that the application never hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from edge.device_key import DeviceKey
from edge.ports import Answer, Escalation, House, LateAnswer, LateState, Request, Source, State
from edge.promise.audits import BEHIND, Audits, learn_from
from edge.promise.desk import Desk
from edge.promise.judgement import Line
from edge.promise.keeper import Keeper, Stance
from edge.promise.lines import Promises
from edge.promise.verdict import Found, claims, compared
from edge.promise.weigh import weigh
from edge.routing.budget import End, Kind, Scope
from edge.routing.mode import Mode, Modes
from edge.routing.plan import Why
from edge.routing.world import CALM, BudgetSignal
from edge.routing.world import World as Surrounding
from edge.store.promises import Origin, PromiseStore
from edge.store.schema import Base, open_durable, open_journal
from edge.uplink.spool import auditing
from tests.fakes.edge_parts import FakeDispatch, FakeModel, PatternScreen, house
from tests.fakes.promises import PROMISE, calibration
from tidegate.chat import Message, Prompt, Role, Tool, ToolCall
from tidegate.clock import FixedClock
from tidegate.engines.port import Draft, Finish
from tidegate.errors import Exhausted
from tidegate.ids import ConversationId, RequestId, Ticket, TraceId
from tidegate.risk.task import Task

KEY = DeviceKey(b"k" * 32)
CALL = ToolCall("call_0", "SetLight", '{"area": "Pantry", "percent": 40}')
SAME = ToolCall("call_9", "SetLight", '{"percent":40.0,"area":"pantry"}')
OTHER = ToolCall("call_9", "SetLight", '{"area": "pantry", "percent": 14}')
DRAFT = Draft("", (CALL,), Finish.TOOL_CALLS)
ASK = Request(
    Prompt((Message(Role.USER, "set the light in the pantry to 40, eve.adams@example.org"),), (Tool("SetLight", ""),)),
    RequestId("req_12345678"), ConversationId("conv_12345678"), TraceId("1" * 32), "tests",
)  # fmt: skip


@dataclass
class Post:
    """Takes audits along, and gives back what it was told to."""

    taken: list[tuple[Escalation, Request, int]] = field(default_factory=list)
    answer: LateAnswer | None = None
    full: bool = False
    poor: bool = False

    def unpaid(self, request_id: RequestId) -> bool:
        return self.poor

    def leave(self, escalation: Escalation, request: Request, *, priority: int) -> None:
        if self.full:
            raise Exhausted("the spool is full", code="spool_full")
        self.taken.append((escalation, request, priority))

    def moved(self) -> asyncio.Event:
        return asyncio.Event()

    def found(self, request_id: RequestId) -> LateAnswer | None:
        return None if self.answer is None else replace(self.answer, request_id=request_id)


@dataclass(frozen=True)
class Around:
    """Surroundings that are what they are."""

    now: Surrounding

    def world(self, request: Request, prompt_tokens: int) -> Surrounding:
        return self.now

    def drafting(self) -> AbstractContextManager[None]:
        return nullcontext()

    def drafted(self, request: Request, made: Draft) -> None: ...


@dataclass
class World:
    post: Post
    audits: Audits
    desk: Desk
    keeper: Keeper
    store: PromiseStore
    house: House

    def settle(self, *calls: ToolCall, state: LateState = LateState.ANSWERED, reviewed: bool = False) -> None:
        self.post.answer = LateAnswer(
            Ticket("tkt_" + "a" * 32), ASK.request_id, ASK.conversation, ASK.trace, Why.AUDIT, state, 0.0,
            tool_calls=calls, reviewed=reviewed,
        )  # fmt: skip
        self.audits.settle()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    bases: list[Base] = [open_durable(tmp_path), open_journal(tmp_path)]
    store, post = PromiseStore(*bases), Post()
    keeper = Keeper(
        Stance(Promises(PROMISE), audit=0.5),
        store,
        calibration,
        key=KEY,
        clock=FixedClock(),
        draw=lambda: 0.0,
    )
    here = replace(house(FakeModel(DRAFT, 0.99), FakeDispatch(), PatternScreen()), promise=keeper)
    audits = Audits(keeper, store, post, post, lambda: here, KEY)
    yield World(post, audits, Desk(keeper, store, audits), keeper, store, here)
    for base in bases:
        base.close()


def kept(world: World, **changes: object) -> Answer:
    made = Answer(
        State.ANSWERED, Source.DEVICE, Why.CONFIDENT, "", (CALL,), judged=weigh(ASK, DRAFT, world.house)
    )
    return replace(made, **changes)  # type: ignore[arg-type]


async def sent(world: World) -> None:
    while world.desk._sending:
        await asyncio.gather(*world.desk._sending)


async def test_a_drawn_answer_leaves_redacted_behind_everything_else_and_under_another_name(
    world: World,
) -> None:
    world.desk.after(ASK, kept(world))
    await sent(world)
    [(escalation, request, priority)] = world.post.taken
    assert (priority, request.application, escalation.why) == (BEHIND, auditing("tests"), Why.AUDIT)
    assert escalation.request_id != ASK.request_id
    assert "eve.adams" not in escalation.prompt.messages[0].content.text


@pytest.mark.parametrize(("call", "wrong"), [(SAME, 0.0), (OTHER, 1.0)])
async def test_the_verdict_is_whether_the_other_answer_says_the_same(
    world: World, call: ToolCall, wrong: float
) -> None:
    world.desk.after(ASK, kept(world))
    await sent(world)
    world.settle(call)
    assert [(o.wrong, o.origin, o.request_id) for o in world.store.outcomes()] == [
        (wrong, Origin.AUDIT, ASK.request_id)
    ]
    now = world.keeper.standing(Line("device", Task.CALLS, PROMISE))
    assert (now.saved.kept, now.saved.drawn, now.saved.right + now.saved.wrong) == (1, 1, 1)
    assert now.watch.wealth.audits == 1
    assert not world.store.opened(10)


async def test_an_audit_that_nobody_answered_is_no_verdict(world: World) -> None:
    world.desk.after(ASK, kept(world))
    await sent(world)
    world.settle(state=LateState.WAITING)
    assert len(world.store.opened(10)) == 1
    world.settle(state=LateState.EXPIRED)
    assert not world.store.opened(10)
    assert not world.store.outcomes()
    assert world.keeper.standing(Line("device", Task.CALLS, PROMISE)).saved.undecided == 1


async def test_a_full_spool_costs_the_audit_and_not_the_count(world: World) -> None:
    world.post.full = True
    world.desk.after(ASK, kept(world))
    await sent(world)
    now = world.keeper.standing(Line("device", Task.CALLS, PROMISE))
    assert (now.saved.kept, now.saved.drawn, len(world.store.opened(10))) == (1, 0, 0)


def happened(world: World) -> list[str]:
    return [str(event.what) for event in reversed(world.store.events())]


async def test_a_spent_budget_stops_the_audits_and_the_ledger_says_so_once(world: World) -> None:
    spent = replace(CALM, budget=BudgetSignal(cloud=End(Scope.DAY, Kind.MONEY)))
    poor = replace(world.audits, house=lambda: replace(world.house, around=Around(spent)))
    judged = weigh(ASK, DRAFT, world.house)
    for _ in range(3):
        slip = world.keeper.kept(judged)
        assert slip is not None
        assert not await poor.send(ASK, judged, slip)
    assert not world.post.taken
    assert happened(world) == ["begun", "audits_stopped"]
    slip = world.keeper.kept(judged)
    assert slip is not None
    assert await world.audits.send(ASK, judged, slip)
    assert happened(world) == ["begun", "audits_stopped", "audits_resumed"]


async def test_answers_kept_for_want_of_money_are_not_watched_and_the_ledger_says_why(world: World) -> None:
    world.desk.after(ASK, kept(world, why=Why.BUDGET_SPENT))
    world.desk.after(ASK, kept(world, why=Why.BUDGET_SPENT))
    assert world.keeper.standing(Line("device", Task.CALLS, PROMISE)).saved.kept == 0
    assert happened(world) == ["begun", "audits_stopped"]
    again = Keeper(Stance(Promises(PROMISE), audit=0.5), world.store, calibration, key=KEY, clock=FixedClock(), draw=lambda: 0.0)  # fmt: skip
    again.audited("device/calls", stopped=True)  # a restart says nothing anew
    assert happened(world) == ["begun", "audits_stopped"]


async def test_audits_that_wait_in_the_spool_for_money_are_told_and_go_on_when_there_is_some(
    world: World,
) -> None:
    world.desk.after(ASK, kept(world))
    await sent(world)
    world.post.poor = True
    world.settle(state=LateState.WAITING)
    world.settle(state=LateState.WAITING)
    assert happened(world) == ["begun", "audits_stopped"]
    world.desk.after(ASK, kept(world))
    await sent(world)
    assert happened(world) == ["begun", "audits_stopped"]  # older ones still wait
    world.post.poor = False
    world.desk.after(ASK, kept(world))
    await sent(world)
    assert happened(world)[-1] == "audits_resumed"


async def test_what_may_not_leave_is_not_audited(world: World) -> None:
    asks = replace(world.house.policy, modes=Modes(Mode.ASK))
    world.house = replace(world.house, policy=asks)
    audits = replace(world.audits, house=lambda: world.house)
    slip = world.keeper.kept(weigh(ASK, DRAFT, world.house))
    assert slip is not None
    assert not await audits.send(ASK, weigh(ASK, DRAFT, world.house), slip)
    assert not world.post.taken


async def test_an_answer_that_had_to_stay_is_not_counted(world: World) -> None:
    world.desk.after(ASK, kept(world, why=Why.POLICY_MUST_STAY))
    world.desk.after(ASK, kept(world, judged=weigh(ASK, DRAFT, world.house, watched=False)))
    assert world.keeper.standing(Line("device", Task.CALLS, PROMISE)).saved.kept == 0


async def test_a_released_answer_says_whether_the_escalated_draft_was_right(world: World) -> None:
    doubtful = replace(world.house, local=FakeModel(DRAFT, 0.3))
    made = Answer(State.ANSWERED, Source.CLOUD, Why.UNSURE, "", (SAME,), judged=weigh(ASK, DRAFT, doubtful))
    learn_from(made, ASK, world.audits)
    learn_from(replace(made, tool_calls=(OTHER,), reviewed=True), ASK, world.audits)
    assert [(o.wrong, o.origin) for o in world.store.outcomes()] == [
        (0.0, Origin.CLOUD),
        (1.0, Origin.REVIEWER),
    ]
    assert not world.store.opened(10)


def test_two_texts_that_differ_may_both_be_right() -> None:
    own = claims(KEY, "It is noon.", ())
    assert compared(own, claims(KEY, "it is NOON. ", ())) is Found.RIGHT
    assert compared(own, claims(KEY, "Midday", ())) is Found.UNDECIDED
    assert compared(claims(KEY, "", (CALL,)), claims(KEY, "Sorry?", ())) is Found.WRONG
