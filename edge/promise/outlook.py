"""Under which promise a request would be judged, before anything is generated: for the plan and its page."""

from __future__ import annotations

from edge.ports import Request
from edge.promise.judgement import told_promise
from edge.promise.keeper import Keeper
from tidegate.chat import JSON
from tidegate.risk.promise import ESCALATE_ALL
from tidegate.risk.task import task_of
from tidegate.risk.terms import spoken


def outlook(keeper: Keeper, request: Request) -> JSON:
    """The line, its state, its threshold, and what its outcomes say; null where nothing was promised."""
    line = keeper.line(request.application, task_of(request.prompt))
    if line is None:
        return None
    now = keeper.standing(line)
    keep_at = now.watch.keep_at
    return {
        **told_promise(line),
        "state": now.watch.state,
        "support": now.terms.support,
        "keep_at": None if keep_at >= ESCALATE_ALL else round(keep_at, 4),
        "must_escalate": round(now.terms.must_escalate, 4),
        "said": spoken(line.task, now.terms),
    }
