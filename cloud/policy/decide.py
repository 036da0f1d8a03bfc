"""cloud.ports.PolicyDesk by Cedar. Policies are parsed and type-checked once, at start; a decision takes about 0.1 ms.

Cedar skips a policy whose evaluation fails, and a skipped `forbid` would be an open door: so any error in the
diagnostics counts as a refusal. Policy ids come from `@id`, the reason told to the device from `@hold`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import cedarpy

from cloud.ports import Check, HoldReason, Outcome, Proposal, Submission, Verdict
from tidegate.chat import JSON
from tidegate.errors import BadConfig

DEFAULT = Path(__file__).parent / "default.cedar"

SCHEMA = """
entity Device;
entity Answer;
type Facts = {
  requires_review: Bool, review_topic: Bool, suspicion_percent: Long, why: String,
  has_answer: Bool, answer_chars: Long, tool_calls: Long, citations: Long, grounding: String, model: String,
  unsure: Bool
};
action "release", "release_unreviewed" appliesTo { principal: Device, resource: Answer, context: Facts };
"""

_RANK = tuple(HoldReason)  # of several reasons the first in this order is told


@dataclass(frozen=True, slots=True)
class Ruling:
    """What Cedar said: allowed or not, and the `@id` of the policies that decided; `failed` when one could not run."""

    allowed: bool
    policies: tuple[str, ...]
    failed: bool = False


@dataclass(frozen=True, slots=True)
class CedarDesk:
    """`topics` are words of the last user turn that need a person (whole words, any case, plain plural too)."""

    policies: cedarpy.PolicySet
    holds: dict[str, HoldReason]
    digest: bytes
    topics: frozenset[str]
    entities: cedarpy.Entities = field(repr=False)

    def allows(self, submission: Submission, proposal: Proposal) -> bool:
        facts = context(submission, proposal, verdict=None, suspicion=0.0, topics=self.topics)
        return self.rule("release", submission, facts).allowed

    def hold(
        self, submission: Submission, proposal: Proposal | None, *, verdict: Verdict | None, suspicion: float
    ) -> HoldReason | None:
        facts = context(submission, proposal, verdict=verdict, suspicion=suspicion, topics=self.topics)
        ruling = self.rule("release_unreviewed", submission, facts)
        if ruling.allowed:
            return None
        reasons = {self.holds.get(name, HoldReason.POLICY) for name in ruling.policies} or {HoldReason.POLICY}
        return min(reasons, key=_RANK.index)

    def rule(self, action: str, submission: Submission, facts: dict[str, JSON]) -> Ruling:
        """One decision. Never raises: what cannot be decided is not allowed."""
        request = {
            "principal": {"type": "Device", "id": submission.device},
            "action": {"type": "Action", "id": action},
            "resource": {"type": "Answer", "id": "this"},
            "context": facts,
        }
        try:
            result = cedarpy.is_authorized(request, self.policies, self.entities)
        except (ValueError, TypeError):  # cedarpy's errors for requests it cannot read
            return Ruling(allowed=False, policies=(), failed=True)
        names = result.diagnostics.id_annotations_by_reason
        failed = bool(result.diagnostics.errors)
        policies = tuple(
            sorted(str(names[reason]) for reason in result.diagnostics.reasons if reason in names)
        )
        return Ruling(result.allowed and not failed, policies if not result.allowed else (), failed)


def load(path: Path | None, topics: tuple[str, ...]) -> CedarDesk:
    """The desk of a policy file (the shipped one by default). Raises BadConfig: unreadable, ill-typed, nameless."""
    file = path or DEFAULT
    try:
        source = file.read_text(encoding="utf-8")
        policies = cedarpy.PolicySet.from_str(source)
        checked = cedarpy.validate_policies(source, SCHEMA)
        holds = _holds(source)
    except (OSError, UnicodeDecodeError, ValueError) as e:
        raise BadConfig(
            f"{file}: is no usable Cedar policy", code="bad_policy", hint="check it with `cedar check-parse`"
        ) from e
    if not checked.validation_passed:
        raise BadConfig(f"{file}: {checked.errors[0]}", code="bad_policy")
    text = json.dumps([source, sorted(topics)]).encode()
    return CedarDesk(
        policies,
        holds,
        hashlib.sha256(text).digest(),
        frozenset(word.casefold() for word in topics),
        cedarpy.Entities.from_json_str("[]"),
    )


def context(
    submission: Submission,
    proposal: Proposal | None,
    *,
    verdict: Verdict | None,
    suspicion: float,
    topics: frozenset[str],
) -> dict[str, JSON]:
    """What policies may depend on: flags, counts and closed words. No text of the request or the answer."""
    grounding = (
        next((r.outcome for r in verdict.results if r.check is Check.GROUNDING), None) if verdict else None
    )
    return {
        "requires_review": submission.requires_review,
        "review_topic": names_topic(submission.prompt.last_user(), topics),
        "suspicion_percent": round(100 * suspicion),
        "why": submission.why.value,
        "has_answer": proposal is not None,
        "answer_chars": len(proposal.text) if proposal is not None else 0,
        "tool_calls": len(proposal.tool_calls) if proposal is not None else 0,
        "citations": len(proposal.citations) if proposal is not None else 0,
        "grounding": (grounding or Outcome.NOT_APPLICABLE).value,
        "model": proposal.model if proposal is not None else "",
        "unsure": proposal is not None and proposal.unsure,
    }


def names_topic(question: str, topics: frozenset[str]) -> bool:
    """Whether a word of the question is a review topic, or its plain plural."""
    words = {word.strip(".,;:!?\"'()[]").casefold() for word in question.split()}
    return any(word in topics or (word.endswith("s") and word[:-1] in topics) for word in words)


def _holds(source: str) -> dict[str, HoldReason]:
    """`@id` to `@hold`. Raises ValueError for a policy without `@id`, a doubled one, or an unknown reason."""
    document: JSON = json.loads(cedarpy.policies_to_json_str(source))
    found: dict[str, HoldReason] = {}
    names: set[str] = set()
    policies = document.get("staticPolicies") if isinstance(document, dict) else None
    for policy in policies.values() if isinstance(policies, dict) else ():
        notes = policy.get("annotations") if isinstance(policy, dict) else None
        name = notes.get("id") if isinstance(notes, dict) else None
        if not isinstance(notes, dict) or not isinstance(name, str) or not name or name in names:
            raise ValueError("every policy needs its own @id")
        names.add(name)
        if isinstance(notes.get("hold"), str):
            found[name] = HoldReason(str(notes["hold"]))
    return found
