"""Whether a proposed call may be carried out: one table, one function. Pure: no clock, no disk, no network.

What a call needs rises with what it does, with how far text from outside may have shaped it, with whether it reaches
another machine, and with how unsure the model was. A standing grant is never enough for what cannot be undone. The cloud may
approve, bound to the exact bytes, but not what text from outside has written: it has read the same text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from edge.agent.taint import Exposure
from edge.agent.values import Effect


class Need(IntEnum):
    """What a call needs before it is carried out; whatever is higher is enough as well."""

    NOTHING = 0
    GRANT = 1  # a standing grant of the application or the conversation
    CLOUD = 2  # a person at the cloud tier, or the user, for these exact bytes
    USER = 3  # the user, for these exact bytes


class Approval(StrEnum):
    """Who has approved exactly these bytes."""

    NONE = "none"
    CLOUD = "cloud"
    USER = "user"


class Reason(StrEnum):
    """Why a call may be carried out, or what it waits for. Closed: every event says it."""

    HARMLESS = "harmless"  # a look that needs nobody
    GRANTED = "granted"
    APPROVED_BY_USER = "approved_by_user"
    APPROVED_BY_CLOUD = "approved_by_cloud"
    NEEDS_GRANT = "needs_grant"
    IRREVERSIBLE = "irreversible"
    OUTSIDE_TEXT = "outside_text"  # an argument comes from outside: no grant covers that
    UNSURE = "unsure"  # the model was not sure enough to act on a grant alone


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the permission depends on. `granted`: a grant covers the tool for this application or conversation."""

    effect: Effect
    exposure: Exposure
    outward: bool = False
    sure: bool = True
    granted: bool = False
    approval: Approval = Approval.NONE


@dataclass(frozen=True, slots=True)
class Permission:
    """`allowed`, or it waits for somebody. `need` is what it takes."""

    allowed: bool
    reason: Reason
    need: Need


_N, _G, _C, _U = Need.NOTHING, Need.GRANT, Need.CLOUD, Need.USER

#: effect, reaches another machine -> needs when clean, exposed, derived
TABLE: Mapping[tuple[Effect, bool], tuple[Need, Need, Need]] = {
    (Effect.READ, False): (_N, _N, _N),
    (Effect.READ, True): (_N, _G, _U),  # a look elsewhere carries its arguments away
    (Effect.REVERSIBLE, False): (_G, _G, _C),
    (Effect.REVERSIBLE, True): (_G, _G, _U),
    (Effect.IRREVERSIBLE, False): (_C, _C, _U),
    (Effect.IRREVERSIBLE, True): (_C, _C, _U),
}
_RANKS = tuple(Exposure)


def need(case: Case) -> Need:
    """What the call needs, whoever has granted or approved it."""
    found = TABLE[case.effect, case.outward][_RANKS.index(case.exposure)]
    if case.sure or case.effect is Effect.READ:
        return found
    return Need.USER if case.effect is Effect.IRREVERSIBLE else max(found, Need.CLOUD)


def permit(case: Case) -> Permission:
    """Whether the call may be carried out now, and why, or what it waits for."""
    needed = need(case)
    if needed is Need.NOTHING:
        return Permission(allowed=True, reason=Reason.HARMLESS, need=needed)
    if case.approval is Approval.USER:
        return Permission(allowed=True, reason=Reason.APPROVED_BY_USER, need=needed)
    if case.approval is Approval.CLOUD and needed <= Need.CLOUD:
        return Permission(allowed=True, reason=Reason.APPROVED_BY_CLOUD, need=needed)
    if case.granted and needed is Need.GRANT:
        return Permission(allowed=True, reason=Reason.GRANTED, need=needed)
    return Permission(allowed=False, reason=_missing(case, needed), need=needed)


def _missing(case: Case, needed: Need) -> Reason:
    if case.exposure is Exposure.DERIVED and needed > TABLE[case.effect, case.outward][0]:
        return Reason.OUTSIDE_TEXT
    if case.effect is Effect.IRREVERSIBLE:
        return Reason.IRREVERSIBLE
    if not case.sure and needed > Need.GRANT:
        return Reason.UNSURE
    return Reason.NEEDS_GRANT
