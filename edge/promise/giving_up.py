"""Early exit: when a draft is given up while it is written, because it will be escalated anyway.

One draft in so many is written all the same: outcomes of doubtful drafts must go on coming, or no new fit could ever be made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tidegate.chat import Prompt
from tidegate.engines.port import GivesUp, TokenScore
from tidegate.risk import features
from tidegate.risk.calibrate import Calibration
from tidegate.risk.early import Hope, give_up_below
from tidegate.risk.task import Task, task_of

SPARED = 0.05  # of the drafts are written to their end whatever is expected of them


def watcher(
    prompt: Prompt, calibration: Calibration | None, keep_at: float, draw: Callable[[], float]
) -> Callable[[Mapping[str, float]], GivesUp] | None:
    """What the engine asks after each token; None where nothing is known, or where this draft is spared.

    `keep_at`: the threshold that the finished draft would have to reach. Only calls are given up: of answers in words
    nothing is known while they are written.
    """
    if calibration is None or calibration.early is None or task_of(prompt) is not Task.CALLS:
        return None
    below, curve = give_up_below(calibration.outcomes.get(Task.CALLS), keep_at), calibration.early
    if below <= 0 or draw() < SPARED:
        return None

    def begin(seen: Mapping[str, float]) -> GivesUp:
        hope = Hope(curve, features.before(seen, prompt), below)
        lost = hope.at_start()

        def gives_up(token: TokenScore) -> bool:
            return lost or hope.should_stop(token)

        return gives_up

    return begin
