"""The tables of the cloud tier. Text columns named `*_json` may hold redacted text; the audit table never does."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

metadata = MetaData()

cases = Table(
    "cases",
    metadata,
    Column("case_id", String(40), primary_key=True),
    Column("device", String(40), nullable=False),
    Column("request_id", String(64), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("trace", String(32), nullable=False),
    Column("why", String(32), nullable=False),
    Column("opened_at", Float, nullable=False),
    UniqueConstraint("device", "request_id", "revision", name="one_case_per_key"),
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("kind", String(16), nullable=False),  # released | held | rejected
    Column("reason", String(32), nullable=False, default=""),
    Column("ticket", String(64), unique=True),
    Column("released_json", LargeBinary),
    Column("audit_index", Integer, nullable=False),
    Column("at", Float, nullable=False),
)

reviews = Table(
    "reviews",
    metadata,
    Column("case_id", ForeignKey("cases.case_id"), primary_key=True),
    Column("phase", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("token", Integer, nullable=False),
    Column("operator", String(64), nullable=False),
    Column("lease_until", Float, nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("decided_at", Float, nullable=False),
    Column("decision", String(16), nullable=False, default=""),
    Column("note", String(2000), nullable=False, default=""),
    Column("submission_json", LargeBinary, nullable=False),
    Column("proposal_json", LargeBinary),
    Column("verdict_json", LargeBinary),
    Column("final_json", LargeBinary),  # the proposal that was released, when a person edited it
    Index("reviews_by_phase", "phase", "opened_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    Column("head", LargeBinary(32), nullable=False),
)

operators = Table(
    "operators",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", String(256), nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    Column("created_at", Float, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id_hash", LargeBinary(32), primary_key=True),  # the cookie's value is never stored
    Column("operator", ForeignKey("operators.name"), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("expires_at", Float, nullable=False),
)

passages = Table(
    "passages",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("source", String, nullable=False),
    Column("section", String, nullable=False),
    Column("codes", String, nullable=False),  # space-separated, lower case
    Column("text", String, nullable=False),
)
