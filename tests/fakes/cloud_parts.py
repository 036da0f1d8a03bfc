"""Values and small fakes for tests of the cloud tier, and a whole house of real parts without models."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cloud import case
from cloud.answer.choose import Choice
from cloud.audit.checkpoint import Checkpoint
from cloud.audit.ed25519 import Ed25519Notary
from cloud.console.access import Access
from cloud.console.app import Parts
from cloud.console.fleet import FleetSeen
from cloud.console.views import Views, no_fleet
from cloud.door.limits import DoorLimits
from cloud.door.service import Desk
from cloud.intake.admit import Gate, IntakeRules
from cloud.knowledge.ingest import MANUALS, digest_of, read_folder
from cloud.knowledge.search import Library
from cloud.observe.metrics import CloudMetrics
from cloud.policy import decide as policy
from cloud.ports import (
    Check,
    CheckResult,
    Court,
    Outcome,
    Proposal,
    Reply,
    Submission,
    Verdict,
    WhyEscalated,
)
from cloud.review.bell import Bell
from cloud.review.desk import ReviewDesk
from cloud.review.operators import Operator, Role, hash_password
from cloud.steps import IntakeStep, SearchStep, VerdictStep
from cloud.store.audit import SqlAuditLog
from cloud.store.db import open_database, sqlite_url
from cloud.store.insight import SqlInsight
from cloud.store.ledger import SqlLedger
from cloud.store.operators import SqlOperators, SqlSessions
from cloud.store.passages import SqlPassageIndex
from cloud.store.shelf import SqlCaseShelf
from cloud.validation.verdict import Bench, rules
from tidegate.chat import Message, Prompt, Tool, ToolChoice
from tidegate.chat import Role as Speaker
from tidegate.clock import Clock, FixedClock
from tidegate.engines.port import Engine
from tidegate.guard.injection import Guarded
from tidegate.guard.injection import Verdict as Guess
from tidegate.ids import CaseId, ConversationId, DeviceId, OperatorId, RequestId, Ticket, TraceId
from tidegate.privacy.detect import build_detector
from tidegate.privacy.placeholders import make
from tidegate.privacy.spans import Span
from tidegate.signing.receipts import load_signing_key, new_signing_key, save_signing_key
from tidegate.telemetry import QuietTracer
from tidegate.wire.v1 import escalation_pb2 as pb

ADA = Operator(OperatorId("ada"), Role.REVIEWER, hash_password("a long password"))
BEN = replace(ADA, name=OperatorId("ben"))
EVE = replace(ADA, name=OperatorId("eve"), role=Role.VIEWER)
ZOE = replace(ADA, name=OperatorId("zoe"), role=Role.ADMIN)
PASSWORD = "a long password"
PERSON = make("PERSON", 1, "k3f")
OTHER_PERSON = make("PERSON", 1, "zzz")
ASKS_E42 = f"A customer, {PERSON}, reports error E42 on her Aurelia HP-8. What does E42 mean, and what do we answer her?"
ASKS_REFUND = f"{PERSON} wants a refund for the Aurelia HP-8 because of error E42. What do we answer?"
DEVICE = DeviceId("dev-0001")


def submission(question: str = ASKS_E42, *, request: str = "req_00000001", **changes: object) -> Submission:
    """An escalation of one user turn; `changes` replaces fields."""
    prompt = Prompt((Message(Speaker.USER, question),))
    base = Submission(
        device=DEVICE,
        request_id=RequestId(request),
        revision=0,
        conversation=ConversationId("conv_00000001"),
        trace=TraceId("ab" * 16),
        why=WhyEscalated.UNSURE,
        prompt=prompt,
        entities=(("PERSON", 1),),
        commitment_salt=b"",
        commitments=(),
        policy_version="p1",
        deadline_ms=10_000,
        requires_review=False,
        digest=hashlib.sha256(question.encode()).digest(),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def with_tools(
    question: str, *tools: Tool, choice: ToolChoice = ToolChoice.AUTO, schema: str = ""
) -> Submission:
    prompt = Prompt(
        (Message(Speaker.USER, question),), tools=tools, tool_choice=choice, response_schema=schema
    )
    return submission(question, prompt=prompt)


def passed(**outcomes: Outcome) -> Verdict:
    """A verdict whose checks passed, but for those named."""
    return Verdict(tuple(CheckResult(c, outcomes.get(c.value, Outcome.PASSED)) for c in Check))


def wire(question: str = ASKS_E42, *, request: str = "req_00000001", review: bool = False) -> bytes:
    """The bytes of an escalation as a device sends them."""
    return pb.Escalation(
        request_id=request,
        conversation_id="conv_00000001",
        why=pb.WHY_PASSED,
        messages=[pb.RedactedMessage(role=pb.ROLE_USER, content=question)],
        max_tokens=256,
        deadline_ms=10_000,
        requires_review=review,
    ).SerializeToString(deterministic=True)


@dataclass(frozen=True)
class FixedDetector:
    """Finds what it was told to, wherever the words stand."""

    words: tuple[tuple[str, Span], ...] = ()

    def find(self, text: str) -> Sequence[Span]:
        return [
            replace(span, start=text.index(word), end=text.index(word) + len(word))
            for word, span in self.words
            if word in text
        ]

    structured = find


def calm(text: str) -> Guarded:
    """An injection guard that worries about one word only."""
    return Guarded(0.99, Guess.ATTACK) if "ATTACK" in text else Guarded(0.01, Guess.CLEAN)


@dataclass(frozen=True)
class CloudHouse:
    """Real parts on a folder; no NER, no encoder, no model unless given."""

    court: Court
    ledger: SqlLedger
    review: ReviewDesk
    desk: Desk
    operators: SqlOperators
    sessions: SqlSessions
    audit: SqlAuditLog
    checkpoint: Checkpoint
    notary: Ed25519Notary
    clock: Clock
    bell: Bell
    metrics: CloudMetrics
    insight: SqlInsight


@dataclass(frozen=True)
class _Counter:
    ledger: SqlLedger
    review: ReviewDesk

    def collect(self, device: DeviceId, ticket: Ticket) -> tuple[CaseId, Reply] | None:
        return self.ledger.collect(device, ticket)

    def withdraw(self, case: CaseId) -> None:
        self.review.withdraw(case)

    def delivered(self, case_id: CaseId) -> None:
        self.review.delivered(case_id)


def cloud_house(
    folder: Path, *, clock: Clock | None = None, engine: Engine | None = None, database: str = ""
) -> CloudHouse:
    clock = clock or FixedClock()
    key = folder / "receipt.key"
    if not key.exists():
        save_signing_key(key, new_signing_key())
    notary = Ed25519Notary(load_signing_key(key))
    base = open_database(database or sqlite_url(folder / "cloud.db"))
    cedar = policy.load(None, ("refund",))
    documents = read_folder(MANUALS)
    index = SqlPassageIndex(base)
    index.refill(documents)
    library = Library(index)
    detector = build_detector(ner=False)
    bench = Bench(rules(detector, cedar))
    ledger = SqlLedger(base, notary, clock, policy_digest=lambda: cedar.digest, review_s=1000.0)
    audit = SqlAuditLog(base)
    checkpoint = Checkpoint(folder / "audit.head", notary)
    bell, metrics = Bell(), CloudMetrics()
    shelf = SqlCaseShelf(base, notary, clock, policy_digest=lambda: cedar.digest)
    review = ReviewDesk(
        shelf,
        library,
        bench,
        bell,
        clock,
        metrics,
        lease_s=60.0,
        changed=lambda: checkpoint.write(audit.head()),
    )
    court = Court(
        intake=IntakeStep(Gate(detector, calm, IntakeRules()), QuietTracer()),
        knowledge=SearchStep(library, QuietTracer()),
        answerer=Choice(engine, digest_of(documents)),
        validator=VerdictStep(bench, QuietTracer()),
        policy=cedar,
        ledger=ledger,
    )

    async def decide(one: Submission) -> Reply:
        reply = await case.decide(one, court)
        checkpoint.write(audit.head())
        return reply

    desk = Desk(decide, _Counter(ledger, review), bell, clock, QuietTracer(), metrics, "p1", DoorLimits())
    operators = SqlOperators(base, clock)
    return CloudHouse(
        court,
        ledger,
        review,
        desk,
        operators,
        SqlSessions(base, clock, life_s=3600.0),
        audit,
        checkpoint,
        notary,
        clock,
        bell,
        metrics,
        SqlInsight(base),
    )


def console_parts(
    house: CloudHouse, access: Access, fleet: Callable[[], FleetSeen | None] = no_fleet
) -> Parts:
    """What a console over this house shows."""
    views = Views(house.clock, house.insight.cases, house.insight.costs, fleet)
    return Parts(
        house.review, access, house.clock, house.metrics, house.audit.head, house.audit.latest, views
    )


def proposal(text: str = "Open the valves.", **changes: object) -> Proposal:
    return replace(Proposal(text, model="m", model_digest="00" * 32), **changes)  # type: ignore[arg-type]
