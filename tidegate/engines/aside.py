"""A second thread for what need not be known before the next token: the scores of the one just taken.

llama.cpp computes without holding Python's lock and so does numpy, so scores cost no time where a core is free.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

MOST_WAITING = 16  # jobs, each with a few rows of logits; beyond them scores are made at once


class Aside:
    """Runs jobs one after another, in the order of `put`. Jobs never raise. `beside`: False does each at once."""

    def __init__(self, *, beside: bool) -> None:
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        if beside:
            self._thread = threading.Thread(target=self._serve, name="tidegate-scores", daemon=True)
            self._thread.start()

    @property
    def behind(self) -> bool:
        """Whether so much waits that nothing should be added that can be done at once."""
        return self._thread is None or self._jobs.qsize() >= MOST_WAITING

    def put(self, job: Callable[[], None]) -> None:
        """Does a job after all that were put before."""
        if self._thread is None:
            job()
        else:
            self._jobs.put(job)

    def settle(self) -> None:
        """Returns when everything put so far is done."""
        if self._thread is not None:
            done = threading.Event()
            self._jobs.put(done.set)
            done.wait()

    def stop(self) -> None:
        """Does what was put, and ends."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
