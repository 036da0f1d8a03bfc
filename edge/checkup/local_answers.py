"""Whether this device still answers itself, and why what was not answered here was not."""

from __future__ import annotations

from edge.checkup.found import Check, Finding
from edge.config import EdgeConfig
from edge.preferring import from_folder
from edge.store.schema import DURABLE
from edge.stores import stores_of
from tidegate.clock import SystemClock


def look(part: str, config: EdgeConfig) -> Check:
    if not (config.state / DURABLE).exists():
        return Check(part, Finding.NOT_USED, "no daemon has run on this state folder yet")
    with stores_of(config) as stores:
        found = from_folder(config, stores, SystemClock().now())
    return Check(part, Finding.OK if found.well else Finding.ATTENTION, found.said, found.next)
