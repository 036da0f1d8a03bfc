"""One escalation, from arrival to released, held or rejected. Read this file first.

recall -> open -> admit -> retrieve -> answer -> verdict -> policy -> outcome, each called once with values. The only
way to a Released is Ledger.release, which takes a Verdict, and a Verdict has every check or cannot be built.
"""

from __future__ import annotations

from typing import assert_never

from cloud.answer.approval import asked_call, asks_approval
from cloud.ports import (
    Admitted,
    Court,
    HoldFor,
    HoldReason,
    Refused,
    Reply,
    Submission,
)


async def decide(submission: Submission, court: Court) -> Reply:
    """The outcome of an escalation; the same idempotency key always gets the same one.

    Raises Unreachable or Broken when no model can answer now: the device keeps the escalation in its spool and retries.
    """
    known = court.ledger.recall(submission)
    if known is not None:
        return known
    case = court.ledger.open_case(submission)

    match await court.intake.admit(submission):
        case Refused(reason):
            return court.ledger.reject(case, submission, reason)
        case HoldFor(reason):
            return court.ledger.hold(case, submission, asked_call(submission), None, reason)
        case Admitted(suspicion):
            pass
        case other:
            assert_never(other)

    passages = await court.knowledge.search(submission.prompt.last_user(), most=court.passages)
    proposal = await court.answerer.propose(submission, passages)
    if proposal is None:
        why = court.policy.hold(submission, None, verdict=None, suspicion=suspicion) or HoldReason.NO_ANSWER
        return court.ledger.hold(case, submission, None, None, why)
    verdict = await court.validator.judge(submission, proposal, passages)
    if not verdict.passed:
        return court.ledger.hold(case, submission, proposal, verdict, HoldReason.FAILED_CHECK)
    held = court.policy.hold(submission, proposal, verdict=verdict, suspicion=suspicion)
    if held is None and asks_approval(submission):
        held = HoldReason.DEVICE_ASKED  # whatever policy says: only a person allows what cannot be undone
    if held is not None:
        return court.ledger.hold(case, submission, proposal, verdict, held)
    return court.ledger.release(case, submission, proposal, verdict, reviewed=False)
