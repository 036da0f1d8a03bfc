"""Where a request should be answered, and why. Pure: no clock, no disk, no network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from edge.routing.budget import WhenSpent
from edge.routing.mode import Mode
from edge.routing.vitals import Sign, Strain
from edge.routing.world import CALM, World


class Why(StrEnum):
    """Why a request stayed, left or was refused. Closed: it is shown, counted, and (the escalating ones) sent."""

    # stays
    LOCAL_ONLY = "local_only"
    POLICY_MUST_STAY = "policy_must_stay"
    CONSENT_NEEDED = "consent_needed"
    REDACTION_UNAVAILABLE = "redaction_unavailable"
    CONFIDENT = "confident"
    LINK_DOWN = "link_down"
    METERED = "metered"
    BUDGET_SPENT = "budget_spent"
    # leaves (mirrored by wire Why)
    UNSURE = "unsure"
    PASSED = "passed"
    POLICY_MUST_GO = "policy_must_go"
    TOO_LONG = "too_long"
    NO_LOCAL_MODEL = "no_local_model"
    INVALID_DRAFT = "invalid_draft"
    NO_TOOLS = "no_tools"
    PREFERRED = "preferred"
    AUDIT = "audit"
    APPROVAL = "approval"
    KNOWN_TO_FAIL = "known_to_fail"
    ENERGY_SPENT = "energy_spent"
    BATTERY_LOW = "battery_low"
    HOT = "hot"
    MEMORY_LOW = "memory_low"
    BUSY = "busy"
    # said beside another reason
    LINK_FLAPPING = "link_flapping"
    CAPTIVE_PORTAL = "captive_portal"
    CLOUD_SLOW = "cloud_slow"
    SHORTENED = "shortened"
    # refused
    INJECTION = "injection"
    NOTHING_CAN_ANSWER = "nothing_can_answer"


class Consent(StrEnum):
    """Whether redacted requests may leave: always, after the application has asked somebody, or never."""

    ALWAYS = "always"
    ASK = "ask"
    NEVER = "never"


def strictest(classes: Iterable[Consent]) -> Consent:
    """The one that allows least; without any, always."""
    order = (Consent.ALWAYS, Consent.ASK, Consent.NEVER)
    return max(classes, key=order.index, default=Consent.ALWAYS)


@dataclass(frozen=True, slots=True)
class StayLocal:
    """Answer here whatever the confidence; the answer says so when it is low."""

    why: Why


@dataclass(frozen=True, slots=True)
class TryLocal:
    """Draft here, keep the draft if P(right) reaches the threshold, else escalate; `ask`: else ask somebody first."""

    ask: bool = False


@dataclass(frozen=True, slots=True)
class EscalateNow:
    """Do not draft: go straight to the cloud."""

    why: Why


@dataclass(frozen=True, slots=True)
class Refuse:
    """Neither tier may answer."""

    why: Why


Plan = StayLocal | TryLocal | EscalateNow | Refuse


@dataclass(frozen=True, slots=True)
class Facts:
    """What the plan may depend on. Numbers and flags only, never text."""

    local_model: bool
    uplink: bool
    redactable: bool
    tools_offered: bool
    prompt_tokens: int
    context_tokens: int
    local_speaks: bool = False  # the local model answers in prose too, not only with tool calls
    must_stay: bool = False
    must_go: bool = False
    mode: Mode = Mode.PREFER_LOCAL
    consent: Consent = Consent.ALWAYS  # what this request, with what was found in it, needs
    consented: bool = False  # the application says that somebody has agreed
    injection: float = 0.0
    refuse_injection_at: float = 1.1  # above 1: never
    world: World = CALM

    @property
    def asks(self) -> bool:
        """Whether somebody must agree to exactly this request before it leaves, and nobody has."""
        return self.mode is Mode.ASK and not self.consented


SIGNS = {
    Sign.BATTERY: Why.BATTERY_LOW,
    Sign.HEAT: Why.HOT,
    Sign.MEMORY: Why.MEMORY_LOW,
    Sign.PRESSURE: Why.MEMORY_LOW,
    Sign.QUEUE: Why.BUSY,
}


def plan(facts: Facts) -> Plan:
    """The first rule that applies, from "may not" over "must" to "can"; then whether it can be paid for, and who is asked."""
    if facts.injection >= facts.refuse_injection_at:
        return Refuse(Why.INJECTION)
    stays = _must_stay(facts)
    if stays is not None:
        return _stay(facts, stays)
    match _afforded(_way(facts), facts):
        case EscalateNow() if facts.asks:
            return Refuse(Why.CONSENT_NEEDED)
        case way:
            return way


def _stay(facts: Facts, why: Why) -> StayLocal | Refuse:
    """What must stay: nothing else can answer it, so only a machine that cannot go on says no."""
    if not facts.local_model:
        return Refuse(why if why is Why.CONSENT_NEEDED else Why.NOTHING_CAN_ANSWER)
    if facts.world.budget.local is not None:
        return Refuse(Why.ENERGY_SPENT)
    vitals = facts.world.vitals
    if vitals.strain is Strain.REFUSE and vitals.sign is not None:
        return Refuse(SIGNS[vitals.sign])
    return StayLocal(why)


def _way(facts: Facts) -> Plan:
    """Who answers what may leave."""
    if facts.must_go:
        return EscalateNow(Why.POLICY_MUST_GO)
    cannot = _cannot(facts)
    if cannot is not None:
        return EscalateNow(cannot)
    if facts.mode is Mode.PREFER_CLOUD and not facts.world.link.spares:
        return EscalateNow(Why.PREFERRED)
    return _here(facts)


def _cannot(facts: Facts) -> Why | None:
    """Why the local model cannot even try."""
    if not facts.local_model:
        return Why.NO_LOCAL_MODEL
    if facts.prompt_tokens >= facts.context_tokens:
        return Why.TOO_LONG
    return None if facts.tools_offered or facts.local_speaks else Why.NO_TOOLS


def _here(facts: Facts) -> Plan:
    """What the device could try itself: unless it had better not, and somebody else can be asked instead."""
    world = facts.world
    elsewhere = world.link.open and not world.link.spares and not facts.asks
    if world.budget.local is not None:
        return EscalateNow(Why.ENERGY_SPENT) if world.link.open else Refuse(Why.ENERGY_SPENT)
    if world.vitals.sign is not None and world.vitals.strain in (Strain.ESCALATE, Strain.REFUSE):
        sign = SIGNS[world.vitals.sign]
        if elsewhere:
            return EscalateNow(sign)
        if world.vitals.strain is Strain.REFUSE:
            return Refuse(sign)
    if world.task.known_to_fail and elsewhere and world.link.in_time:
        return EscalateNow(Why.KNOWN_TO_FAIL)
    if world.link.spares:
        return StayLocal(Why.METERED)
    return TryLocal(ask=facts.asks)


def _afforded(way: Plan, facts: Facts) -> Plan:
    """The same, where the budget for the cloud has not ended; else what the operator wants then."""
    budget = facts.world.budget
    if budget.cloud is None or isinstance(way, Refuse):
        return way
    drafts = budget.local is None and _cannot(facts) is None
    match budget.when_spent:
        case WhenSpent.REFUSE:
            return Refuse(Why.BUDGET_SPENT)
        case WhenSpent.LOCAL_ONLY:
            return StayLocal(Why.BUDGET_SPENT) if drafts else Refuse(Why.BUDGET_SPENT)
        case WhenSpent.BEST_SO_FAR:
            return StayLocal(Why.BUDGET_SPENT) if drafts and not facts.must_go else Refuse(Why.BUDGET_SPENT)
        case other:
            assert_never(other)


def _must_stay(facts: Facts) -> Why | None:
    if not facts.uplink or facts.mode is Mode.LOCAL_ONLY:
        return Why.LOCAL_ONLY
    if facts.must_stay or facts.consent is Consent.NEVER:
        return Why.POLICY_MUST_STAY
    if not facts.redactable:
        return Why.REDACTION_UNAVAILABLE
    if facts.consent is Consent.ASK and not facts.consented and facts.mode is not Mode.ASK:
        return Why.CONSENT_NEEDED
    return None
