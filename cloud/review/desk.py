"""The review desk: a named person claims a held case and approves, edits or rejects it.

An approved answer is judged again and an edited one for the first time: a person may vouch for what the documents do
not say, but not for a leak, a foreign placeholder, a broken schema or what policy forbids to all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from cloud.observe.metrics import CloudMetrics
from cloud.ports import Check, Knowledge, Outcome, Proposal, Verdict
from cloud.review.bell import Bell
from cloud.review.machine import (
    CLOSED,
    WAITING,
    Claim,
    Decide,
    Decision,
    Deliver,
    Phase,
    Refusal,
    Review,
    Withdraw,
)
from cloud.review.operators import Operator, Right, may
from cloud.review.ports import CaseShelf, HeldCase, Judge, Release, Settlement, TurnDown
from cloud.validation.verdict import vouched
from tidegate.clock import Clock
from tidegate.errors import BadRequest, TidegateError
from tidegate.ids import CaseId
from tidegate.logs import Log

_LOG = Log("cloud.review")
LONGEST_NOTE = 2000
LONGEST_ANSWER = 20_000
HUMAN = "person"


@dataclass(frozen=True, slots=True)
class NoCase:
    """There is no such held case."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """The answer fails checks that no person can waive."""

    checks: tuple[Check, ...]


Done = Review | Refusal | NoCase | Blocked


@dataclass(frozen=True, slots=True)
class ReviewDesk:
    shelf: CaseShelf
    knowledge: Knowledge
    judges: Judge
    bell: Bell
    clock: Clock
    metrics: CloudMetrics
    lease_s: float
    changed: Callable[[], None] = lambda: (
        None
    )  # told after every decision: the signed audit head is written anew

    def waiting(self, *, most: int = 200) -> tuple[HeldCase, ...]:
        """Cases for a person, oldest first."""
        return self.shelf.listed(WAITING, most=most)

    def closed(self, *, most: int = 100) -> tuple[HeldCase, ...]:
        """Decided, delivered, expired and withdrawn cases, newest first."""
        return self.shelf.listed(CLOSED, most=most)

    def find(self, case: CaseId) -> HeldCase | None:
        return self.shelf.find(case)

    def claim(self, case: CaseId, operator: Operator) -> Done:
        """Keeps others away for the lease; the returned review holds the fencing token."""
        _require(operator, Right.DECIDE)
        return self.shelf.apply(case, Claim(operator.name, self.clock.now(), self.lease_s)) or NoCase()

    def decide(
        self,
        case: CaseId,
        operator: Operator,
        token: int,
        decision: Decision,
        *,
        text: str = "",
        note: str = "",
    ) -> Done:
        """Approve the proposal, send `text` instead, or turn the case down. Raises BadRequest for unusable text."""
        _require(operator, Right.DECIDE)
        held = self.shelf.find(case)
        if held is None:
            return NoCase()
        settlement = self._settlement(held, decision, text)
        if isinstance(settlement, Refusal | Blocked):
            return settlement
        event = Decide(operator.name, token, decision, self.clock.now())
        done = self.shelf.apply(case, event, settlement=settlement, note=note[:LONGEST_NOTE])
        if isinstance(done, Review):
            self.metrics.decision(decision)
            _LOG.info("decided", case=case, decision=decision, trace=held.submission.trace)
            self.changed()
            self.bell.ring()
        return done or NoCase()

    def decide_now(
        self, case: CaseId, operator: Operator, decision: Decision, *, text: str = "", note: str = ""
    ) -> Done:
        """Claims and decides in one go, for the command line."""
        claimed = self.claim(case, operator)
        if not isinstance(claimed, Review):
            return claimed
        return self.decide(case, operator, claimed.token, decision, text=text, note=note)

    def delivered(self, case: CaseId) -> None:
        """A device has fetched the decision; best effort, since the answer itself is stored."""
        try:
            self.shelf.apply(case, Deliver(self.clock.now()))
        except TidegateError as e:
            _LOG.error("delivery_not_recorded", e, case=case)

    def withdraw(self, case: CaseId) -> None:
        """The device took its case back: nobody need decide it any more. What has been decided stays so."""
        if isinstance(self.shelf.apply(case, Withdraw(self.clock.now())), Review):
            _LOG.info("withdrawn", case=case)
            self.changed()
            self.bell.ring()

    def judge(self, held: HeldCase, proposal: Proposal) -> Verdict:
        """The verdict on what a person wants to send."""
        passages = self.knowledge.search(held.submission.prompt.last_user(), most=8)
        return vouched(self.judges.judge(held.submission, proposal, passages))

    def count(self) -> dict[Phase, int]:
        return self.shelf.count()

    def _settlement(self, held: HeldCase, decision: Decision, text: str) -> Settlement | Refusal | Blocked:
        if decision is Decision.REJECT:
            return TurnDown()
        proposal = held.proposal if decision is Decision.APPROVE else _edited(held, text)
        if proposal is None:
            return Refusal.NOTHING_TO_APPROVE
        verdict = self.judge(held, proposal)
        if not verdict.passed:
            return Blocked(tuple(r.check for r in verdict.results if r.outcome is Outcome.FAILED))
        return Release(proposal, verdict)


def _edited(held: HeldCase, text: str) -> Proposal:
    """What a person wrote. Citations stay only while their quotes stand in it; the model's digest goes."""
    body = text.replace("\r\n", "\n").strip()
    if not body or len(body) > LONGEST_ANSWER:
        raise BadRequest(f"an answer has 1 to {LONGEST_ANSWER} characters", code="bad_answer", param="text")
    before = held.proposal or Proposal("")
    kept = tuple(c for c in before.citations if c.quote in body)
    return replace(before, text=body, tool_calls=(), citations=kept, model=HUMAN, model_digest="", draft=None)


def _require(operator: Operator, right: Right) -> None:
    if not may(operator, right):
        raise BadRequest("your role does not allow this", code="forbidden", status=403)
