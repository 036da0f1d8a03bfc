"""Where answers may come from, in one word. Pure: the words, their order, and whose word counts.

Two questions are in it. What may leave: nothing (`local-only`), what somebody agreed to (`ask`), what policy allows (the other
two). And who is asked first, where both may answer: this device (`prefer-local`) or the cloud (`prefer-cloud`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Mode(StrEnum):
    """`local-only` on the device constructs no uplink and no fleet session: then nothing can leave, whoever asks."""

    LOCAL_ONLY = "local-only"
    ASK = "ask"
    PREFER_LOCAL = "prefer-local"
    PREFER_CLOUD = "prefer-cloud"


_LETS_OUT: Mapping[Mode, int] = {Mode.LOCAL_ONLY: 0, Mode.ASK: 1, Mode.PREFER_LOCAL: 2, Mode.PREFER_CLOUD: 2}


def tighter(mode: Mode, wish: Mode | None) -> Mode:
    """`wish` where it lets out no more than `mode` does, else `mode`. Without a wish, `mode`.

    The two preferences let out the same, so either may be wished for over the other.
    """
    return wish if wish is not None and _LETS_OUT[wish] <= _LETS_OUT[mode] else mode


@dataclass(frozen=True, slots=True)
class Modes:
    """The device's mode and those of its applications. An application's may be stricter, never looser."""

    device: Mode = Mode.PREFER_LOCAL
    applications: Mapping[str, Mode] = field(default_factory=dict)

    def of(self, application: str, wish: Mode | None = None) -> Mode:
        """The mode of one request: the device's, tightened by the application's settings, then by the request itself.

        A request cannot choose the cloud where the settings prefer the device, nor the reverse: it can only let out less.
        """
        settled = tighter(self.device, self.applications.get(application))
        return wish if wish is not None and _LETS_OUT[wish] < _LETS_OUT[settled] else settled
