"""What a decision costs beside the encoder's pass: every signal gathered, the plan, its reasons, and its line for the journal."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edge.config import Budget, EdgeConfig
from edge.ports import Request
from edge.routing.plan import Facts, Why, plan
from edge.routing.reasons import reasons
from edge.routing.record import Record, text
from edge.store.schema import open_durable
from edge.store.spend import SpendStore
from edge.surroundings import Surroundings
from edge.uplink.reach import Reach
from scripts.evaluation.intervals import Estimate, bootstrap
from scripts.evaluation.rows import Bar, Row, Unit
from tidegate.chat import Message, Prompt, Role
from tidegate.clock import SystemClock
from tidegate.engines.port import Finish
from tidegate.ids import ConversationId, RequestId, TraceId
from tidegate.risk.fit import Floats

CONVERSATIONS = 200


def rows(decisions: int) -> Iterator[Row]:
    """The 99th percentile over so many decisions, each about another request."""
    with tempfile.TemporaryDirectory() as folder:
        spent = np.array(list(_timed(Path(folder), decisions))) * 1e3
    note = f"median {np.median(spent[:, 0]):.3f} ms, {decisions} decisions with all signals"
    yield Row("decision", "p99", _p99(spent[:, 0]), Unit.MS, Bar(1.0, at_least=False), note)
    about = "without what other programs took of the core"
    yield Row("decision", "p99 of its own time", _p99(spent[:, 1]), Unit.MS, None, about, detail=True)


def _p99(spent: Floats) -> Estimate:
    return bootstrap(len(spent), lambda chosen: float(np.percentile(spent[chosen], 99)))


def _timed(folder: Path, decisions: int) -> Iterator[tuple[float, float]]:
    """Seconds by the clock, and seconds of this thread."""
    config = EdgeConfig(
        state=folder, budget=Budget(day_money=1e9, conversation_tokens=10**9, money_per_1k_prompt=1.0)
    )
    clock, base = SystemClock(), open_durable(folder)
    around = Surroundings(lambda: config, clock, SpendStore(base))
    reach = Reach()
    for _ in range(64):
        reach.succeeded(clock.mono(), 0.3)
    around.link = lambda left_s: reach.signal(clock.mono(), left_s)
    for number in range(decisions):
        request = _request(number)
        began, own = time.perf_counter(), time.thread_time()
        _decided(request, around)
        yield time.perf_counter() - began, time.thread_time() - own
    base.close()


def _decided(request: Request, around: Surroundings) -> str:
    facts = Facts(
        local_model=True,
        uplink=True,
        redactable=True,
        tools_offered=False,
        prompt_tokens=80,
        context_tokens=1024,
        local_speaks=True,
        world=around.world(request, 80),
    )
    plan(facts)
    why = reasons(Why.UNSURE, facts.world, waits=True, drafted=True)
    return text(Record(facts, why, 0.7, 0.4, Finish.STOP, 12))


def _request(number: int) -> Request:
    return Request(
        prompt=Prompt((Message(Role.USER, f"question {number}"),)),
        request_id=RequestId(f"req_{number:08}"),
        conversation=ConversationId(f"conv_{number % CONVERSATIONS:08}"),
        trace=TraceId("1" * 32),
        application=f"app-{number % 3}",
    )
