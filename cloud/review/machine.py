"""The life of a held case as a table: OPEN -> CLAIMED (lease) -> APPROVED / EDITED / REJECTED -> DELIVERED,
or EXPIRED, or WITHDRAWN.

`step(review, event)` returns the next review or says why not. Pure: the desk stores the result in one transaction.
A claim carries a fencing token that rises with every claim: who lost the lease cannot decide with the old number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from tidegate.ids import OperatorId

NOBODY = OperatorId("")


class Phase(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    APPROVED = "approved"
    EDITED = "edited"
    REJECTED = "rejected"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


DECIDED = frozenset({Phase.APPROVED, Phase.EDITED, Phase.REJECTED})
WAITING = frozenset({Phase.OPEN, Phase.CLAIMED})
CLOSED = DECIDED | {Phase.DELIVERED, Phase.EXPIRED, Phase.WITHDRAWN}


class Decision(StrEnum):
    APPROVE = "approve"
    EDIT = "edit"
    REJECT = "reject"


class Refusal(StrEnum):
    """Why an event does not apply."""

    TAKEN = "taken"  # another operator holds the lease
    STALE = "stale"  # the fencing token is not the newest, or the lease ran out
    DECIDED = "decided"
    NOTHING_TO_APPROVE = "nothing_to_approve"
    NOT_DECIDED = "not_decided"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Review:
    """Where one held case stands. Times are seconds since 1970 UTC; `token` counts claims."""

    phase: Phase
    expires_at: float
    has_proposal: bool
    token: int = 0
    operator: OperatorId = NOBODY
    lease_until: float = 0.0
    decided_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Claim:
    operator: OperatorId
    at: float
    lease_s: float


@dataclass(frozen=True, slots=True)
class Decide:
    operator: OperatorId
    token: int
    decision: Decision
    at: float


@dataclass(frozen=True, slots=True)
class Deliver:
    at: float


@dataclass(frozen=True, slots=True)
class Expire:
    at: float


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The device needs no answer any more."""

    at: float


Event = Claim | Decide | Deliver | Expire | Withdraw

_AFTER = {Decision.APPROVE: Phase.APPROVED, Decision.EDIT: Phase.EDITED, Decision.REJECT: Phase.REJECTED}


def step(review: Review, event: Event) -> Review | Refusal:
    """The next state, or why the event does not apply. Delivering twice is the same as once."""
    match event:
        case Claim():
            return _claim(review, event)
        case Decide():
            return _decide(review, event)
        case Deliver():
            if review.phase in DECIDED or review.phase is Phase.DELIVERED:
                return replace(review, phase=Phase.DELIVERED)
            return Refusal.NOT_DECIDED
        case Expire(at):
            if review.phase not in WAITING or at < review.expires_at or _leased(review, at):
                return Refusal.NOT_DUE
            return replace(review, phase=Phase.EXPIRED, decided_at=at)
        case Withdraw(at):  # whoever holds the lease reads that it has been closed
            if review.phase not in WAITING:
                return Refusal.DECIDED
            return replace(review, phase=Phase.WITHDRAWN, operator=NOBODY, lease_until=0.0, decided_at=at)
        case other:
            assert_never(other)


def _leased(review: Review, at: float) -> bool:
    return review.phase is Phase.CLAIMED and at < review.lease_until


def _claim(review: Review, event: Claim) -> Review | Refusal:
    if review.phase not in WAITING:
        return Refusal.DECIDED
    if _leased(review, event.at) and review.operator != event.operator:
        return Refusal.TAKEN
    return replace(
        review,
        phase=Phase.CLAIMED,
        operator=event.operator,
        token=review.token + 1,
        lease_until=event.at + event.lease_s,
    )


def _decide(review: Review, event: Decide) -> Review | Refusal:
    if review.phase not in WAITING:
        return Refusal.DECIDED
    if not _leased(review, event.at) or (review.operator, review.token) != (event.operator, event.token):
        return Refusal.STALE
    if event.decision is Decision.APPROVE and not review.has_proposal:
        return Refusal.NOTHING_TO_APPROVE
    return replace(review, phase=_AFTER[event.decision], lease_until=0.0, decided_at=event.at)
