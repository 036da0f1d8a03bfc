"""What a turn is made of and what it needs: values, and small Protocols owned by the turn.

Everything that may leave the device is in `Escalation`: each text leaf is a `Redacted`, each other leaf an id made here,
an enum, a number or a digest (tests/edge/test_census.py lists the allowed types).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NewType, Protocol

from edge.economy import Economy
from edge.promise.judgement import Judgement, Signals
from edge.routing.mode import Mode, Modes
from edge.routing.plan import Consent, Why, strictest
from edge.routing.record import Record
from edge.routing.world import World
from tidegate.chat import Prompt, Role, ToolCall, ToolChoice, Usage
from tidegate.engines.port import ANYHOW, Draft, GivesUp, Terms
from tidegate.ids import ConsentId, ConversationId, RequestId, Ticket, TraceId
from tidegate.privacy.spans import Label
from tidegate.risk.calibrate import Calibration

if TYPE_CHECKING:  # detectors and patterns are loaded by whoever redacts, not by whoever speaks of it
    from tidegate.privacy.redaction import Redacted

CallRef = NewType("CallRef", str)  # "call_0": position-made, never the application's own id
PolicyVersion = NewType("PolicyVersion", str)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the door understood it. Plain text: never logged, never sent."""

    prompt: Prompt = field(repr=False)
    request_id: RequestId
    conversation: ConversationId
    trace: TraceId
    application: str
    revision: int = 0  # counts up when the same request is escalated anew with other content
    deadline_s: float = 30.0
    wish: Mode | None = None  # the mode the application asks for with this request; it can only let out less
    keep_local: bool = False  # the application asked for local only
    ask_review: bool = False  # the application asked for a person
    consented: bool = False  # the application says that somebody agreed to this leaving, redacted
    due: float | None = (
        None  # monotonic: the application gets what there is then; absent: deadline_s from the sending
    )
    hurried: bool = (
        False  # the application named that moment: then it counts for an answer that stays here, too
    )
    fallback: bool = False  # the device has a worse answer of its own in hand
    hear: Callable[[Why, str], None] | None = field(
        default=None, repr=False, compare=False
    )  # is told the text of an answer that stays here whatever it becomes, while it is written, and why it stays
    budget_tokens: int = 0  # of the prompt; 0: what the settings say
    whole: Prompt | None = field(
        default=None, repr=False
    )  # the conversation as it was told, where `prompt` is shorter
    economy: Economy | None = None  # what was done to it then

    @property
    def told(self) -> Prompt:
        """The conversation as the application told it: what makes two requests the same, and names their questions."""
        return self.whole if self.whole is not None else self.prompt


@dataclass(frozen=True, slots=True)
class RedactedCall:
    id: CallRef
    name: Redacted
    arguments: Redacted


@dataclass(frozen=True, slots=True)
class RedactedMessage:
    role: Role
    content: Redacted
    tool_calls: tuple[RedactedCall, ...] = ()
    tool_call_id: CallRef = CallRef("")


@dataclass(frozen=True, slots=True)
class RedactedTool:
    name: Redacted
    description: Redacted
    parameters: Redacted


@dataclass(frozen=True, slots=True)
class RedactedPrompt:
    """A prompt with every private value replaced, counted by label; commitments let the cloud check leaks exactly."""

    messages: tuple[RedactedMessage, ...]
    tools: tuple[RedactedTool, ...]
    forced_tool: Redacted
    response_schema: Redacted
    entities: Mapping[Label, int]
    commitment_salt: bytes = field(default=b"", repr=False)
    commitments: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Escalation:
    """Everything that may leave the device for one request, and nothing else."""

    request_id: RequestId
    revision: int
    conversation: ConversationId
    trace: TraceId
    why: Why
    prompt: RedactedPrompt
    tool_choice: ToolChoice
    max_tokens: int
    policy_version: PolicyVersion
    deadline_ms: int
    requires_review: bool


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
    EXPIRED = "expired"  # no person at the cloud decided in time
    WITHDRAWN = "withdrawn"  # this device took it back


@dataclass(frozen=True, slots=True)
class Citation:
    source: str
    section: str
    quote: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Released:
    """An answer whose receipt has been verified. Text still carries placeholders."""

    text: str = field(repr=False)
    tool_calls: tuple[ToolCall, ...]
    citations: tuple[Citation, ...]
    model: str
    usage: Usage
    case: str
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A person decides; `ticket` is the device's own, good for /v1/tidegate/answers/{ticket}."""

    ticket: Ticket
    reason: HoldReason


@dataclass(frozen=True, slots=True)
class Rejected:
    reason: RejectReason


@dataclass(frozen=True, slots=True)
class Queued:
    """The cloud could not be reached; the escalation is safe in the spool under `ticket`."""

    ticket: Ticket


Delivery = Released | Held | Rejected | Queued


class Source(StrEnum):
    DEVICE = "device"
    CLOUD = "cloud"
    NOBODY = "nobody"


class State(StrEnum):
    """What kind of answer this is, for the client and the journal."""

    ANSWERED = "answered"
    DEGRADED = "degraded"  # the best the device has while the cloud is away; below the threshold
    HELD = "held"
    QUEUED = "queued"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application gets. `confidence` is P(right) of the local draft when there was one."""

    state: State
    source: Source
    why: Why
    text: str = field(repr=False)
    tool_calls: tuple[ToolCall, ...] = ()
    confidence: float | None = None
    ticket: Ticket | None = None
    citations: tuple[Citation, ...] = ()
    model: str = ""
    usage: Usage = Usage()
    hold: HoldReason | None = None
    reject: RejectReason | None = None
    draft: Draft | None = field(default=None, repr=False)
    judged: Judgement | None = None  # how the local draft was judged, when there was one
    reviewed: bool = False  # a person decided it
    consent: ConsentId | None = None  # where to agree, when that is what it waits for
    decided: Record | None = None  # what was known, and every reason


class LocalModel(Protocol):
    """The model on this device. Raises BadRequest (too long, bad schema) and Broken."""

    @property
    def ready(self) -> bool: ...

    @property
    def context_tokens(self) -> int: ...

    @property
    def speaks(self) -> bool:
        """Whether it answers in prose, not only with tool calls."""
        ...

    def count_tokens(self, prompt: Prompt) -> int: ...

    async def read_ahead(self, prompt: Prompt, application: str = "") -> None:
        """Reads what `generate` will probably be asked about in a moment, until it is cancelled or there is no room to."""
        ...

    async def generate(self, prompt: Prompt, terms: Terms = ANYHOW) -> Draft:
        """Raises Exhausted (429) too, when it would wait longer than the terms allow."""
        ...

    def confidence(self, prompt: Prompt, draft: Draft) -> float:
        """Calibrated P(returning this draft serves the request), 0..1; near 0 for a "not for me"."""
        ...


class Screen(Protocol):
    """Redaction for one conversation, and the way back."""

    def redact(self, request: Request) -> RedactedPrompt:
        """Raises Broken when detection is unavailable or its self-test failed: the caller must not escalate."""
        ...

    def restore(self, conversation: ConversationId, text: str) -> str:
        """Raises Untrusted for placeholders this conversation never made."""
        ...

    def restore_json(self, conversation: ConversationId, text: str) -> str:
        """The same for JSON text (tool arguments): values come back escaped as JSON wants them."""
        ...

    def injection(self, request: Request) -> float: ...

    def forget(self, conversation: ConversationId) -> None:
        """Wipes what is in memory of a conversation: its placeholders come back no more."""
        ...


class Dispatch(Protocol):
    """Carries an escalation to the cloud: written to the spool first, receipt verified, recorded in the ledger.

    Never raises Unreachable: an unreachable cloud yields Queued. Raises Exhausted when the spool cannot take it (disk
    full: nothing half-written) and Untrusted when the cloud's proof fails.
    """

    @property
    def present(self) -> bool:
        """Whether escalation exists at all (False in local-only mode: it is not constructed)."""
        ...

    async def send(self, escalation: Escalation, request: Request) -> Delivery: ...


class LateState(StrEnum):
    """What became of a ticket so far."""

    WAITING = "waiting"  # in the spool, or with the cloud
    HELD = "held"  # a person decides
    ANSWERED = "answered"
    REFUSED = "refused"
    EXPIRED = "expired"
    UNTRUSTED = "untrusted"  # an answer came and its proof failed

    @property
    def final(self) -> bool:
        return self not in (LateState.WAITING, LateState.HELD)


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """What a ticket is worth now. Text is restored: plain, and for the application that asked."""

    ticket: Ticket
    request_id: RequestId
    conversation: ConversationId
    trace: TraceId
    why: Why
    state: LateState
    asked_at: float
    answered_at: float = 0.0
    text: str = field(default="", repr=False)
    tool_calls: tuple[ToolCall, ...] = ()
    citations: tuple[Citation, ...] = ()
    model: str = ""
    usage: Usage = Usage()
    reviewed: bool = False
    hold: HoldReason | None = None
    reject: RejectReason | None = None
    seen: bool = False  # it was handed over before


class Late(Protocol):
    """Answers that come after their request has ended. Each is pushed to the application at most once; pulling repeats."""

    def due(self, request: Request, *, named: bool) -> tuple[LateAnswer, ...]:
        """Final, not handed over yet, and of this request's conversation (`named` by the application, or recognised)."""
        ...

    def claim(self, ticket: Ticket) -> bool:
        """Marks it as handed over. True exactly once."""
        ...

    def claim_request(self, request_id: RequestId) -> bool:
        """The same for the request that is being answered right now; True when there was something to claim."""
        ...

    def withdraw(self, ticket: Ticket) -> None:
        """Nobody here needs its answer any more: it is not sent if it has not left, and the cloud is told, once it can be."""
        ...

    async def collect(self, ticket: Ticket, application: str, wait_s: float) -> LateAnswer | None:
        """Waits for a final state up to `wait_s`. None when this application has no such ticket."""
        ...

    def pending(self, application: str) -> tuple[LateAnswer, ...]:
        """Everything of this application that was not handed over yet, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules a turn obeys. `keep_at` is the P(right) from which a draft is kept."""

    version: PolicyVersion
    keep_at: float = 0.6
    must_stay: frozenset[Label] = frozenset()
    must_go_words: tuple[str, ...] = ()
    review_labels: frozenset[Label] = frozenset()
    refuse_injection_at: float = 1.1
    consent: Consent = Consent.ALWAYS
    consent_for: Mapping[Label, Consent] = field(default_factory=dict)
    modes: Modes = field(default_factory=Modes)
    summarise: bool = True
    prompt_tokens: int = (
        0  # of a conversation, before its oldest turns are summed up; 0: as the local model needs it
    )

    def consent_of(self, labels: Iterable[Label]) -> Consent:
        """What a request with such entities needs before it leaves: the strictest of its kinds and of the device."""
        return strictest((self.consent, *(self.consent_for.get(label, Consent.ALWAYS) for label in labels)))


class PromiseKeeper(Protocol):
    """Judges drafts by the promise of their request. Numbers and digests: it keeps no text."""

    @property
    def calibration(self) -> Calibration | None:
        """That of the model in use."""
        ...

    def claims(self, draft: Draft) -> bytes:
        """A keyed digest of what a draft says."""
        ...

    def giving_up(self, request: Request, keep_at: float) -> Callable[[Mapping[str, float]], GivesUp] | None:
        """What may end a draft that will be escalated anyway, before it is finished; `keep_at` where nothing was promised."""
        ...

    def judge(self, request: Request, signals: Signals, *, claims: bytes) -> Judgement | None:
        """None where nothing was promised. Raises Exhausted when a line's first state cannot be written."""
        ...


class Around(Protocol):
    """The world around a request, and the bill of what is done here. From any thread; never raises."""

    def world(self, request: Request, prompt_tokens: int) -> World: ...

    def drafting(self) -> AbstractContextManager[None]:
        """Counts a draft while it is written."""
        ...

    def drafted(self, request: Request, made: Draft) -> None: ...


@dataclass(frozen=True, slots=True)
class House:
    """Everything a turn uses, chosen in edge.app."""

    policy: Policy
    screen: Screen
    local: LocalModel
    dispatch: Dispatch
    promise: PromiseKeeper | None = None
    around: Around | None = None
