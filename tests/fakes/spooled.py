"""Entries of the spool that differ only in what a test is about."""

from __future__ import annotations

from dataclasses import replace

from edge.routing.plan import Why
from edge.uplink.spool import Entry
from tidegate.ids import ConversationId, RequestId, Ticket, TraceId


def entry(number: int, now: float, life_s: float, **changes: object) -> Entry:
    made = Entry(
        ticket=Ticket(f"tkt_{number:08d}"),
        request_id=RequestId(f"req_{number:08d}"),
        revision=0,
        conversation=ConversationId("conv_00000001"),
        application="tests",
        trace=TraceId("1" * 32),
        why=Why.UNSURE,
        payload=b"redacted bytes",
        body_mac=b"b" * 32,
        asked_mac=b"a" * 32,
        created_at=now,
        expires_at=now + life_s,
        deadline_s=30.0,
    )
    return replace(made, **changes)  # type: ignore[arg-type]
