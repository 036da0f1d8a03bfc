"""Where a request should be answered, and why. Pure: no clock, no disk, no network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from edge.routing.mode import Mode


class Why(StrEnum):
    """Why a request stayed, left or was refused. Closed: it is shown, counted, and (the escalating ones) sent."""

    # stays
    LOCAL_ONLY = "local_only"
    POLICY_MUST_STAY = "policy_must_stay"
    CONSENT_NEEDED = "consent_needed"
    REDACTION_UNAVAILABLE = "redaction_unavailable"
    CONFIDENT = "confident"
    LINK_DOWN = "link_down"
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

    @property
    def asks(self) -> bool:
        """Whether somebody must agree to exactly this request before it leaves, and nobody has."""
        return self.mode is Mode.ASK and not self.consented


def plan(facts: Facts) -> Plan:
    """The first rule that applies, from "may not" over "must" to "can"."""
    if facts.injection >= facts.refuse_injection_at:
        return Refuse(Why.INJECTION)
    stays = _must_stay(facts)
    if stays is not None:
        if facts.local_model:
            return StayLocal(stays)
        return Refuse(stays if stays is Why.CONSENT_NEEDED else Why.NOTHING_CAN_ANSWER)
    match _way(facts):
        case EscalateNow() if facts.asks:
            return Refuse(Why.CONSENT_NEEDED)
        case way:
            return way


def _way(facts: Facts) -> TryLocal | EscalateNow:
    """Who answers what may leave."""
    if facts.must_go:
        return EscalateNow(Why.POLICY_MUST_GO)
    if not facts.local_model:
        return EscalateNow(Why.NO_LOCAL_MODEL)
    if facts.prompt_tokens >= facts.context_tokens:
        return EscalateNow(Why.TOO_LONG)
    if not facts.tools_offered and not facts.local_speaks:
        return EscalateNow(Why.NO_TOOLS)
    if facts.mode is Mode.PREFER_CLOUD:
        return EscalateNow(Why.PREFERRED)
    return TryLocal(ask=facts.asks)


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
