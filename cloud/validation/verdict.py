"""One verdict for one proposal: every check of `Check`, in order, always all of them.

The registry is a mapping over `Check`: a check without a rule fails, so does one that raises, and without a passed
Verdict nothing is released.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from cloud.ports import (
    Check,
    CheckResult,
    Outcome,
    Passage,
    PolicyDesk,
    Proposal,
    Submission,
    Verdict,
)
from cloud.validation import grounding, schema
from cloud.validation.leaks import Detector, LeakCheck, check_placeholders
from tidegate.errors import TidegateError

CheckRule = Callable[[Submission, Proposal, tuple[Passage, ...]], Outcome]


def rules(detector: Detector, policy: PolicyDesk) -> Mapping[Check, CheckRule]:
    """The rule of each check."""
    return {
        Check.SCHEMA: schema.check,
        Check.LEAKS: LeakCheck(detector),
        Check.GROUNDING: grounding.check,
        Check.PLACEHOLDERS: check_placeholders,
        Check.POLICY: _PolicyCheck(policy),
    }


@dataclass(frozen=True, slots=True)
class Bench:
    """cloud.ports.Validator over a mapping of rules. A check without a rule fails."""

    rules: Mapping[Check, CheckRule]

    def judge(self, submission: Submission, proposal: Proposal, passages: tuple[Passage, ...]) -> Verdict:
        return Verdict(
            tuple(CheckResult(check, self._outcome(check, submission, proposal, passages)) for check in Check)
        )

    def _outcome(
        self, check: Check, submission: Submission, proposal: Proposal, passages: tuple[Passage, ...]
    ) -> Outcome:
        rule = self.rules.get(check)
        if rule is None:
            return Outcome.FAILED
        try:
            return rule(submission, proposal, passages)
        except TidegateError:  # Broken detector, engine of the policy: fail closed
            return Outcome.FAILED


def vouched(verdict: Verdict) -> Verdict:
    """The verdict of an answer a named person releases: grounding is their judgement, every other check still holds."""
    return replace(
        verdict,
        results=tuple(
            CheckResult(r.check, Outcome.NOT_APPLICABLE)
            if r.check is Check.GROUNDING and r.outcome is Outcome.FAILED
            else r
            for r in verdict.results
        ),
    )


@dataclass(frozen=True, slots=True)
class _PolicyCheck:
    policy: PolicyDesk

    def __call__(self, submission: Submission, proposal: Proposal, _: tuple[Passage, ...]) -> Outcome:
        return Outcome.PASSED if self.policy.allows(submission, proposal) else Outcome.FAILED
