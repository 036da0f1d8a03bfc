"""A made-up day of a device: seeded and synthetic, nobody's requests. For replays, charts and benches."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from edge.ports import Source, State
from edge.routing.link import Health
from edge.routing.plan import EscalateNow, Facts, Refuse, StayLocal, TryLocal, Why, plan
from edge.routing.record import Record, text
from edge.routing.world import LinkSignal, TaskSignal, World
from edge.store.journal import Line
from tidegate.engines.port import Finish
from tidegate.ids import ConversationId, RequestId, Ticket, TraceId
from tidegate.risk.task import Task

KEEP_AT = 0.7
HOUR_S = 3600.0
BUSY = (1, 1, 1, 1, 1, 2, 6, 10, 8, 5, 4, 5, 7, 5, 4, 5, 7, 10, 12, 12, 9, 6, 3, 2)  # shares of the hours
OUTAGE = 20  # the hour in which the cloud is away


def lines(rows: int, *, start: float, seed: int = 7) -> Iterator[Line]:
    """The journal of a day that begins at `start`: mostly calls of tools, an outage in the evening, one application in three."""
    dice = random.Random(seed)
    hours = sorted(dice.choices(range(24), weights=BUSY, k=rows))
    for at, hour in enumerate(hours):
        yield _line(at, start + hour * HOUR_S + dice.random() * HOUR_S, hour, dice)


def _line(number: int, at: float, hour: int, dice: random.Random) -> Line:
    task = dice.choices([Task.CALLS, Task.RESULTS, Task.PROSE], [7, 2, 1])[0]
    sure = min(max(dice.betavariate(6, 1.2) if task is Task.CALLS else dice.betavariate(2, 2), 0.001), 0.999)
    facts = Facts(
        local_model=True,
        uplink=True,
        redactable=True,
        tools_offered=task is not Task.PROSE,
        prompt_tokens=dice.randint(20, 400) if dice.random() < 0.98 else 3000,
        context_tokens=1024,
        local_speaks=True,
        must_stay=dice.random() < 0.03,
        must_go=dice.random() < 0.02,
        world=_world(hour, task),
    )
    record = Record(
        facts, (), KEEP_AT, sure, dice.choices([Finish.STOP, Finish.PASS], [95, 5])[0], dice.randint(5, 60)
    )
    source, state, why, record = _answered(record)
    waits = state in (State.DEGRADED, State.QUEUED) and why in (
        Why.UNSURE,
        Why.PASSED,
        Why.POLICY_MUST_GO,
        Why.TOO_LONG,
    )
    return Line(
        request_id=RequestId(f"req_{number:08}"),
        at=at,
        application=f"app-{dice.randint(1, 3)}",
        conversation=ConversationId(f"conv_{dice.randint(0, number // 4):08}"),
        trace=TraceId("0" * 32),
        state=state,
        source=source,
        why=why,
        confidence=record.p_right,
        latency_ms=dice.uniform(20, 90) if source is not Source.CLOUD else dice.uniform(300, 2500),
        model="synthetic-1",
        ticket=Ticket(f"tkt_{number:08}") if waits else None,
        prompt_tokens=facts.prompt_tokens,
        completion_tokens=record.written if source is not Source.CLOUD else dice.randint(20, 300),
        decision=text(replace(record, reasons=(why,))),
    )


def _world(hour: int, task: Task) -> World:
    away = LinkSignal(Health.DOWN, open=False) if hour == OUTAGE else LinkSignal()
    known = TaskSignal(task, 200, 0.3 if task is Task.PROSE else 0.02)
    return World(link=away, task=known)


def _answered(record: Record) -> tuple[Source, State, Why, Record]:
    """What a turn makes of it, as edge.turn does."""
    undrafted = replace(record, p_right=None, finish=None, written=0)
    match plan(record.facts):
        case Refuse(why):
            return Source.NOBODY, State.REFUSED, why, undrafted
        case StayLocal(why):
            if record.finish is Finish.PASS:
                return Source.NOBODY, State.DEGRADED, why, replace(record, p_right=0.0)
            sure = record.p_right is not None and record.p_right >= record.keep_at
            return Source.DEVICE, State.ANSWERED if sure else State.DEGRADED, why, record
        case EscalateNow(why):
            return *_asked(undrafted), why, undrafted
        case TryLocal():
            pass
    if record.finish is Finish.PASS:
        return *_asked(record), Why.PASSED, record
    if record.p_right is not None and record.p_right >= record.keep_at:
        return Source.DEVICE, State.ANSWERED, Why.CONFIDENT, record
    return *_asked(record), Why.UNSURE, record


def _asked(record: Record) -> tuple[Source, State]:
    if record.facts.world.link.open:
        return Source.CLOUD, State.ANSWERED
    usable = record.finish is Finish.STOP
    return (Source.DEVICE, State.DEGRADED) if usable else (Source.NOBODY, State.QUEUED)
