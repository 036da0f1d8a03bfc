"""A run as it lies on disk: AES-256-GCM with a key derived from the device's, bound to the run's id."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from edge import sealing
from edge.agent.ports import Sealed
from edge.agent.run import Run
from tidegate.errors import Broken

_MAGIC = b"TGA1"


@dataclass(frozen=True, slots=True)
class Seal:
    """`key` is 32 bytes for this purpose alone."""

    key: bytes = field(repr=False)

    def close(self, run: Run, now: float) -> Sealed:
        """The run for the disk."""
        return Sealed(
            id=run.id,
            application=run.application,
            conversation=run.conversation,
            state=str(run.state),
            created_at=run.created_at,
            updated_at=now,
            sealed=sealing.close(_MAGIC, self.key, run.id.encode(), msgspec.json.encode(run)),
        )

    def open(self, sealed: Sealed) -> Run:
        """The run again. Raises Broken when it was altered or belongs to another device."""
        try:
            clear = sealing.unclose(_MAGIC, self.key, sealed.id.encode(), sealed.sealed)
            return msgspec.json.decode(clear, type=Run)
        except (ValueError, msgspec.MsgspecError) as error:
            raise Broken(
                "a run of the agent cannot be read: it was altered, or the device's key is another one",
                code="agent_run_broken",
                hint="the others are not touched; it stays as it is",
            ) from error
