"""Outcomes and their audit entries, written inside the caller's transaction: both stand or neither does."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Row, insert, select, update

from cloud.audit.log import Kind
from cloud.audit.notary import Facts, Notary
from cloud.ports import Held, HoldReason, Outcome, Proposal, Rejected, RejectReason, Released, Reply, Verdict
from cloud.review.machine import NOBODY
from cloud.store import audit
from cloud.store.schema import cases, outcomes
from cloud.store.values import pack, unpack
from tidegate.errors import Broken
from tidegate.failpoint import failpoint
from tidegate.ids import CaseId, DeviceId, OperatorId, RequestId, Ticket

AuditFacts = dict[str, str | int | bool | list[str]]


@dataclass(frozen=True, slots=True)
class Act:
    """One outcome to be written: which case, when, under which policy, and by whom when a person decided."""

    case: CaseId
    at: float
    policy_digest: bytes
    operator: OperatorId = NOBODY
    decision: str = ""


def outcome_of(connection: Connection, case: CaseId) -> Reply | None:
    row = connection.execute(select(outcomes).where(outcomes.c.case_id == case)).first()
    return None if row is None else reply_from(row)


def reply_from(row: Row[tuple[object, ...]]) -> Reply:
    """A row of `outcomes` as the reply it stands for."""
    if row.kind == Kind.RELEASED:
        return unpack(row.released_json, Released)
    if row.kind == Kind.HELD:
        return Held(Ticket(row.ticket), HoldReason(row.reason))
    return Rejected(RejectReason(row.reason))


def release(
    connection: Connection, act: Act, proposal: Proposal, verdict: Verdict, notary: Notary
) -> Released:
    """Audit entry, signed receipt, outcome. Raises Broken for a failed verdict: no verdict, no exit."""
    if not verdict.passed:
        raise Broken("an answer with a failed check cannot leave", code="no_verdict_no_exit")
    row = connection.execute(select(cases).where(cases.c.case_id == act.case)).one()
    reply_digest = notary.reply_digest(proposal)
    reviewed = bool(act.operator)
    model_digest = bytes.fromhex(proposal.model_digest) if proposal.model_digest else bytes(32)
    entry = audit.append(
        connection,
        {
            **_facts(connection, Kind.DECIDED if reviewed else Kind.RELEASED, act),
            "reply_digest": reply_digest.hex(),
            "model_digest": model_digest.hex(),
            "checks": [f"{r.check}={r.outcome}" for r in verdict.results],
            "reviewed": reviewed,
        },
    )
    receipt = notary.receipt(
        Facts(
            case=act.case,
            device=DeviceId(row.device),
            request_id=RequestId(row.request_id),
            revision=row.revision,
            request_digest=row.digest,
            reply_digest=reply_digest,
            policy_digest=act.policy_digest,
            model_digest=model_digest,
            results=verdict.results,
            audit_index=entry.index,
            audit_head=entry.head,
            issued_at=int(act.at),
            reviewed=reviewed,
        )
    )
    released = Released(proposal, receipt)
    _store(connection, act, Kind.RELEASED, "", entry.index, released_json=pack(released))
    return released


def hold(
    connection: Connection, act: Act, ticket: Ticket, reason: HoldReason, verdict: Verdict | None
) -> Held:
    failed = (
        [r.check.value for r in verdict.results if r.outcome is Outcome.FAILED] if verdict is not None else []
    )
    entry = audit.append(
        connection, {**_facts(connection, Kind.HELD, act), "reason": reason.value, "failed_checks": failed}
    )
    _store(connection, act, Kind.HELD, reason, entry.index, ticket=ticket)
    return Held(ticket, reason)


def reject(connection: Connection, act: Act, reason: RejectReason, kind: Kind = Kind.REJECTED) -> Rejected:
    entry = audit.append(connection, {**_facts(connection, kind, act), "reason": reason.value})
    _store(connection, act, Kind.REJECTED, reason, entry.index)
    return Rejected(reason)


def _facts(connection: Connection, kind: Kind, act: Act) -> AuditFacts:
    failpoint("cloud.settle.before")
    case = connection.execute(select(cases).where(cases.c.case_id == act.case)).one()
    facts: AuditFacts = {
        "kind": kind.value,
        "at": int(act.at),
        "case": act.case,
        "device": case.device,
        "request": case.request_id,
        "revision": case.revision,
        "trace": case.trace,
        "request_digest": case.digest.hex(),
        "policy_digest": act.policy_digest.hex(),
    }
    if act.operator:
        facts |= {"operator": act.operator, "decision": act.decision}
    return facts


def _store(
    connection: Connection,
    act: Act,
    kind: Kind,
    reason: str,
    index: int,
    *,
    ticket: Ticket | None = None,
    released_json: bytes | None = None,
) -> None:
    """Inserts the outcome, or replaces a held one by the decision (its ticket stays good)."""
    failpoint("cloud.settle.audited")
    values = {
        "kind": kind,
        "reason": reason,
        "audit_index": index,
        "at": act.at,
        "released_json": released_json,
    }
    known = connection.execute(select(outcomes.c.kind).where(outcomes.c.case_id == act.case)).first()
    if known is None:
        connection.execute(insert(outcomes).values(case_id=act.case, ticket=ticket, **values))
    else:
        connection.execute(update(outcomes).where(outcomes.c.case_id == act.case).values(**values))
    failpoint("cloud.settle.stored")
