"""Held cases on SQL: cloud.review.ports.CaseShelf. A decision, its audit entry and its outcome are one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from sqlalchemy import Connection, Engine, Row, func, select, update

from cloud.audit.log import Kind
from cloud.audit.notary import Notary
from cloud.ports import HoldReason, Proposal, RejectReason, Submission, Verdict
from cloud.review.machine import (
    WAITING,
    Decide,
    Decision,
    Event,
    Expire,
    Phase,
    Refusal,
    Review,
    Withdraw,
    step,
)
from cloud.review.ports import HeldCase, Release, Settlement, TurnDown
from cloud.store import settle
from cloud.store.db import reading, writing
from cloud.store.schema import outcomes, reviews
from cloud.store.values import pack, unpack
from tidegate.clock import Clock
from tidegate.errors import Broken
from tidegate.failpoint import failpoint
from tidegate.ids import CaseId, OperatorId, Ticket

_HELD = select(reviews, outcomes.c.ticket).join(outcomes, outcomes.c.case_id == reviews.c.case_id)


class SqlCaseShelf:
    def __init__(
        self, engine: Engine, notary: Notary, clock: Clock, *, policy_digest: Callable[[], bytes]
    ) -> None:
        self._engine = engine
        self._notary = notary
        self._clock = clock
        self._policy_digest = policy_digest

    def listed(
        self, phases: frozenset[Phase], *, most: int, decided_by: OperatorId | None = None
    ) -> tuple[HeldCase, ...]:
        """Waiting cases oldest first; decided ones newest first."""
        query = _HELD.where(reviews.c.phase.in_(phases)).limit(most)
        if decided_by is not None:
            query = query.where(reviews.c.operator == decided_by)
        waiting = phases <= WAITING
        query = query.order_by(reviews.c.opened_at if waiting else reviews.c.decided_at.desc())
        with reading(self._engine) as connection:
            return tuple(_held(row) for row in connection.execute(query).all())

    def find(self, case: CaseId) -> HeldCase | None:
        with reading(self._engine) as connection:
            return _find(connection, case)

    def apply(
        self, case: CaseId, event: Event, *, settlement: Settlement | None = None, note: str = ""
    ) -> Review | Refusal | None:
        with writing(self._engine) as connection:
            held = _find(connection, case)
            if held is None:
                return None
            after = step(held.review, event)
            if isinstance(after, Refusal):
                return after
            if after != held.review:
                self._write(connection, held, after, event, settlement, note)
            failpoint("cloud.review.stored")
        failpoint("cloud.review.after")
        return after

    def expire(self, now: float) -> int:
        due = select(reviews.c.case_id).where(reviews.c.phase.in_(WAITING), reviews.c.expires_at <= now)
        with reading(self._engine) as connection:
            overdue = [CaseId(name) for name in connection.execute(due).scalars()]
        return sum(isinstance(self.apply(case, Expire(now)), Review) for case in overdue)

    def count(self) -> dict[Phase, int]:
        with reading(self._engine) as connection:
            rows = connection.execute(select(reviews.c.phase, func.count()).group_by(reviews.c.phase)).all()
        return {Phase(phase): number for phase, number in rows}

    def _write(
        self,
        connection: Connection,
        held: HeldCase,
        after: Review,
        event: Event,
        settlement: Settlement | None,
        note: str,
    ) -> None:
        values: dict[str, object] = {
            "phase": after.phase,
            "token": after.token,
            "operator": after.operator,
            "lease_until": after.lease_until,
            "decided_at": after.decided_at,
        }
        if isinstance(event, Decide):
            values |= {"decision": event.decision, "note": note}
            if isinstance(settlement, Release):
                values["final_json"] = pack(settlement.proposal)
            self._settle(connection, held, event, settlement)
        elif isinstance(event, Expire):
            act = settle.Act(held.case, event.at, self._policy_digest())
            settle.reject(connection, act, RejectReason.EXPIRED, Kind.EXPIRED)
        elif isinstance(event, Withdraw):
            act = settle.Act(held.case, event.at, self._policy_digest())
            settle.reject(connection, act, RejectReason.WITHDRAWN, Kind.WITHDRAWN)
        connection.execute(update(reviews).where(reviews.c.case_id == held.case).values(**values))

    def _settle(
        self, connection: Connection, held: HeldCase, event: Decide, settlement: Settlement | None
    ) -> None:
        act = settle.Act(held.case, event.at, self._policy_digest(), event.operator, event.decision)
        match settlement:
            case Release(proposal, verdict):
                settle.release(connection, act, proposal, verdict, self._notary)
            case TurnDown():
                settle.reject(connection, act, RejectReason.REVIEWER, Kind.DECIDED)
            case None:
                raise Broken("a decision needs an outcome", code="no_settlement")
            case other:
                assert_never(other)


def _find(connection: Connection, case: CaseId) -> HeldCase | None:
    row = connection.execute(_HELD.where(reviews.c.case_id == case)).first()
    return None if row is None else _held(row)


def _held(row: Row[tuple[object, ...]]) -> HeldCase:
    review = Review(
        phase=Phase(row.phase),
        expires_at=row.expires_at,
        has_proposal=row.proposal_json is not None,
        token=row.token,
        operator=OperatorId(row.operator),
        lease_until=row.lease_until,
        decided_at=row.decided_at,
    )
    return HeldCase(
        case=CaseId(row.case_id),
        ticket=Ticket(row.ticket),
        review=review,
        reason=HoldReason(row.reason),
        opened_at=row.opened_at,
        submission=unpack(row.submission_json, Submission),
        proposal=None if row.proposal_json is None else unpack(row.proposal_json, Proposal),
        verdict=None if row.verdict_json is None else unpack(row.verdict_json, Verdict),
        decision=Decision(row.decision) if row.decision else None,
        note=row.note,
        final=None if row.final_json is None else unpack(row.final_json, Proposal),
    )
