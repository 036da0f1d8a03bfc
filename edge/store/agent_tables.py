"""What lies in `agent.db`: runs (sealed), the owner's verdicts on waiting calls, grants, and requests that wait for consent (sealed)."""

from __future__ import annotations

from edge.store.tables import Shape

RUNS = Shape(
    "agent_runs",
    "id",
    {
        "id": str,
        "application": str,
        "conversation": str,
        "state": str,
        "created_at": float,
        "updated_at": float,
        "sealed": bytes,
    },
    indexes=("CREATE INDEX agent_runs_at ON agent_runs (application, created_at DESC)",),
)
VERDICTS = Shape(
    "agent_verdicts",
    "id",
    {
        "id": str,
        "run": str,
        "question": str,
        "digest": str,
        "approved": int,
        "by": str,
        "at": float,
        "taken": int,
    },
    indexes=("CREATE INDEX agent_verdicts_open ON agent_verdicts (run) WHERE taken = 0",),
)
GRANTS = Shape(
    "agent_grants",
    "id",
    {
        "id": str,
        "scope": str,
        "application": str,
        "conversation": str,
        "tool": str,
        "digest": str,
        "created_at": float,
        "expires_at": float,
        "used_at": float,
        "used_by": str,
    },
    indexes=("CREATE INDEX agent_grants_for ON agent_grants (application, tool)",),
)

CONSENTS = Shape(
    "consents",
    "request",
    {"request": str, "expires_at": float, "sealed": bytes},
    since=3,
)

AGENT_FILE = (RUNS, VERDICTS, GRANTS, CONSENTS)
