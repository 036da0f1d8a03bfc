"""A run: everything an agent knows about one task, as one value that lies on disk between any two steps. Values only; pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from edge.agent.permit import Approval, Reason
from edge.agent.taint import Exposure, Origin, Tainted
from edge.agent.values import Effect, Ended
from edge.ports import Source
from tidegate.chat import Message
from tidegate.ids import ConversationId, Ticket, TraceId


class RunState(StrEnum):
    """Where a run stands. The last two are final."""

    RUNNING = "running"
    WAITING_PERSON = "waiting_person"
    WAITING_TICKET = "waiting_ticket"
    DONE = "done"
    STOPPED = "stopped"

    @property
    def final(self) -> bool:
        return self in (RunState.DONE, RunState.STOPPED)


class Stop(StrEnum):
    """Why a run was stopped before it was done. Closed."""

    STEPS = "steps"
    TIME = "time"
    SPEND = "spend"
    NO_PROGRESS = "no_progress"  # the same call with the same arguments again
    NO_ANSWER = "no_answer"  # neither tier knows what to do next
    REFUSED = "refused"  # policy or the cloud says no
    CANCELLED = "cancelled"
    TOO_LONG = "too_long"  # the conversation does not fit, even trimmed
    FAULT = "fault"  # a part of this installation failed; the log says which


class Phase(StrEnum):
    """Where one proposed call stands."""

    PROPOSED = "proposed"
    WAITING = "waiting"  # for a person, or for the cloud's
    EXECUTING = "executing"  # the intent is on disk; it may have taken effect
    UNKNOWN = "unknown"  # the power went while it executed: a person says whether it is repeated


@dataclass(frozen=True, slots=True)
class Limits:
    """When a run stops by itself. Seconds are those at work: waiting for a person or a ticket does not count."""

    steps: int = 12
    seconds: float = 120.0
    tokens: int = 50_000  # of all models, prompts and answers together
    escalations: int = 6  # beyond them the run goes on with the local model alone
    budget_tokens: int = 0  # of one prompt; 0: what the local model's context holds


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the conversation, and everybody who had a hand in it."""

    message: Message = field(repr=False)
    origins: frozenset[Origin]

    @property
    def text(self) -> Tainted[str]:
        return Tainted(self.message.content, self.origins)


@dataclass(frozen=True, slots=True)
class Call:
    """One call a model has proposed. `arguments` is the canonical text; `digest` names tool and arguments."""

    id: str
    tool: str
    arguments: str = field(repr=False)
    digest: str
    origins: frozenset[Origin]
    sure: bool = True
    effect: Effect = Effect.IRREVERSIBLE
    exposure: Exposure = Exposure.DERIVED
    outward: bool = False
    repeatable: bool = False
    fault: str = ""  # why it can never be carried out: no such tool, refused by the schema
    phase: Phase = Phase.PROPOSED
    approval: Approval = Approval.NONE
    reason: Reason | None = None
    asked_at: float = 0.0
    tries: int = 0
    cloud_asked: bool = False

    @property
    def question(self) -> str:
        """Names what a person is asked about: another after each try, so that no old word answers a new question."""
        return f"{self.id}.{self.tries}"


class Step(StrEnum):
    """What an event tells. Closed."""

    STARTED = "started"
    TRIMMED = "trimmed"
    ANSWERED = "answered"
    PROPOSED = "proposed"
    PERMITTED = "permitted"
    WAITING = "waiting"
    APPROVED = "approved"
    DENIED = "denied"
    RESULT = "result"
    INTERRUPTED = "interrupted"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a run's story, for the application and the owner. `text` may be private; the rest is closed words.

    `decision` is allowed, waits or refused where a permission was looked at; `reason` says why.
    """

    seq: int
    at: float
    step: Step
    tool: str = ""
    call: str = ""
    digest: str = ""
    effect: Effect | None = None
    exposure: Exposure | None = None
    decision: str = ""
    reason: str = ""
    source: Source | None = None
    ended: Ended | None = None
    note: str = ""
    seconds: float = 0.0
    text: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Run:
    """One task. `calls` are those of the last answer that are not finished, the first one being worked on."""

    id: str
    application: str
    conversation: ConversationId
    trace: TraceId
    created_at: float
    limits: Limits
    tools: tuple[str, ...]
    said: tuple[Said, ...] = field(repr=False)
    ambient: frozenset[Origin] = (
        frozenset()
    )  # of what every prompt holds beside the messages: tool descriptions
    keep_local: bool = False
    consented: bool = False
    max_tokens: int = 256
    state: RunState = RunState.RUNNING
    why: Stop | None = None
    calls: tuple[Call, ...] = ()
    steps: int = 0
    tokens: int = 0
    escalations: int = 0
    active_s: float = 0.0
    executed: tuple[str, ...] = ()  # digests of calls that were carried out
    ticket: Ticket | None = None
    approving: bool = False  # the ticket is about the first call's approval, not an answer
    text: str = field(default="", repr=False)
    source: Source | None = None
    events: tuple[Event, ...] = ()
    wait_reason: str = ""

    @property
    def read(self) -> tuple[Tainted[str], ...]:
        """Everything a model has read so far in this run."""
        return (Tainted("", self.ambient), *(one.text for one in self.said))
