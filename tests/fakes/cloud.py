"""A small cloud on the real wire: mTLS, idempotent by (device, request, revision), signed receipts, held cases."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tidegate.identity import tls  # before grpc: it switches TLS 1.2 off

import grpc  # isort: skip

from tidegate.clock import SystemClock
from tidegate.fs import write_durably
from tidegate.identity import authority as ca
from tidegate.identity.authority import Authority
from tidegate.identity.folder import save_service
from tidegate.identity.life import life_of
from tidegate.identity.names import Service
from tidegate.identity.renewal import RenewRefusal, renew
from tidegate.ids import CaseId, DeviceId, RequestId
from tidegate.signing.receipts import SigningKey, Statement, new_signing_key, reply_digest, sign_receipt
from tidegate.wire.v1 import escalation_pb2 as pb

DEVICE = DeviceId("test-device-1")
Say = Callable[[pb.Escalation], str]


@dataclass
class Site:
    """A certificate authority, a cloud's folder and a device's folder."""

    folder: Path
    authority: Authority = field(default_factory=lambda: ca.create_authority(SystemClock().now()))
    signing: SigningKey = field(default_factory=new_signing_key)

    def __post_init__(self) -> None:
        now = SystemClock().now()
        save_service(self.folder / "cloud", self.authority, Service.CLOUD, now)
        self.enrol(self.folder / "device")

    def enrol(self, folder: Path, *, device: DeviceId = DEVICE, days: float = 30) -> Path:
        """The identity folder of a device."""
        key = ca.new_key()
        certificate = ca.issue_device(
            self.authority, device, key.public_key(), SystemClock().now(), days=days
        )
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(folder / "key.pem", ca.key_pem(key))
        write_durably(folder / "cert.pem", ca.certificate_pem(certificate))
        write_durably(folder / "ca.pem", ca.certificate_pem(self.authority.certificate))
        write_durably(folder / "receipt.pub", self.signing.public)
        return folder


@dataclass
class FakeCloud:
    """`answers`, `holds` and `rejects` say what becomes of a request; `seen` is every escalation that arrived."""

    site: Site
    say: Say = lambda _: "the cloud's answer"
    hold: bool = False
    reject: str = ""
    tamper: bool = False
    pause_s: float = 0.0
    unavailable: bool = False
    seen: list[bytes] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    cases: dict[tuple[str, int], bytes] = field(default_factory=dict)
    held: dict[str, bytes] = field(default_factory=dict)
    withdrawn: list[str] = field(default_factory=list)
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    issued: list[int] = field(default_factory=list)
    old_release: bool = False
    issued_at: int = 1_790_000_000  # when it signs
    foreign: Authority | None = None
    callers: list[int] = field(default_factory=list)  # the serials of those that probed

    async def escalate(self, raw: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        self.seen.append(raw)
        self.traces += [
            str(value) for key, value in context.invocation_metadata() or () if key == "traceparent"
        ]
        if self.unavailable:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "busy")
        await asyncio.sleep(self.pause_s)
        message = pb.Escalation.FromString(raw)
        key = (message.request_id, message.revision)
        if key not in self.cases:
            self.cases[key] = raw
        if self.reject:
            return pb.CloudReply(rejected=pb.Rejected(reason=self.reject)).SerializeToString()
        if self.hold and not self.decided.is_set():
            ticket = "tkt_cloud_" + message.request_id
            self.held[ticket] = self.cases[key]
            return pb.CloudReply(held=pb.Held(ticket=ticket, reason="HOLD_REASON_POLICY")).SerializeToString()
        return self.released(self.cases[key])

    async def collect(self, raw: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        asked = pb.CollectRequest.FromString(raw)
        if asked.withdraw and not self.old_release and not self.decided.is_set():
            self.withdrawn += [ticket for ticket in (asked.ticket,) if self.held.pop(ticket, None)]
            taken = pb.Rejected(reason="REJECT_REASON_WITHDRAWN")
            return pb.CloudReply(rejected=taken).SerializeToString()
        if asked.ticket not in self.held:
            unknown = pb.Rejected(reason="REJECT_REASON_UNKNOWN_TICKET")
            return pb.CloudReply(rejected=unknown).SerializeToString()
        try:
            await asyncio.wait_for(self.decided.wait(), max(asked.wait_ms / 1000, 0.01))
        except TimeoutError:
            held = pb.Held(ticket=asked.ticket, reason="HOLD_REASON_POLICY")
            return pb.CloudReply(held=held).SerializeToString()
        return self.released(self.held[asked.ticket], reviewed=True)

    async def renew(self, raw: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        """The authority's own rule; `old_release`: a cloud that knows no renewal; `foreign`: of another authority."""
        if self.old_release:
            await context.abort(grpc.StatusCode.UNIMPLEMENTED, "Method not found!")
        shown = {key: list(values) for key, values in context.auth_context().items()}
        issuer = self.foreign or self.site.authority
        found = renew(
            self,
            tls.peer_from_auth_context(shown).device_id,
            life_of(shown["x509_pem_cert"][0]),
            pb.RenewRequest.FromString(raw).csr,
            issuer,
            SystemClock().now(),
        )
        if isinstance(found, RenewRefusal):
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, found.value)
            raise AssertionError("abort raises")
        return pb.RenewReply(certificate=found.certificate, chain=found.chain).SerializeToString()

    def renewed(self, device: DeviceId, serial: int) -> None:
        self.issued.append(serial)

    async def probe(self, raw: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        shown = {key: list(values) for key, values in context.auth_context().items()}
        self.callers.append(tls.peer_from_auth_context(shown).serial)
        return pb.ProbeReply(policy_version="test").SerializeToString()

    def released(self, raw: bytes, *, reviewed: bool = False) -> bytes:
        """The signed answer to an escalation."""
        message = pb.Escalation.FromString(raw)
        text = self.say(message)
        statement = Statement(
            device=DEVICE,
            request_id=RequestId(message.request_id),
            revision=message.revision,
            case_id=CaseId("case_" + message.request_id),
            request_digest=hashlib.sha256(raw).digest(),
            reply_digest=reply_digest(text, [], [("manual", "4.2", "quoted")], "cloud-1"),
            policy_digest=b"p" * 32,
            model_digest=b"m" * 32,
            checks=(("schema", "passed"), ("leaks", "passed")),
            audit_index=7,
            audit_head=b"h" * 32,
            issued_at=self.issued_at,
            reviewed=reviewed,
        )
        receipt = pb.Receipt(
            case_id=statement.case_id,
            request_digest=statement.request_digest,
            reply_digest=statement.reply_digest,
            policy_digest=statement.policy_digest,
            model_digest=statement.model_digest,
            checks=[
                pb.CheckResult(check=pb.CHECK_SCHEMA, outcome=pb.OUTCOME_PASSED),
                pb.CheckResult(check=pb.CHECK_LEAKS, outcome=pb.OUTCOME_PASSED),
            ],
            audit_index=7,
            audit_head=statement.audit_head,
            issued_at=statement.issued_at,
            key_id=self.site.signing.key_id,
            signature=sign_receipt(self.site.signing, statement),
            reviewed=reviewed,
        )
        released = pb.Released(
            text=text + ("!" if self.tamper else ""),
            citations=[pb.Citation(source="manual", section="4.2", quote="quoted")],
            receipt=receipt,
            model="cloud-1",
            prompt_tokens=11,
            completion_tokens=5,
        )
        return pb.CloudReply(released=released).SerializeToString()


@asynccontextmanager
async def serving(cloud: FakeCloud, port: int = 0) -> AsyncIterator[str]:
    """The address of the running cloud."""
    server = grpc.aio.server()
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(work)
        for name, work in (
            ("Escalate", cloud.escalate),
            ("Collect", cloud.collect),
            ("Probe", cloud.probe),
            ("Renew", cloud.renew),
        )
    }
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("tidegate.v1.Escalations", handlers),)
    )
    material = tls.load_material(cloud.site.folder / "cloud")
    bound = server.add_secure_port(f"127.0.0.1:{port}", tls.server_credentials(material))
    await server.start()
    try:
        yield f"127.0.0.1:{bound}"
    finally:
        await server.stop(grace=0.1)
