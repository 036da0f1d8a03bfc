"""The plan page: where a request would go, with every signal behind it and all that would leave. Nothing is generated or sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING

from edge.facts import look
from edge.foresight import foretell, told_promise
from edge.gateway.door import Caller, Door, understand
from edge.gateway.schema import parse_chat
from edge.routing.dryrun import Foreseen
from edge.routing.mode import Mode
from edge.routing.plan import Facts, TryLocal, Why, plan
from edge.routing.world import World
from edge.shortening import economised
from edge.turn import escalation
from tidegate.chat import JSON
from tidegate.errors import BadRequest

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing the plan depends on. `group`: request, link, vitals, budget, task or model."""

    group: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn as it would leave: redacted."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the page shows. `leaves`: local, escalate, maybe (when the draft is not good enough), ask or never."""

    decision: str
    leaves: str
    why: tuple[str, ...]
    prospect: float | None  # P(right) of a draft before it is written; None: nobody looked
    keep_at: float
    signals: tuple[Signal, ...]
    turns: tuple[Turn, ...]
    entities: Mapping[str, int]
    size: int  # bytes on the wire, 0 where nothing could leave


@dataclass(frozen=True, slots=True)
class Wanted:
    """The form: a question, tools as JSON, the application whose rules count, a mode to try."""

    text: str
    tools: str = ""
    application: str = ""
    mode: str = ""


async def outlook(door: Door, wanted: Wanted, room: str) -> Outlook:
    """Raises BadRequest with the field that is wrong."""
    call = parse_chat(_body(wanted))
    caller = Caller(wanted.application or "status page", named=f"plan {room}", wish=_mode(wanted.mode))
    house = door.house()
    request = await economised(understand(door, call, caller)[0], house)
    redacted, facts = await look(request, house)
    told = await foretell(
        request.prompt,
        facts,
        house.local,
        usual=house.policy.keep_at,
        stands=door.stands(request.application),
    )
    found = told.found
    leaves = _leaves(facts, found)
    raw = b""
    if redacted is not None and leaves != "never" and door.encode is not None:
        why = found.why[0] if found.decision == "escalate" else Why.UNSURE
        raw = door.encode(escalation(request, redacted, why, house))
    shown = redacted if redacted is not None and leaves != "never" else None
    return Outlook(
        decision=found.decision,
        leaves=leaves,
        why=tuple(str(why) for why in found.why),
        prospect=told.prospect,
        keep_at=found.keep_at,
        signals=(*signals(facts, told.seen), *_promise(told_promise(told))),
        turns=tuple(Turn(str(one.role), one.content.text) for one in shown.messages) if shown else (),
        entities={str(label): count for label, count in shown.entities.items()} if shown else {},
        size=len(raw),
    )


def signals(facts: Facts, seen: Mapping[str, float]) -> tuple[Signal, ...]:
    """Everything the plan depends on, and what the model saw, as words. Pure."""
    world: World = facts.world
    found = [signal for signal in _words(facts, "request") if signal.name != "world"]
    for part in fields(world):
        found += _words(getattr(world, part.name), part.name)
    glance = [Signal("model", name, f"{value:.3f}") for name, value in sorted(seen.items())]
    order = ("request", "model", "task", "link", "vitals", "budget")
    return tuple(
        sorted(
            (*found, *glance), key=lambda one: order.index(one.group) if one.group in order else len(order)
        )
    )


def _promise(promised: JSON) -> Iterator[Signal]:
    """What was promised about such answers, and how it stands; nothing where nothing was promised."""
    if isinstance(promised, dict):
        for name, value in promised.items():
            yield Signal("promise", name, _value(value))


def _words(value: DataclassInstance, group: str) -> Iterator[Signal]:
    """What a value is made of, down to numbers and words; the world of a request has groups of its own."""
    for one in fields(value):
        inner: object = getattr(value, one.name)
        if is_dataclass(inner) and not isinstance(inner, type | World):
            yield from _words(inner, group)
        else:
            yield Signal(group, one.name, _value(inner))


def _value(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Enum():
            return str(value.value)
        case float():
            return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}".rstrip("0").rstrip(".")
        case None:
            return "–"
        case int() | str():
            return str(value)
        case dict():
            return ", ".join(f"{name} {_value(one)}" for name, one in value.items())
        case tuple() | frozenset():
            return ", ".join(map(_value, value)) or "none"
        case _:
            return "set"


def _leaves(facts: Facts, found: Foreseen) -> str:
    """Whether anything would leave: `never` covers what rules keep here and what is refused."""
    if found.decision == "escalate":
        return "escalate"
    if Why.CONSENT_NEEDED in found.why and facts.asks:
        return "ask"
    tries = isinstance(plan(facts), TryLocal)
    return ("ask" if facts.asks else "maybe") if tries else "never"


def _body(wanted: Wanted) -> bytes:
    tools = wanted.tools.strip() or "[]"
    try:
        parsed: object = json.loads(tools)
    except ValueError as error:
        raise BadRequest("the tools are not valid JSON", code="bad_json", param="tools") from error
    body: dict[str, object] = {"model": "tidegate", "messages": [{"role": "user", "content": wanted.text}]}
    if parsed:
        body["tools"] = parsed
    return json.dumps(body).encode()


def _mode(word: str) -> Mode | None:
    try:
        return Mode(word) if word else None
    except ValueError as error:
        raise BadRequest("there is no such mode", param="mode") from error
