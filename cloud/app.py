"""The cloud tier put together: one place chooses every adapter, starts the doors and stops them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from cloud import case, state
from cloud.answer import models
from cloud.audit.checkpoint import Checkpoint
from cloud.audit.ed25519 import Ed25519Notary
from cloud.config import CloudConfig
from cloud.console.access import Access
from cloud.console.app import Parts, build
from cloud.console.fleet import FleetWatch
from cloud.console.serve import listen, serving
from cloud.console.views import Views
from cloud.door.enrol import EnrolmentDoor
from cloud.door.limits import DoorLimits
from cloud.door.peer import Doorkeeper
from cloud.door.renew import Renewals
from cloud.door.server import EscalationsDoor, Server, enrolment_server, escalations_server
from cloud.door.service import Desk
from cloud.fleet.broker import listener_of
from cloud.fleet.conductor.session import Conductor
from cloud.fleet.place import FleetPlace, open_conductor, published_root, refresh_revocations, revocations_due
from cloud.intake.admit import Assess, Gate, IntakeRules
from cloud.knowledge.ingest import MANUALS, digest_of, read_folder
from cloud.knowledge.meaning import Meaning
from cloud.knowledge.rank import Corpus
from cloud.knowledge.search import Library
from cloud.observe.metrics import CloudMetrics
from cloud.policy import decide as policy
from cloud.ports import Court, Reply, Submission
from cloud.review.bell import Bell
from cloud.review.desk import ReviewDesk
from cloud.steps import AnswerStep, IntakeStep, SearchStep, VerdictStep
from cloud.store.audit import SqlAuditLog
from cloud.store.db import open_database, sqlite_url
from cloud.store.insight import SqlInsight
from cloud.store.ledger import SqlLedger
from cloud.store.operators import SqlOperators, SqlSessions
from cloud.store.passages import SqlPassageIndex
from cloud.store.shelf import SqlCaseShelf
from cloud.validation.verdict import Bench, rules
from tidegate.clock import Clock, SystemClock
from tidegate.engines.embedder import shipped as load_embedder
from tidegate.errors import BadConfig, Broken, TidegateError
from tidegate.fs import sole_owner, write_durably
from tidegate.guard.injection import Guarded, load_assess
from tidegate.identity.folder import private_folder
from tidegate.ids import CaseId, DeviceId, Ticket
from tidegate.logs import Log
from tidegate.models.recipe import read_recipe
from tidegate.privacy.detect import build_detector
from tidegate.telemetry import QuietTracer, Tracer, tracer

_LOG = Log("cloud.app")
SWEEP_S = 60.0
GRACE_S = 1.0


@dataclass(frozen=True, slots=True)
class House:
    """Everything a running cloud is made of; also what the command line uses on the same state folder."""

    court: Court
    ledger: SqlLedger
    review: ReviewDesk
    operators: SqlOperators
    sessions: SqlSessions
    audit: SqlAuditLog
    insight: SqlInsight
    checkpoint: Checkpoint
    identity: state.Identity
    folder: state.StateFolder
    engine: models.LazyEngine | None
    meaning: Meaning | None
    bell: Bell
    metrics: CloudMetrics
    clock: Clock
    spans: Tracer
    close: Callable[[], None]  # lets go of the database


@dataclass(frozen=True, slots=True)
class _Counter:
    """cloud.door.service.Counter over the ledger and the desk."""

    ledger: SqlLedger
    review: ReviewDesk

    def collect(self, device: DeviceId, ticket: Ticket) -> tuple[CaseId, Reply] | None:
        return self.ledger.collect(device, ticket)

    def withdraw(self, case: CaseId) -> None:
        self.review.withdraw(case)

    def delivered(self, case: CaseId) -> None:
        self.review.delivered(case)


def assemble(
    settings: CloudConfig,
    clock: Clock | None = None,
    *,
    refill: bool = True,
    spans: Tracer | None = None,
    metrics: CloudMetrics | None = None,
) -> House:
    """Chooses every adapter. Makes the state folder on a first start. Raises BadConfig and Broken.

    `refill` False leaves the document index as the running cloud made it.
    """
    clock, spans = clock or SystemClock(), spans or QuietTracer()
    folder = state.StateFolder(settings.state)
    identity = state.prepare(folder, clock.now(), names=settings.enrol.names)
    notary = Ed25519Notary(identity.receipt_key)
    engine = open_database(settings.store.url or sqlite_url(folder.database))
    desk = policy.load(settings.policy.file, settings.policy.review_topics)
    detector = build_detector(ner=settings.intake.names, allow_degraded=True)
    if detector.degraded and settings.intake.names:
        _LOG.warning("names_not_looked_for", code="detector_degraded")
    documents = read_folder(settings.knowledge.folder or MANUALS)
    index = SqlPassageIndex(engine)
    if refill:
        index.refill(documents)
    corpus = Corpus(documents)
    meaning = _meaning(settings, corpus, folder.root / "vectors.npz")
    library = Library(index, corpus, meaning)
    bench = Bench(rules(detector, desk))
    ledger = SqlLedger(
        engine, notary, clock, policy_digest=lambda: desk.digest, review_s=settings.review.expire_s
    )
    audit = SqlAuditLog(engine)
    checkpoint = Checkpoint(folder.audit_head, notary)
    bell, metrics = Bell(), metrics or CloudMetrics()
    review = ReviewDesk(
        shelf=SqlCaseShelf(engine, notary, clock, policy_digest=lambda: desk.digest),
        knowledge=library,
        judges=bench,
        bell=bell,
        clock=clock,
        metrics=metrics,
        lease_s=settings.review.lease_s,
        changed=lambda: checkpoint.write(audit.head()),
    )
    model = models.choose(settings.model)
    court = Court(
        intake=IntakeStep(Gate(detector, _guard(), _intake_rules(settings)), spans),
        knowledge=SearchStep(library, spans),
        answerer=AnswerStep(models.choice(settings.model, model, digest_of(documents)), spans),
        validator=VerdictStep(bench, spans),
        policy=desk,
        ledger=ledger,
        passages=settings.knowledge.passages,
    )
    return House(
        court=court,
        ledger=ledger,
        review=review,
        operators=SqlOperators(engine, clock),
        sessions=SqlSessions(engine, clock, life_s=settings.console.session_s),
        audit=audit,
        insight=SqlInsight(engine),
        checkpoint=checkpoint,
        identity=identity,
        folder=folder,
        engine=model,
        meaning=meaning,
        bell=bell,
        metrics=metrics,
        clock=clock,
        spans=spans,
        close=engine.dispose,
    )


def open_operators(settings: CloudConfig) -> SqlOperators:
    """The accounts of a state folder, for the command line; works beside a running cloud."""
    folder = state.StateFolder(settings.state)
    private_folder(folder.root)
    clock = SystemClock()
    return SqlOperators(open_database(settings.store.url or sqlite_url(folder.database)), clock)


def _guard() -> Assess:
    """The injection guard; without one every request is held for a person (fail closed)."""
    try:
        return load_assess()
    except Broken as e:
        _LOG.error("guard_unavailable", e)
        broken = e

    def nobody(_: str) -> Guarded:
        raise broken

    return nobody


def _meaning(settings: CloudConfig, corpus: Corpus, file: Path) -> Meaning | None:
    """The documents by meaning; nothing is loaded before it is started."""
    if not settings.knowledge.meaning:
        return None
    return Meaning(corpus, load_embedder, read_recipe().weights_sha256, file)


def _intake_rules(settings: CloudConfig) -> IntakeRules:
    given = settings.intake
    return IntakeRules(
        most_chars=given.max_chars,
        most_messages=given.max_messages,
        most_tools=given.max_tools,
        on_attack=given.on_attack,
        on_suspect=given.on_suspect,
        on_name=given.on_name,
        name_at=given.name_at,
    )


def escalation_desk(house: House, settings: CloudConfig) -> Desk:
    async def decide(submission: Submission) -> Reply:
        reply = await case.decide(submission, house.court)
        house.checkpoint.write(house.audit.head())
        return reply

    return Desk(
        decide=decide,
        counter=_Counter(house.ledger, house.review),
        bell=house.bell,
        clock=house.clock,
        tracer=house.spans,
        metrics=house.metrics,
        policy_version=settings.policy.version,
        limits=DoorLimits(
            most_bytes=settings.door.max_bytes,
            most_in_flight=settings.door.max_in_flight,
            longest_s=settings.door.longest_s,
        ),
    )


@asynccontextmanager
async def running(settings: CloudConfig, house: House) -> AsyncIterator[dict[str, str]]:
    """Opens the doors; gives the facts of the ready line; on leaving closes them within a few seconds."""
    doors = EscalationsDoor(
        escalation_desk(house, settings),
        Doorkeeper(house.identity.revoked),
        Renewals(house.identity.tokens, house.identity.authority, house.clock),
    )
    enrol = EnrolmentDoor(
        tokens=house.identity.tokens,
        authority=house.identity.authority,
        clock=house.clock,
        receipt_key=house.identity.receipt_key.public,
        update_root=lambda: published_root(settings.state),
    )
    material = house.identity.material
    async with AsyncExitStack() as stack:
        sock = listen(settings.console.host, settings.console.port)
        stack.callback(sock.close)
        grpc_server, grpc_port = escalations_server(
            doors, material, f"{settings.door.host}:{settings.door.port}"
        )
        enrol_server, enrol_port = enrolment_server(
            enrol.enrol, material, f"{settings.enrol.host}:{settings.enrol.port}"
        )
        stack.callback(house.close)
        stack.callback(house.spans.close)
        if house.engine is not None:
            stack.push_async_callback(house.engine.close)
        if house.meaning is not None:
            stack.push_async_callback(asyncio.to_thread, house.meaning.stop)
            house.meaning.start()
        await stack.enter_async_context(serving(_console(settings, house), sock))
        conductor = _conductor(settings, house.clock)
        stack.push_async_callback(_stop, (grpc_server, enrol_server), conductor)
        for server in (grpc_server, enrol_server):
            await server.start()
        if conductor is not None:
            conductor.start()
        sweeper = asyncio.create_task(_sweep(settings, house))
        stack.callback(sweeper.cancel)
        yield {
            "url": f"http://{settings.console.host}:{sock.getsockname()[1]}",
            "grpc": f"{settings.door.host}:{grpc_port}",
            "enrol": f"{settings.enrol.host}:{enrol_port}",
            "ca_fingerprint": house.identity.authority.fingerprint,
            "state": str(house.folder.root),
        }


async def _stop(servers: tuple[Server, ...], conductor: Conductor | None) -> None:
    """All at once: whoever waits for a decision is let go after the grace, and asks again later."""
    steering = asyncio.to_thread(conductor.stop) if conductor is not None else asyncio.sleep(0)
    await asyncio.gather(*(server.stop(GRACE_S) for server in servers), steering)


async def serve(
    settings: CloudConfig, ready: Callable[[dict[str, str]], None], stop: asyncio.Event, metrics: CloudMetrics
) -> None:
    """Runs the cloud until `stop`. Raises BadConfig for a state folder or port that another process holds."""
    with sole_owner(settings.state):
        spans = tracer("tidegate-cloud", endpoint=settings.telemetry.otlp)
        house = assemble(settings, spans=spans, metrics=metrics)
        async with running(settings, house) as facts:
            house.checkpoint.write(house.audit.head())
            ready(facts)
            await stop.wait()
            house.bell.ring()


def _console(settings: CloudConfig, house: House) -> Starlette:
    access = Access(
        operators=house.operators,
        sessions=house.sessions,
        clock=house.clock,
        key=_cookie_key(house.folder.root / "console.key"),
        secure=settings.console.secure_cookie,
    )
    place = FleetPlace(settings.state)
    watch = FleetWatch(lambda: place.store if place.ready else None, house.clock)
    views = Views(house.clock, house.insight.cases, house.insight.costs, watch.look)
    return build(
        Parts(house.review, access, house.clock, house.metrics, house.audit.head, house.audit.latest, views)
    )


def _conductor(settings: CloudConfig, clock: Clock) -> Conductor | None:
    """The fleet's session; None without a fleet. Raises BadConfig for a broker without `tidegate fleet init`."""
    place = FleetPlace(settings.state)
    if not settings.fleet.enabled or not (settings.fleet.broker or place.ready):
        return None
    host, port = _address(settings.fleet.broker) if settings.fleet.broker else listener_of(place.broker)
    return open_conductor(settings.state, host, port, clock, secrets.SystemRandom().random)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal():
        raise BadConfig("fleet.broker: is host:port, for example 127.0.0.1:8883", code="config_type")
    return host, int(port)


def _cookie_key(path: Path) -> bytes:
    """The key that signs session cookies, made on a first start; a new one only logs everybody out."""
    if not path.exists():
        write_durably(path, secrets.token_bytes(32))
    return path.read_bytes()


async def _sweep(settings: CloudConfig, house: House) -> None:
    """Once a minute: expires overdue cases, keeps the broker's revocation list fresh."""
    place = FleetPlace(settings.state)
    while True:
        now = house.clock.now()
        try:
            if house.review.shelf.expire(now):
                house.checkpoint.write(house.audit.head())
                house.bell.ring()
            if place.ready and revocations_due(place, now):
                await asyncio.to_thread(refresh_revocations, place, now)
        except TidegateError as e:  # a full disk must not end the sweeping
            _LOG.error("sweep_failed", e)
        await asyncio.sleep(SWEEP_S)
