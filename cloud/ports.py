"""What a case is made of and what it needs: values, and small Protocols owned by the case."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from tidegate.chat import Prompt, ToolCall, Usage
from tidegate.engines.port import Draft
from tidegate.ids import CaseId, ConversationId, DeviceId, RequestId, Ticket, TraceId


class WhyEscalated(StrEnum):
    UNSURE = "unsure"
    PASSED = "passed"
    POLICY_MUST_GO = "policy_must_go"
    TOO_LONG = "too_long"
    NO_LOCAL_MODEL = "no_local_model"
    INVALID_DRAFT = "invalid_draft"
    NO_TOOLS = "no_tools"
    PREFERRED = "preferred"  # the device is told to ask the cloud first
    AUDIT = "audit"  # the device has answered and checks itself
    APPROVAL = "approval"  # its agent waits: may this very call be carried out?


class HoldReason(StrEnum):
    POLICY = "policy"
    SUSPECT_INPUT = "suspect_input"
    FAILED_CHECK = "failed_check"
    DEVICE_ASKED = "device_asked"
    NO_ANSWER = "no_answer"
    UNSURE = "unsure"


class RejectReason(StrEnum):
    NOT_REDACTED = "not_redacted"
    INJECTION = "injection"
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    POLICY = "policy"
    FAILED_CHECK = "failed_check"
    REVIEWER = "reviewer"
    UNKNOWN_TICKET = "unknown_ticket"
    CONFLICT = "conflict"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class Check(StrEnum):
    SCHEMA = "schema"
    LEAKS = "leaks"
    GROUNDING = "grounding"
    PLACEHOLDERS = "placeholders"
    POLICY = "policy"


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Submission:
    """One escalation as it came off the wire, shape-checked. Text is redacted by the device, and still not trusted."""

    device: DeviceId
    request_id: RequestId
    revision: int
    conversation: ConversationId
    trace: TraceId
    why: WhyEscalated
    prompt: Prompt = field(repr=False)
    entities: tuple[tuple[str, int], ...]
    commitment_salt: bytes = field(repr=False)
    commitments: tuple[bytes, ...] = field(repr=False)
    policy_version: str
    deadline_ms: int
    requires_review: bool
    digest: bytes  # SHA-256 of the canonical request bytes


@dataclass(frozen=True, slots=True)
class Admitted:
    """Nothing speaks against answering. `suspicion` is the injection score 0..1."""

    suspicion: float


@dataclass(frozen=True, slots=True)
class HoldFor:
    reason: HoldReason


@dataclass(frozen=True, slots=True)
class Refused:
    reason: RejectReason


Admission = Admitted | HoldFor | Refused


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an operator's document. `score` only orders; `text` is verbatim.

    `quotes` are the sentences of `text` that answer, verbatim and in its order; none when nobody has chosen any.
    """

    source: str
    section: str
    text: str = field(repr=False)
    score: float
    quotes: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Citation:
    source: str
    section: str
    quote: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An answer nobody has checked yet."""

    text: str = field(repr=False)
    tool_calls: tuple[ToolCall, ...] = ()
    citations: tuple[Citation, ...] = ()
    model: str = ""
    model_digest: str = ""
    usage: Usage = field(default_factory=Usage)
    draft: Draft | None = field(default=None, repr=False)
    unsure: bool = False  # its P(right) is below what its own calibration keeps


@dataclass(frozen=True, slots=True)
class CheckResult:
    check: Check
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """One result per check of `Check`, always all of them: an answer cannot leave with a check missing."""

    results: tuple[CheckResult, ...]

    def __post_init__(self) -> None:
        if tuple(r.check for r in self.results) != tuple(Check):
            raise ValueError("a verdict carries each check exactly once, in order")

    @property
    def passed(self) -> bool:
        return all(r.outcome is not Outcome.FAILED for r in self.results)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the cloud signs. Digests are SHA-256, 32 bytes; see tidegate.signing.receipts for the canonical bytes."""

    case: CaseId
    request_digest: bytes
    reply_digest: bytes
    policy_digest: bytes
    model_digest: bytes
    results: tuple[CheckResult, ...]
    audit_index: int
    audit_head: bytes
    issued_at: int
    key_id: str
    signature: bytes
    reviewed: bool


@dataclass(frozen=True, slots=True)
class Released:
    proposal: Proposal
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Held:
    ticket: Ticket
    reason: HoldReason


@dataclass(frozen=True, slots=True)
class Rejected:
    reason: RejectReason


Reply = Released | Held | Rejected


class Intake(Protocol):
    """Size, shape, policy, "does this look redacted?", injection signals. Never raises on bad input: it is a value."""

    async def admit(self, submission: Submission) -> Admission: ...


class Knowledge(Protocol):
    def search(self, question: str, *, most: int) -> tuple[Passage, ...]: ...


class Retrieval(Protocol):
    """What the documents say about a question, best first; nothing when they only come near it."""

    async def search(self, question: str, *, most: int) -> tuple[Passage, ...]: ...


class Answerer(Protocol):
    """Raises Unreachable or Broken when no model can answer now; returns None when none has anything to say."""

    async def propose(self, submission: Submission, passages: tuple[Passage, ...]) -> Proposal | None: ...


class Validator(Protocol):
    """Every check, always. A check that cannot be made counts as failed: it never raises."""

    async def judge(
        self, submission: Submission, proposal: Proposal, passages: tuple[Passage, ...]
    ) -> Verdict: ...


class PolicyDesk(Protocol):
    """Cedar: may this answer be released without a person?"""

    @property
    def digest(self) -> bytes: ...

    def allows(self, submission: Submission, proposal: Proposal) -> bool:
        """Whether this output may be released at all, by whomever. The POLICY check of the verdict."""
        ...

    def hold(
        self, submission: Submission, proposal: Proposal | None, *, verdict: Verdict | None, suspicion: float
    ) -> HoldReason | None:
        """Why a person must look first, or None. Errors of the engine hold (fail closed)."""
        ...


class Ledger(Protocol):
    """Durable outcomes by idempotency key; the audit log; the review queue. Every method is one transaction.

    `release`, `hold` and `reject` return the stored outcome instead when a copy of the same escalation came first.
    """

    def recall(self, submission: Submission) -> Reply | None:
        """The stored outcome of the same key (of a held case: what the person decided, once decided).

        Rejected(CONFLICT) when the key is known with other bytes.
        """
        ...

    def open_case(self, submission: Submission) -> CaseId:
        """Records that the case exists, before any work. The same key yields the same case id."""
        ...

    def release(
        self, case: CaseId, submission: Submission, proposal: Proposal, verdict: Verdict, *, reviewed: bool
    ) -> Reply:
        """Appends to the audit log, signs the receipt, stores the outcome. Raises Broken for a failed verdict."""
        ...

    def hold(
        self,
        case: CaseId,
        submission: Submission,
        proposal: Proposal | None,
        verdict: Verdict | None,
        reason: HoldReason,
    ) -> Reply:
        """Puts the case on the review desk and stores the ticket as the outcome."""
        ...

    def reject(self, case: CaseId, submission: Submission, reason: RejectReason) -> Reply:
        """Stores the outcome and its audit entry; none of the submission's text."""
        ...


@dataclass(frozen=True, slots=True)
class Court:
    """Everything a case uses, chosen in cloud.app."""

    intake: Intake
    knowledge: Retrieval
    answerer: Answerer
    validator: Validator
    policy: PolicyDesk
    ledger: Ledger
    passages: int = 4
