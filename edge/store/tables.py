"""What lies in the device's databases: tables, columns, indexes. Column types are those of the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

VERSION = 3  # of the format; one higher with every release that changes a table

Kind = type[str] | type[bytes] | type[int] | type[float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A table. Every column is filled except those in `empty`; `unique` is a set of columns beside the primary key.

    A column that a released format lacks is added to older files, filled with nothing of its type; a whole table of format
    `since` is made in files that are older than that.
    """

    name: str
    key: str
    columns: Mapping[str, Kind]
    empty: frozenset[str] = frozenset()
    unique: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()  # plain SQL: they are partial or descending
    since: int = 1  # the format it came with


SPOOL = Shape(
    "spool",
    "ticket",
    {
        "ticket": str,
        "request_id": str,
        "revision": int,
        "conversation": str,
        "application": str,
        "trace": str,
        "why": str,
        "payload": bytes,
        "body_mac": bytes,
        "asked_mac": bytes,
        "created_at": float,
        "expires_at": float,
        "deadline_s": float,
        "priority": int,
        "state": str,
        "attempts": int,
        "next_at": float,
        "cloud_ticket": str,
        "hold": str,
        "reply": bytes,
        "answered_at": float,
        "claimed_at": float,
        "cause": str,
    },
    empty=frozenset({"hold"}),
    unique=("request_id", "revision"),
    indexes=(
        "CREATE INDEX spool_live ON spool (priority DESC, created_at) WHERE state IN ('queued', 'sent', 'held')",
        "CREATE INDEX spool_unclaimed ON spool (application, answered_at) WHERE claimed_at = 0",
    ),
)
LEDGER = Shape(
    "ledger",
    "seq",
    {
        "seq": int,
        "at": int,
        "kind": str,
        "request_id": str,
        "digest": bytes,
        "bytes": int,
        "entities": str,
        "policy": str,
        "why": str,
        "receipt": bytes,
        "hash": bytes,
    },
)
LEDGER_HEAD = Shape("ledger_head", "id", {"id": int, "seq": int, "seal": bytes})
VAULTS = Shape("vaults", "conversation", {"conversation": str, "sealed": bytes, "used_at": float})
KEYS = Shape("keys", "digest", {"digest": bytes, "application": str, "created_at": float})
JOURNAL = Shape(
    "journal",
    "request_id",
    {
        "request_id": str,
        "at": float,
        "application": str,
        "conversation": str,
        "trace": str,
        "state": str,
        "source": str,
        "why": str,
        "confidence": float,
        "latency_ms": float,
        "model": str,
        "ticket": str,
        "prompt_tokens": int,
        "completion_tokens": int,
        "question": str,
        "reply": str,
        "decision": str,
    },
    empty=frozenset({"confidence", "ticket"}),
    indexes=("CREATE INDEX journal_at ON journal (at)",),
)

LINEAGE = Shape(
    "lineage",
    "epoch",
    {"epoch": int, "at": float, "made_at": float, "seq": int, "hash": bytes, "lost": int, "digest": bytes},
    since=2,
)
TURNS = Shape(
    "turns",
    "id",
    {
        "id": str,
        "application": str,
        "conversation": str,
        "parent": str,
        "at": float,
        "ticket": str,
        "sealed": bytes,
    },
    empty=frozenset({"ticket"}),
    indexes=(
        "CREATE INDEX turns_of ON turns (application, conversation, at)",
        "CREATE INDEX turns_at ON turns (at)",
    ),
)

JUDGED = Shape(
    "judged",
    "request_id",
    {
        "request_id": str,
        "at": float,
        "application": str,
        "line": str,
        "task": str,
        "p_right": float,
        "keep_at": float,
        "ground": str,
        "kept": int,
        "signals": str,
    },
    indexes=("CREATE INDEX judged_at ON judged (at)",),
    since=2,
)
WATCHES = Shape(
    "watches",
    "id",
    {
        "id": str,
        "line": str,
        "made_from": str,
        "watch": str,
        "at": float,
        "kept": int,
        "drawn": int,
        "right": int,
        "wrong": int,
        "undecided": int,
    },
    since=2,
)
CHECKS = Shape(
    "checks",
    "asked_id",
    {
        "asked_id": str,
        "request_id": str,
        "at": float,
        "watching": str,
        "line": str,
        "task": str,
        "p_right": float,
        "chance": float,
        "claims": bytes,
        "slip": str,
    },
    since=2,
)
OUTCOMES = Shape(
    "outcomes",
    "id",
    {
        "id": str,
        "at": float,
        "request_id": str,
        "line": str,
        "task": str,
        "p_right": float,
        "wrong": float,
        "origin": str,
        "chance": float,
    },
    indexes=("CREATE INDEX outcomes_of ON outcomes (line, at)",),
    since=2,
)
HAPPENED = Shape(
    "happened",
    "seq",
    {"seq": int, "at": float, "line": str, "what": str, "state": str, "keep_at": float, "seen": float},
    since=2,
)

SPEND = Shape(
    "spend",
    "id",
    {
        "id": str,
        "scope": str,
        "name": str,
        "date": str,
        "money": float,
        "tokens": int,
        "joules": float,
        "bytes": int,
        "at": float,
    },
    indexes=("CREATE INDEX spend_date ON spend (date)",),
    since=2,
)
SPEND_DAY = Shape("spend_day", "id", {"id": int, "date": str, "wall": float}, since=2)

DURABLE_FILE = (
    SPOOL,
    LEDGER,
    LEDGER_HEAD,
    VAULTS,
    KEYS,
    LINEAGE,
    WATCHES,
    CHECKS,
    OUTCOMES,
    HAPPENED,
    SPEND,
    SPEND_DAY,
)
JOURNAL_FILE = (JOURNAL, JUDGED)
MEMORY_FILE = (TURNS,)
