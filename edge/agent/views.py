"""Runs, calls, tools and grants as JSON, for the door, the command line and the status page. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from edge.agent.grants import Grant
from edge.agent.run import Call, Event, Run, RunState
from edge.agent.values import Tool
from tidegate.chat import JSON
from tidegate.clock import rfc3339


def run(found: Run) -> dict[str, JSON]:
    """A run with its whole story."""
    return {
        **summary(found),
        "text": found.text,
        "source": str(found.source) if found.source is not None else None,
        "events": [event(one) for one in found.events],
    }


def summary(found: Run) -> dict[str, JSON]:
    """A run without its texts, but for the call that waits: somebody has to read that one."""
    return {
        "id": found.id,
        "object": "tidegate.agent.run",
        "application": found.application,
        "conversation": found.conversation,
        "trace": found.trace,
        "created": int(found.created_at),
        "state": str(found.state),
        "why": str(found.why) if found.why is not None else None,
        "waits_for": found.wait_reason or None,
        "ticket": found.ticket,
        "pending": pending(found),
        "steps": found.steps,
        "usage": {
            "tokens": found.tokens,
            "escalations": found.escalations,
            "seconds": round(found.active_s, 3),
        },
        "limits": {
            "steps": found.limits.steps,
            "seconds": found.limits.seconds,
            "tokens": found.limits.tokens,
            "escalations": found.limits.escalations,
        },
        "tools": list(found.tools),
    }


def pending(found: Run) -> dict[str, JSON] | None:
    """The call that somebody has to approve or deny; None when nothing waits."""
    waits = found.state is RunState.WAITING_PERSON or found.approving
    return call(found.calls[0], found) if waits and found.calls else None


def call(one: Call, found: Run) -> dict[str, JSON]:
    return {
        "run": found.id,
        "application": found.application,
        "tool": one.tool,
        "arguments": json.loads(one.arguments),
        "digest": one.digest,
        "effect": str(one.effect),
        "exposure": str(one.exposure),
        "reason": found.wait_reason or (str(one.reason) if one.reason is not None else ""),
        "since": rfc3339(one.asked_at) if one.asked_at else None,
    }


def event(one: Event) -> dict[str, JSON]:
    """One line of a run's story; what does not apply is left out."""
    told: dict[str, JSON] = {
        "seq": one.seq,
        "at": rfc3339(one.at),
        "step": str(one.step),
        "tool": one.tool or None,
        "call": one.call or None,
        "digest": one.digest or None,
        "effect": str(one.effect) if one.effect is not None else None,
        "exposure": str(one.exposure) if one.exposure is not None else None,
        "decision": one.decision or None,
        "reason": one.reason or None,
        "source": str(one.source) if one.source is not None else None,
        "ended": str(one.ended) if one.ended is not None else None,
        "note": one.note or None,
        "seconds": round(one.seconds, 3) or None,
        "text": one.text or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def tool(one: Tool) -> dict[str, JSON]:
    """A tool as it is declared: what it does, how far it may go, and what confines it."""
    return {
        "name": one.name,
        "kind": str(one.kind),
        "effect": str(one.effect),
        "outward": one.outward,
        "repeatable": one.safe_to_repeat,
        "vouched": one.vouched,
        "server": one.server or None,
        "sandbox": one.sandbox or None,
        "limits": {
            "seconds": one.limits.seconds,
            "output_bytes": one.limits.output_bytes,
            "memory_mb": one.limits.memory_mb if one.sandbox else None,
        },
        "description": one.description,
        "parameters": json.loads(one.parameters),
    }


def tools(found: Mapping[str, Tool]) -> list[JSON]:
    return [tool(one) for one in found.values()]


def grant(one: Grant) -> dict[str, JSON]:
    return {
        "id": one.id,
        "scope": str(one.scope),
        "application": one.application,
        "conversation": one.conversation or None,
        "tool": one.tool,
        "digest": one.digest or None,
        "created": rfc3339(one.created_at),
        "expires": rfc3339(one.expires_at) if one.expires_at else None,
        "used": rfc3339(one.used_at) if one.used_at else None,
    }


def grants(found: Iterable[Grant]) -> list[JSON]:
    return [grant(one) for one in found]
