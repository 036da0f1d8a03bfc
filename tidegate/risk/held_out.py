"""Outcomes that nothing was learned from, as they travel with a model: promises are tested on them, wherever it runs.

No text: what a draft claimed, whether it was wrong, and what else a device must know to choose thresholds by itself.
"""

from __future__ import annotations

import msgspec


class HeldOut(msgspec.Struct, frozen=True):
    """Drafts of one task that could have been kept. Lists run over drafts; optional ones are empty when not measured."""

    sure: tuple[float, ...]  # P(right) claimed
    wrong: tuple[float, ...]  # 0 right .. 1 wrong
    lowest: tuple[float, ...] = ()  # the least that was expected of the draft while it was being written
    entropy: tuple[float, ...] = ()  # nats, mean over its tokens: what others go by
    strong: tuple[float, ...] = ()  # how right the cloud's model was on the same request

    @property
    def whole(self) -> bool:
        """Whether the lists fit each other."""
        full = len(self.sure)
        return len(self.wrong) == full and all(
            len(rows) in (0, full) for rows in (self.lowest, self.entropy, self.strong)
        )
