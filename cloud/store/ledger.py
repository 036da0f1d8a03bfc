"""Outcomes by idempotency key: cloud.ports.Ledger on SQL. A kill at any point leaves a case that a resend completes."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, Engine, Select, insert, select

from cloud.audit.notary import Notary
from cloud.ports import HoldReason, Proposal, Rejected, RejectReason, Reply, Submission, Verdict
from cloud.review.machine import NOBODY, Phase
from cloud.store import settle
from cloud.store.db import reading, writing
from cloud.store.schema import cases, outcomes, reviews
from cloud.store.values import pack
from tidegate.clock import Clock
from tidegate.errors import Broken
from tidegate.failpoint import failpoint
from tidegate.ids import CaseId, DeviceId, Ticket, new_case_id, new_ticket


class SqlLedger:
    """`review_s` is how long a held case waits for a person before it expires, in seconds."""

    def __init__(
        self,
        engine: Engine,
        notary: Notary,
        clock: Clock,
        *,
        policy_digest: Callable[[], bytes],
        review_s: float,
    ) -> None:
        self._engine = engine
        self._notary = notary
        self._clock = clock
        self._policy_digest = policy_digest
        self._review_s = review_s

    def recall(self, submission: Submission) -> Reply | None:
        with reading(self._engine) as connection:
            row = connection.execute(_by_key(submission)).first()
            if row is None:
                return None
            if row.digest != submission.digest:
                return Rejected(RejectReason.CONFLICT)
            return settle.outcome_of(connection, CaseId(row.case_id))

    def open_case(self, submission: Submission) -> CaseId:
        with writing(self._engine) as connection:
            row = connection.execute(_by_key(submission)).first()
            if row is not None:
                return CaseId(row.case_id)
            case = new_case_id()
            connection.execute(
                insert(cases).values(
                    case_id=case,
                    device=submission.device,
                    request_id=submission.request_id,
                    revision=submission.revision,
                    digest=submission.digest,
                    trace=submission.trace,
                    why=submission.why,
                    opened_at=self._clock.now(),
                )
            )
            failpoint("cloud.open.before")
        failpoint("cloud.open.after")
        return case

    def release(
        self, case: CaseId, submission: Submission, proposal: Proposal, verdict: Verdict, *, reviewed: bool
    ) -> Reply:
        """Releases without a person; a person's release goes through the review desk, which names the operator."""
        if reviewed:
            raise Broken("a reviewed answer is released by the review desk", code="no_operator")
        with writing(self._engine) as connection:
            reply = settle.outcome_of(connection, case) or settle.release(
                connection, self._act(case), proposal, verdict, self._notary
            )
        failpoint("cloud.settle.after")
        return reply

    def hold(
        self,
        case: CaseId,
        submission: Submission,
        proposal: Proposal | None,
        verdict: Verdict | None,
        reason: HoldReason,
    ) -> Reply:
        act = self._act(case)
        with writing(self._engine) as connection:
            known = settle.outcome_of(connection, case)
            if known is not None:
                return known
            held = settle.hold(connection, act, new_ticket(), reason, verdict)
            _open_review(connection, act, submission, proposal, verdict, reason, act.at + self._review_s)
        failpoint("cloud.settle.after")
        return held

    def reject(self, case: CaseId, submission: Submission, reason: RejectReason) -> Reply:
        with writing(self._engine) as connection:
            reply = settle.outcome_of(connection, case) or settle.reject(connection, self._act(case), reason)
        failpoint("cloud.settle.after")
        return reply

    def collect(self, device: DeviceId, ticket: Ticket) -> tuple[CaseId, Reply] | None:
        """The case and outcome behind a ticket of this device; None for any other ticket."""
        with reading(self._engine) as connection:
            row = connection.execute(
                select(outcomes)
                .join(cases, cases.c.case_id == outcomes.c.case_id)
                .where(outcomes.c.ticket == ticket, cases.c.device == device)
            ).first()
            return None if row is None else (CaseId(row.case_id), settle.reply_from(row))

    def _act(self, case: CaseId) -> settle.Act:
        return settle.Act(case, self._clock.now(), self._policy_digest())


def _by_key(submission: Submission) -> Select[tuple[str, bytes]]:
    return select(cases.c.case_id, cases.c.digest).where(
        cases.c.device == submission.device,
        cases.c.request_id == submission.request_id,
        cases.c.revision == submission.revision,
    )


def _open_review(
    connection: Connection,
    act: settle.Act,
    submission: Submission,
    proposal: Proposal | None,
    verdict: Verdict | None,
    reason: HoldReason,
    expires_at: float,
) -> None:
    connection.execute(
        insert(reviews).values(
            case_id=act.case,
            phase=Phase.OPEN,
            reason=reason,
            token=0,
            operator=NOBODY,
            lease_until=0.0,
            opened_at=act.at,
            expires_at=expires_at,
            decided_at=0.0,
            submission_json=pack(submission),
            proposal_json=None if proposal is None else pack(proposal),
            verdict_json=None if verdict is None else pack(verdict),
        )
    )
