"""The settings that a replay can try, by their names in the settings file: `name=value` in, a change of what was known out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

from edge.routing.budget import Kind, Limits, Rates, Scope, WhenSpent
from edge.routing.mode import Mode
from edge.routing.plan import Facts
from edge.routing.replay import Change, Other
from edge.routing.vitals import Strain
from edge.routing.world import MeteredSends
from tidegate.errors import BadRequest

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Known:
    """A setting: what it does, and how a value becomes a change of the settings to try."""

    about: str
    apply: Callable[[Other, str, str], Other]


def other(pairs: Sequence[str], rates: Rates, limits: Mapping[Scope, Limits], when: WhenSpent) -> Other:
    """The settings of `name=value` pairs, over the prices and budgets of the device. Budgets are kept as recorded unless one
    of them is named. Raises BadRequest naming the pair."""
    found = Other(rates=rates)
    for pair in pairs:
        name, sign, value = pair.partition("=")
        name = name.strip()
        known = KNOWN.get(name.removeprefix("policy."), KNOWN.get(name))
        if known is None or not sign:
            raise BadRequest(
                f"--set {name}: not a setting that can be tried",
                code="bad_setting",
                param=name,
                hint="one of " + ", ".join(KNOWN),
            )
        if name.startswith("budget.") and found.limits is None and not name.startswith("budget.money_per"):
            found = replace(found, limits=limits, when_spent=found.when_spent or when)
        found = known.apply(found, name, value.strip())
    return found


def _keep_at(found: Other, name: str, value: str) -> Other:
    return replace(found, keep_at=_number(name, value))


def _mode(found: Other, name: str, value: str) -> Other:
    mode = _word(Mode, name, value)
    return _with(found, lambda facts: replace(facts, mode=mode))


def _injection(found: Other, name: str, value: str) -> Other:
    at = _number(name, value)
    return _with(found, lambda facts: replace(facts, refuse_injection_at=at))


def _fails_from(found: Other, name: str, value: str) -> Other:
    least = _number(name, value)

    def change(facts: Facts) -> Facts:
        world = facts.world
        fails = 0 < least < 1 and world.task.wrong_at_least >= least
        return replace(facts, world=replace(world, task=replace(world.task, known_to_fail=fails)))

    return _with(found, change)


def _metered_sends(found: Other, name: str, value: str) -> Other:
    sends = _word(MeteredSends, name, value)

    def change(facts: Facts) -> Facts:
        return replace(facts, world=replace(facts.world, link=replace(facts.world.link, metered_sends=sends)))

    return _with(found, change)


def _deadline(found: Other, name: str, value: str) -> Other:
    return replace(found, deadline_s=_number(name, value))


def _vitals(found: Other, name: str, value: str) -> Other:
    if _flag(name, value):
        return found

    def change(facts: Facts) -> Facts:
        vitals = replace(facts.world.vitals, strain=Strain.NONE, sign=None)
        return replace(facts, world=replace(facts.world, vitals=vitals))

    return _with(found, change)


def _when_spent(found: Other, name: str, value: str) -> Other:
    return replace(found, when_spent=_word(WhenSpent, name, value))


def _rate(found: Other, name: str, value: str) -> Other:
    number = _number(name, value)
    match name:
        case "budget.money_per_1k_prompt":
            return replace(found, rates=replace(found.rates, money_per_1k_prompt=number))
        case "budget.money_per_1k_completion":
            return replace(found, rates=replace(found.rates, money_per_1k_completion=number))
        case _:
            return replace(found, rates=replace(found.rates, joules_per_token=number))


def _limit(found: Other, name: str, value: str) -> Other:
    """`budget.day_money` and its kin; `none` lifts the limit."""
    scope_name, _, kind_name = name.removeprefix("budget.").partition("_")
    scope = Scope(scope_name)
    most = None if value == "none" else _number(name, value)
    before = (found.limits or {}).get(scope, Limits())
    return replace(found, limits={**(found.limits or {}), scope: _limited(before, Kind(kind_name), most)})


def _limited(before: Limits, kind: Kind, most: float | None) -> Limits:
    match kind:
        case Kind.MONEY:
            return replace(before, money=most)
        case Kind.TOKENS:
            return replace(before, tokens=None if most is None else int(most))
        case Kind.JOULES:
            return replace(before, joules=most)


KNOWN: Mapping[str, Known] = {
    "keep_at": Known("P(right) from which a draft is kept", _keep_at),
    "mode": Known("local-only, ask, prefer-local or prefer-cloud", _mode),
    "refuse_injection_at": Known("refuse what reads as an attack from here on", _injection),
    "fails_from": Known("kinds of work that fail this often go straight to the cloud", _fails_from),
    "uplink.metered_sends": Known("all, must-go or nothing", _metered_sends),
    "door.deadline_s": Known("seconds a request may take", _deadline),
    "vitals.enabled": Known("false: as if the machine were never under strain", _vitals),
    "budget.when_spent": Known("best-so-far, local-only or refuse", _when_spent),
    **{
        f"budget.{scope}_{kind}": Known("the most; none: no bound", _limit)
        for scope in Scope
        for kind in Kind
    },
    "budget.money_per_1k_prompt": Known("price of a thousand tokens the cloud reads", _rate),
    "budget.money_per_1k_completion": Known("price of a thousand tokens it writes", _rate),
    "budget.joules_per_token": Known("joules of a token of a draft", _rate),
}


def _with(found: Other, change: Change) -> Other:
    return replace(found, changes=(*found.changes, change))


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError as error:
        raise _bad(name, "a number") from error
    if not 0 <= number < float("inf"):
        raise _bad(name, "a number from 0")
    return number


def _flag(name: str, value: str) -> bool:
    if value not in ("true", "false"):
        raise _bad(name, "true or false")
    return value == "true"


def _word(kind: type[E], name: str, value: str) -> E:
    try:
        return kind(value)
    except ValueError as error:
        raise _bad(name, "one of " + ", ".join(kind)) from error


def _bad(name: str, wanted: str) -> BadRequest:
    return BadRequest(f"--set {name}: {wanted} is wanted", code="bad_setting", param=name)
