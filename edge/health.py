"""Whether this device can do its work, in values: `readyz` and `status` show them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tidegate.chat import JSON


@dataclass(frozen=True, slots=True)
class Now:
    """A moment. `ready`: somebody (the local model or the cloud) can answer."""

    local_model: bool
    model: str
    uplink: bool
    link_up: bool
    barred: bool
    spool: dict[str, int]
    link: str = ""  # its state, see edge.routing.link; empty without an uplink

    @property
    def ready(self) -> bool:
        return self.local_model or (self.uplink and not self.barred)

    def told(self) -> dict[str, JSON]:
        return {
            "ready": self.ready,
            "local_model": self.local_model,
            "model": self.model,
            "uplink": self.uplink,
            "link_up": self.link_up,
            "link": self.link,
            "identity_refused": self.barred,
            "spool": dict(self.spool),
        }


@dataclass(frozen=True, slots=True)
class Health:
    """Asks the parts when asked."""

    look: Callable[[], Now]

    def now(self) -> Now:
        return self.look()
