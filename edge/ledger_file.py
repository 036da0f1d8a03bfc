"""`tidegate edge ledger export`: the whole ledger of a state folder, beside a running daemon or without one."""

from __future__ import annotations

from collections.abc import Iterator

from edge.config import EdgeConfig
from edge.stores import stores_of
from edge.uplink import ledger
from edge.uplink.ledger_export import exported


def export(config: EdgeConfig) -> Iterator[str]:
    """Its lines, oldest record first, the sealed end last. Raises Untrusted, before the first line, where the ledger does not stand."""
    with stores_of(config) as stores:
        ledger.verify(stores.ledger.records(), stores.ledger.key, stores.ledger.sealed_end())
        yield from exported(stores.ledger.records(), stores.ledger.key)
