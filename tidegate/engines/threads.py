"""How many threads a model gets: measured on this machine, because the number of cores says little.

Virtual cores share one real one, power modes slow some down, and a small model spends more time on agreeing than on computing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

SMALL = 16_000_000
"""Bytes of weights up to which one thread is taken unmeasured: a step ends before a second thread has begun."""
_WORTH = 1.10  # so much faster more threads must be: they take from everything else on the device
_BUDGET_S = 0.25  # for each number of threads


def candidates(cores: int) -> tuple[int, ...]:
    """1, 2, 4, ... and all cores."""
    found = [1]
    while found[-1] * 2 <= cores:
        found.append(found[-1] * 2)
    return tuple(found) if found[-1] == max(cores, 1) else (*found, cores)


def best(seconds: Mapping[int, float]) -> int:
    """The fewest threads that no larger number beats clearly. `seconds` of one step, by number of threads."""
    chosen = min(seconds)
    for count in sorted(seconds):
        if seconds[count] * _WORTH < seconds[chosen]:
            chosen = count
    return chosen


def measured(step: Callable[[int], None], cores: int) -> int:
    """Times steps (each on so many threads) and chooses; takes a second at most on a few cores, and two steps of each kind."""
    seconds: dict[int, float] = {}
    for count in candidates(cores):
        began, fastest, done = time.perf_counter(), float("inf"), 0
        while done < 2 or (done < 8 and time.perf_counter() - began < _BUDGET_S):
            start = time.perf_counter()
            step(count)
            fastest, done = min(fastest, time.perf_counter() - start), done + 1
        seconds[count] = fastest
    return best(seconds)
