"""What kind of work a request is: calibration and promises are made for each kind by itself."""

from __future__ import annotations

from enum import StrEnum

from tidegate.chat import Prompt


class Task(StrEnum):
    """Closed: it names settings, rows on disk and metrics."""

    CALLS = "calls"  # tools are offered and one is to be called
    RESULTS = "results"  # a tool was called; what it gave back is to be told
    PROSE = "prose"  # no tools: an answer in words


def task_of(prompt: Prompt, *, calls: bool = False) -> Task:
    """The kind of a request; with `calls`, of a draft for it that calls a tool (again)."""
    if calls:
        return Task.CALLS
    if prompt.after_tool:
        return Task.RESULTS
    return Task.CALLS if prompt.tools else Task.PROSE
