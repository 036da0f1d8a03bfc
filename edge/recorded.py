"""Rows of the journal as a replay takes them."""

from __future__ import annotations

from edge.ports import Source, State
from edge.routing.plan import Why
from edge.routing.record import read
from edge.routing.replay import Row
from edge.store.schema import Row as StoredRow


def row_of(stored: StoredRow, start: float) -> Row | None:
    """A row of the journal as the replay takes it; None for one without a record."""
    record = read(stored["decision"])
    if record is None:
        return None
    return Row(
        request_id=stored["request_id"],
        application=stored["application"],
        conversation=stored["conversation"],
        hour=int((stored["at"] - start) // 3600),
        state=State(stored["state"]),
        source=Source(stored["source"]),
        why=Why(stored["why"]),
        latency_ms=stored["latency_ms"],
        prompt_tokens=stored["prompt_tokens"],
        completion_tokens=stored["completion_tokens"],
        record=record,
    )
