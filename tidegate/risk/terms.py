"""What a promise comes to for one model and one task: the threshold, what it was tested on, or why it cannot be made. Pure.

The outcomes come with the model (`HeldOut`), so a device that gets another model gets another threshold, without a network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

import msgspec

from tidegate.risk.calibrate import Calibration
from tidegate.risk.held_out import HeldOut
from tidegate.risk.promise import ESCALATE_ALL, Kept, Promise, decide
from tidegate.risk.task import Task


class Support(StrEnum):
    """What the outcomes say to a promise."""

    HOLDS = "holds"
    TOO_MANY_WRONG = "too_many_wrong"  # there are enough outcomes, and no threshold passes the test
    TOO_FEW_OUTCOMES = "too_few_outcomes"
    NO_OUTCOMES = "no_outcomes"  # the model's calibration has none for this task
    NO_CALIBRATION = "no_calibration"  # nobody has measured this model


@dataclass(frozen=True, slots=True)
class Terms:
    """`keep_at` above 1: nothing is kept. `tighter`: the threshold after an alarm, it keeps the surer half.

    `kept`, `wrong`, `of`: counts of the outcomes tested on. `must_escalate`: the feasibility line, the share that has to go
    even when each wrong answer is known beforehand. `fewest`: see `Promise`. `made_from`: names the outcomes tested on.
    """

    promise: Promise
    support: Support
    keep_at: float = ESCALATE_ALL
    tighter: float = ESCALATE_ALL
    of: int = 0
    kept: int = 0
    wrong: float = 0.0
    must_escalate: float = 0.0
    fewest: int = 0
    made_from: str = ""

    @property
    def holds(self) -> bool:
        return self.support is Support.HOLDS


def terms(calibration: Calibration | None, task: Task, promise: Promise) -> Terms:
    """The terms on which a model keeps drafts of a task under a promise."""
    if calibration is None:
        return Terms(promise, Support.NO_CALIBRATION, fewest=promise.fewest)
    found = calibration.outcomes.get(task)
    if found is None or not found.sure:
        return Terms(promise, Support.NO_OUTCOMES, fewest=promise.fewest)
    return tested(found, promise)


def tested(found: HeldOut, promise: Promise) -> Terms:
    """The same, from outcomes at hand."""
    name = sha256(msgspec.msgpack.encode((found.sure, found.wrong))).hexdigest()[:16]
    verdict = decide(found.sure, found.wrong, promise)
    if isinstance(verdict, Kept):
        return Terms(
            promise,
            Support.HOLDS,
            keep_at=verdict.keep_at,
            tighter=surer_half(found.sure, verdict.keep_at),
            of=verdict.of,
            kept=verdict.kept,
            wrong=verdict.wrong,
            fewest=promise.fewest,
            made_from=name,
        )
    few = verdict.of < promise.fewest
    return Terms(
        promise,
        Support.TOO_FEW_OUTCOMES if few else Support.TOO_MANY_WRONG,
        of=verdict.of,
        wrong=verdict.wrong,
        must_escalate=verdict.must_escalate,
        fewest=verdict.fewest,
        made_from=name,
    )


def surer_half(sure: Sequence[float], keep_at: float) -> float:
    """A threshold that keeps the surer half of what `keep_at` keeps: after an alarm, nothing but a new fit can say more."""
    kept = sorted(p for p in sure if p >= keep_at)
    return max(kept[len(kept) // 2], keep_at) if kept else ESCALATE_ALL


def spoken(task: Task, found: Terms) -> str:
    """The terms in a sentence."""
    promise = found.promise
    share = f"at most {100 * promise.wrong_at_most:g} % of the {task} kept wrong, {100 * promise.with_confidence:g} % sure"
    match found.support:
        case Support.HOLDS:
            return (
                f"{share}: kept from P(right) {found.keep_at:.4f} on; of {found.of} held-out outcomes that keeps"
                f" {100 * found.kept / max(found.of, 1):.0f} %, {found.wrong:g} of {found.kept} wrong"
            )
        case Support.TOO_MANY_WRONG:
            return (
                f"{share}: cannot be promised, {found.wrong:g} of {found.of} held-out outcomes are wrong and no threshold passes the"
                f" test; at least {100 * found.must_escalate:.0f} % would have to go even with perfect foresight; all is escalated"
            )
        case Support.TOO_FEW_OUTCOMES:
            return (
                f"{share}: cannot be promised, it takes {found.fewest} outcomes without a mistake and there are {found.of};"
                " all is escalated"
            )
        case Support.NO_OUTCOMES:
            return f"{share}: cannot be promised, this model's calibration has no outcomes of that kind; all is escalated"
        case Support.NO_CALIBRATION:
            return f"{share}: cannot be promised, nobody has measured this model; all is escalated"
