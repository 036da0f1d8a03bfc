"""Brings a state folder up to date: each database in one transaction, so that a power cut leaves the old format or the new."""

from __future__ import annotations

from pathlib import Path

from edge.backup.turning import settle
from edge.store.copying import Pending, pending, require_whole
from edge.store.schema import open_agent, open_durable, open_journal, open_memory
from tidegate.fs import sole_owner

_OPENERS = {
    "durable.db": open_durable,
    "journal.db": open_journal,
    "memory.db": open_memory,
    "agent.db": open_agent,
}


def migrate(state: Path) -> tuple[Pending, ...]:
    """What was done. Raises BadConfig (`state_in_use` by a daemon) and Broken (damaged, or newer than this program)."""
    with sole_owner(state):
        settle(state)
        found = pending(state)
        for one in found:
            require_whole(state / one.file)
            _OPENERS[one.file](state).close()
        return found
