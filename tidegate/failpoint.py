"""Named places where a test may cut the power. Inert unless `TIDEGATE_FAILPOINT` holds one of the names below.

A selected failpoint kills its own process with SIGKILL: no handler, no flush, no goodbye, as a power cut would. An
unknown name stops the daemon at start (`check`), so that a test never passes because of a typing mistake.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

from tidegate.errors import BadConfig

VARIABLE = "TIDEGATE_FAILPOINT"

NAMES = (
    "edge.door.received",
    "edge.dispatch.start",
    "edge.spool.put.before",
    "edge.spool.put.after",
    "edge.ledger.append.before",
    "edge.ledger.append.after",
    "edge.uplink.send.before",
    "edge.uplink.send.after",
    "edge.receipt.verified",
    "edge.spool.done.before",
    "edge.spool.done.after",
    "edge.answer.restored",
    "edge.door.claimed",
    "edge.collect.before",
    "edge.collect.after",
    "edge.late.claimed",
)
"""Every place of the device's path, in the order a request meets them. The cloud's own are registered beside them."""

AGENT_NAMES = (
    "edge.agent.started",
    "edge.agent.answered",
    "edge.agent.granted",
    "edge.agent.verdict",
    "edge.agent.intent.before",
    "edge.agent.intent.after",
    "edge.agent.acted",
)
"""Every place of an agent's run. Only runs that come there die: tests/edge/agent/test_power_cut.py drives them."""

CLOUD_NAMES = (
    "cloud.door.received",
    "cloud.open.before",
    "cloud.open.after",
    "cloud.settle.before",
    "cloud.settle.audited",
    "cloud.settle.stored",
    "cloud.settle.after",
    "cloud.checkpoint.before",
    "cloud.checkpoint.after",
    "cloud.door.replying",
    "cloud.review.stored",
    "cloud.review.after",
)

KEEPING_NAMES = (
    "edge.consent.asked",
    "edge.consent.word",
    "edge.backup.snapped",
    "edge.restore.staged",
    "edge.restore.committed",
    "edge.restore.moved",
    "edge.restore.placed",
    "edge.migrate.half",
    "edge.renew.asked",
    "edge.renew.kept",
    "edge.renew.half",
)
"""Places of consent, backup, restore, migration and the renewal of certificates, in their order."""

_selected = os.environ.get(VARIABLE, "")


def failpoint(name: str) -> None:
    """Dies here when `name` was selected; otherwise does nothing."""
    if _selected and name == _selected:
        os.kill(os.getpid(), signal.SIGKILL)


def check(environ: Mapping[str, str]) -> None:
    """Selects what the environment says. Raises BadConfig when it names a place that does not exist."""
    global _selected  # noqa: PLW0603  one process dies once
    name = _selected = environ.get(VARIABLE, "")
    if name and name not in NAMES + AGENT_NAMES + CLOUD_NAMES + KEEPING_NAMES:
        raise BadConfig(
            f"environment variable {VARIABLE}: there is no failpoint of that name", code="bad_failpoint"
        )
