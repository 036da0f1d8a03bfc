"""What the fleet is told of a promise: how it stands and what was found, and not which application it is about."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edge.device_key import DeviceKey
from edge.promise.health import health_of
from edge.promise.judgement import Ground, Judgement, Signals
from edge.promise.keeper import Keeper, Stance
from edge.promise.lines import Promises
from edge.promise.verdict import Found
from edge.store.promises import Origin, PromiseStore
from edge.store.schema import open_durable, open_journal
from tests.fakes.promises import PROMISE, calibration
from tidegate.clock import FixedClock
from tidegate.health import Scope
from tidegate.ids import RequestId
from tidegate.risk.monitor import State
from tidegate.risk.task import Task


def test_an_alarm_is_in_the_word_with_its_counts_and_without_a_name(tmp_path: Path) -> None:
    bases = (open_durable(tmp_path), open_journal(tmp_path))
    store, model = PromiseStore(*bases), calibration()
    keeper = Keeper(
        Stance(Promises(applications={"kitchen": PROMISE}), audit=1.0), store, lambda: model,
        key=DeviceKey(b"k" * 32), clock=FixedClock(1_800_000_000.0), draw=lambda: 0.0,
    )  # fmt: skip
    line = keeper.line("kitchen", Task.CALLS)
    assert line is not None
    for number in range(40):
        judged = Judgement(
            Signals(Task.CALLS, 0.95), keeper.standing(line).watch.keep_at, Ground.SURE_ENOUGH, line
        )
        slip = keeper.kept(judged)
        assert slip is not None
        name = RequestId(f"req_{number:08}")
        keeper.heard(keeper.check(name, name, judged, slip), Found.WRONG, Origin.AUDIT)
        if keeper.standing(line).watch.state is not State.KEEPING:
            break
    health = health_of(
        {("device", "answered"): 7, ("cloud", "answered"): 2, ("nobody", "held"): 1},
        {"queued": 2, "held": 1, "done": 9, "dead": 1},
        keeper.standings(), store.events(), 1_800_000_000.7,
    )  # fmt: skip
    assert (health.at, health.here, health.there, health.nobody) == (1_800_000_000, 7, 2, 1)
    assert (health.spooled, health.given_up) == (3, 1)
    (alarmed,) = health.alarmed
    assert (alarmed.scope, alarmed.task, alarmed.state) == (Scope.APPLICATION, Task.CALLS, State.TIGHTENED)
    assert alarmed.alarms == 1
    assert alarmed.wrong == number + 1
    assert alarmed.alarm_at == 1_800_000_000
    assert "kitchen" not in repr(health)
    assert not replace(alarmed, state=State.KEEPING).alarmed
    for base in bases:
        base.close()
