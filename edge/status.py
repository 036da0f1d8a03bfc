"""What `tidegate edge status` and `ledger` show: read from the state folder, beside a running daemon or without one."""

from __future__ import annotations

import os
import sys
import webbrowser
from dataclasses import dataclass, field

from edge import asking
from edge.config import EdgeConfig
from edge.preference import Preference
from edge.preference import told as told_preference
from edge.preferring import from_folder
from edge.promise import ledger as sheets
from edge.promise import view
from edge.promise.settings import promises_of
from edge.routing.budget import Scope, Spent
from edge.store.journal import Line
from edge.store.spend import Account
from edge.stores import Stores, stores_of
from edge.uplink import ledger
from tidegate.chat import JSON
from tidegate.clock import SystemClock, local_day, rfc3339
from tidegate.errors import Broken

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Status:
    url: str  # empty: not running
    today: dict[tuple[str, str], int]
    spool: dict[str, int]
    left: int  # records in the ledger
    latest: tuple[Line, ...]
    promise: tuple[sheets.Sheet, ...] = ()
    spent: Spent = field(default_factory=Spent)  # by everything, today
    preference: Preference | None = None


def gather(config: EdgeConfig, most: int = 10) -> Status:
    """Raises Broken when the state folder cannot be read."""
    where = config.state / "daemon.url"
    with stores_of(config) as stores:
        newest = stores.ledger.latest(1)
        return Status(
            url=where.read_text() if where.exists() else "",
            today=stores.journal.counts(SystemClock().now() - DAY_S),
            spool=stores.spool.counts(),
            left=newest[0].seq if newest else 0,
            latest=tuple(stores.journal.latest(most)),
            promise=_promise(config, stores),
            spent=stores.spend.get(Account(Scope.DAY, "", local_day(SystemClock().now()))),
            preference=from_folder(config, stores, SystemClock().now()),
        )


def _promise(config: EdgeConfig, stores: Stores) -> tuple[sheets.Sheet, ...]:
    """Nothing where the model's calibration cannot be read: the doctor says why."""
    if not promises_of(config.promise).any:
        return ()
    try:
        return sheets.sheets(config, stores.promises, view.calibration_of(config))
    except Broken:
        return ()


def open_page(config: EdgeConfig) -> str:
    """A link to the status page of the running daemon, good once and for a minute; a browser is started where there is one.

    Raises Unreachable when no daemon runs.
    """
    made = asking.ask(config.state, "POST", "/tidegate/status/link")
    link = asking.daemon_url(config.state).removesuffix("/v1") + str(made["path"])
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform == "darwin":
        webbrowser.open(link)
    return link


def told(found: Status) -> dict[str, JSON]:
    """For programs."""
    today: list[JSON] = [
        {"source": source, "state": state, "count": count}
        for (source, state), count in sorted(found.today.items())
    ]
    return {
        "running": bool(found.url),
        "url": found.url,
        "last_day": today,
        "spool": dict(found.spool),
        "ledger_records": found.left,
        "spent_today": {
            "money": round(found.spent.money, 6),
            "tokens": found.spent.tokens,
            "joules_estimated": round(found.spent.joules, 3),
            "metered_bytes": found.spent.bytes,
        },
        "latest": [_line(line) for line in found.latest],
        "promise": [sheets.told(sheet) for sheet in found.promise],
        "local_answers": None if found.preference is None else told_preference(found.preference),
    }


def ledger_lines(config: EdgeConfig, most: int) -> list[dict[str, JSON]]:
    """The newest records, newest first."""
    with stores_of(config) as stores:
        return [ledger.told(record) for record in stores.ledger.latest(most)]


def verify_ledger(config: EdgeConfig) -> int:
    """How many records stand. Raises Untrusted naming the first that does not."""
    with stores_of(config) as stores:
        return ledger.verify(stores.ledger.records(), stores.ledger.key, stores.ledger.sealed_end())


def _line(line: Line) -> dict[str, JSON]:
    return {
        "at": rfc3339(line.at),
        "request": line.request_id,
        "conversation": line.conversation,
        "trace": line.trace,
        "source": line.source,
        "state": line.state,
        "why": line.why,
        "confidence": line.confidence,
        "latency_ms": round(line.latency_ms, 1),
        "ticket": line.ticket,
    }
