"""The keeper: which draft is kept under a promise, and what verdicts do to it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from edge.device_key import DeviceKey
from edge.ports import Request
from edge.promise.judgement import Ground, Judgement, Line, Signals
from edge.promise.keeper import Keeper, Stance, Standing
from edge.promise.lines import Promises
from edge.promise.verdict import Found
from edge.store.promises import Happened, Origin, PromiseStore
from edge.store.schema import Base, open_durable, open_journal
from tests.fakes.promises import HOPELESS, PROMISE, SURE, calibration
from tidegate.chat import Message, Prompt, Role
from tidegate.clock import FixedClock
from tidegate.ids import ConversationId, RequestId, TraceId
from tidegate.risk.calibrate import Calibration
from tidegate.risk.held_out import HeldOut
from tidegate.risk.monitor import State
from tidegate.risk.promise import Promise
from tidegate.risk.task import Task


def ask(application: str = "tests", name: str = "req_12345678") -> Request:
    return Request(
        Prompt((Message(Role.USER, "stop"),)),
        RequestId(name),
        ConversationId("conv_12345678"),
        TraceId("1" * 32),
        application,
    )


def draft(p_right: float, novelty: float | None = None) -> Signals:
    return Signals(Task.CALLS, p_right, novelty=novelty)


@dataclass
class Desk:
    """A keeper over real tables; the model can be changed, and the draws are a seeded row."""

    folder: Path
    stance: Stance = field(default_factory=lambda: Stance(Promises(PROMISE), audit=0.2))
    model: Calibration | None = field(default_factory=calibration)
    seed: int = 3
    bases: list[Base] = field(default_factory=list)

    def open(self) -> Keeper:
        self.close()
        self.bases = [open_durable(self.folder), open_journal(self.folder)]
        for base in self.bases:
            base.db.execute("PRAGMA synchronous = OFF")  # no power is cut here
        self.store = PromiseStore(*self.bases)
        return Keeper(
            self.stance, self.store, lambda: self.model,
            key=DeviceKey(b"k" * 32), clock=FixedClock(), draw=random.Random(self.seed).random,
        )  # fmt: skip

    def close(self) -> None:
        while self.bases:
            self.bases.pop().close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


def judged(keeper: Keeper, signals: Signals, application: str = "tests") -> Judgement:
    found = keeper.judge(ask(application), signals)
    assert found is not None
    return found


def line(keeper: Keeper) -> Standing:
    return keeper.standing(Line("device", Task.CALLS, PROMISE))


def run(keeper: Keeper, desk: Desk, rights: Callable[[int], bool], most: int) -> int:
    """Keeps answers, audits them at once, until something happens; returns how many were kept."""
    judged(keeper, draft(0.99))  # begins the line
    events = len(desk.store.events())
    for at in range(most):
        one = judged(keeper, draft(0.99))
        if not one.kept:
            return at
        if slip := keeper.kept(one):
            check = keeper.check(RequestId(f"req_audit{at:06}"), RequestId(f"req_kept_{at:06}"), one, slip)
            desk.store.closed(check.asked_id)
            keeper.heard(check, Found.RIGHT if rights(at) else Found.WRONG, Origin.AUDIT)
        if len(desk.store.events()) > events:
            return at + 1
    return most


def test_a_draft_is_kept_from_the_tested_threshold_on(desk: Desk) -> None:
    keeper = desk.open()
    keep_at = line(keeper).watch.keep_at
    assert 0.6 < keep_at < 0.8
    assert judged(keeper, draft(keep_at)).ground is Ground.SURE_ENOUGH
    assert judged(keeper, draft(keep_at - 0.001)).ground is Ground.NOT_SURE_ENOUGH


@pytest.mark.parametrize(
    "model", [None, calibration(None), calibration(HOPELESS), calibration(HeldOut((0.9,), (0.0,)))]
)
def test_what_the_outcomes_cannot_support_is_not_promised_and_all_is_escalated(
    desk: Desk, model: Calibration | None
) -> None:
    desk.model = model
    found = judged(desk.open(), draft(1.0))
    assert (found.ground, found.kept) == (Ground.NO_PROMISE_POSSIBLE, False)
    assert found.keep_at > 1


def test_where_nothing_was_promised_the_keeper_has_nothing_to_say(desk: Desk) -> None:
    desk.stance = Stance(Promises(None, {"kitchen": PROMISE}), audit=0.2)
    keeper = desk.open()
    assert keeper.judge(ask("hall"), draft(0.9)) is None
    assert judged(keeper, draft(0.9), "kitchen").kept


def test_a_request_unlike_all_outcomes_is_not_kept_however_sure_the_draft(desk: Desk) -> None:
    keeper = desk.open()
    assert judged(keeper, draft(1.0, novelty=0.99)).kept
    assert judged(keeper, draft(1.0, novelty=1.01)).ground is Ground.UNLIKE_OUTCOMES


def test_a_threshold_of_the_operator_only_makes_it_stricter(desk: Desk) -> None:
    desk.stance = Stance(Promises(PROMISE), audit=0.2, at_least=0.95)
    keeper = desk.open()
    assert not judged(keeper, draft(0.94)).kept
    desk.stance = Stance(Promises(PROMISE), audit=0.2, at_least=0.1)
    assert not judged(desk.open(), draft(0.6)).kept


def test_while_the_promise_holds_nothing_happens(desk: Desk) -> None:
    keeper = desk.open()
    assert run(keeper, desk, lambda at: at % 50 != 0, 400) == 400
    keeper.close()
    assert [e.what for e in desk.store.events()] == [Happened.BEGUN]
    saved = line(keeper).saved
    assert saved.kept == 400
    assert saved.drawn == saved.right + saved.wrong > 40


def test_a_breach_tightens_then_stops_and_a_restart_does_not_forget_it(desk: Desk) -> None:
    keeper = desk.open()
    before = line(keeper).watch.keep_at
    assert run(keeper, desk, lambda at: at % 3 != 0, 2000) < 2000
    tightened = line(keeper).watch
    assert (tightened.state, keeper.alarms) == (State.TIGHTENED, 1)
    assert tightened.keep_at > before
    assert judged(keeper, draft((before + tightened.keep_at) / 2)).ground is Ground.ALARM_TIGHTENED
    keeper = desk.open()
    assert line(keeper).watch == tightened
    run(keeper, desk, lambda at: at % 3 != 0, 2000)
    assert judged(desk.open(), draft(1.0)).ground is Ground.ALARM_STOPPED
    assert [e.what for e in desk.store.events()] == [Happened.ALARM, Happened.ALARM, Happened.BEGUN]
    assert desk.store.events()[0].seen > PROMISE.wrong_at_most


def test_only_other_outcomes_relax_it_again_and_going_back_finds_the_alarm(desk: Desk) -> None:
    keeper = desk.open()
    run(keeper, desk, lambda at: at % 3 != 0, 2000)
    old = desk.model
    desk.model = calibration(HeldOut(SURE, tuple(float(s < 0.7) for s in SURE)))
    assert line(keeper).watch.state is State.KEEPING
    assert desk.store.events()[0].what is Happened.NEW_FIT
    desk.model = old
    assert line(keeper).watch.state is State.TIGHTENED


def test_stating_the_promise_anew_does_not_relax_it(desk: Desk) -> None:
    run(desk.open(), desk, lambda at: at % 3 != 0, 2000)
    desk.stance = Stance(Promises(Promise(0.06)), audit=0.3)
    keeper = desk.open()
    now = keeper.standing(Line("device", Task.CALLS, Promise(0.06)))
    assert now.watch.state is State.TIGHTENED
    assert now.watch.keep_at == now.terms.tighter


def test_stating_it_anew_in_flight_counts_on_and_does_not_relax_it_either(desk: Desk) -> None:
    keeper = desk.open()
    run(keeper, desk, lambda at: at % 3 != 0, 2000)
    before = line(keeper)
    assert before.watch.state is State.TIGHTENED
    keeper.restate(Stance(Promises(Promise(0.06)), audit=0.3))
    now = keeper.standing(Line("device", Task.CALLS, Promise(0.06)))
    assert now.saved.kept == before.saved.kept
    assert now.watch.state is State.TIGHTENED
    keeper.restate(Stance(Promises(None)))
    assert keeper.judge(ask("tests"), draft(0.9)) is None


def test_an_audit_that_could_not_be_sent_counts_as_one_not_drawn(desk: Desk) -> None:
    keeper = desk.open()
    desk.seed = 0
    one = judged(keeper, draft(0.99))
    while keeper.kept(one) is None:
        pass
    waiting = line(keeper)
    assert one.line is not None
    keeper.undrawn(one.line)
    after = line(keeper)
    assert (after.saved.drawn, after.watch) == (waiting.saved.drawn - 1, waiting.watch)


def test_an_escalated_draft_teaches_without_moving_the_watch(desk: Desk) -> None:
    keeper = desk.open()
    one = replace(judged(keeper, draft(0.55)), claims=b"c1")
    before = line(keeper).watch
    check = keeper.check(RequestId("req_12345678"), RequestId("req_12345678"), one)
    keeper.heard(check, Found.WRONG, Origin.CLOUD)
    assert line(keeper).watch == before
    assert [(o.wrong, o.origin, o.chance) for o in desk.store.outcomes("device/calls")] == [
        (1.0, Origin.CLOUD, 1.0)
    ]
