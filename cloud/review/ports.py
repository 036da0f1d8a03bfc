"""What the review desk handles and what it needs kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from cloud.ports import HoldReason, Passage, Proposal, Submission, Verdict
from cloud.review.machine import Decision, Event, Phase, Refusal, Review
from tidegate.ids import CaseId, OperatorId, Ticket


@dataclass(frozen=True, slots=True)
class HeldCase:
    """A case that waits for a person, or was decided by one. All text in it is redacted."""

    case: CaseId
    ticket: Ticket
    review: Review
    reason: HoldReason
    opened_at: float
    submission: Submission = field(repr=False)
    proposal: Proposal | None = field(repr=False)
    verdict: Verdict | None
    decision: Decision | None = None
    note: str = field(default="", repr=False)
    final: Proposal | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Release:
    """Send this to the device, signed as reviewed."""

    proposal: Proposal = field(repr=False)
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class TurnDown:
    """Tell the device that a person said no."""


Settlement = Release | TurnDown


class Judge(Protocol):
    """Every check on what a person wants to send; see cloud.validation.verdict.Bench."""

    def judge(self, submission: Submission, proposal: Proposal, passages: tuple[Passage, ...]) -> Verdict: ...


class CaseShelf(Protocol):
    """Durable held cases. `apply` steps the review, stores it and its consequences in one transaction."""

    def listed(
        self, phases: frozenset[Phase], *, most: int, decided_by: OperatorId | None = None
    ) -> tuple[HeldCase, ...]: ...

    def find(self, case: CaseId) -> HeldCase | None: ...

    def apply(
        self, case: CaseId, event: Event, *, settlement: Settlement | None = None, note: str = ""
    ) -> Review | Refusal | None:
        """None when there is no such held case."""
        ...

    def expire(self, now: float) -> int:
        """Expires what is overdue; how many there were."""
        ...

    def count(self) -> dict[Phase, int]: ...
