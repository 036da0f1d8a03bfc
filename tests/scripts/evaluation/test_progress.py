"""Progress: a line now and then, with the time that is left."""

from __future__ import annotations

import io

from scripts.evaluation.progress import EVERY_S, Progress, line


def test_the_time_left_supposes_the_pace_so_far() -> None:
    assert line("snips", 50, 200, 60.0) == "  snips: 50/200, 60 s, about 3.0 min left"
    assert line("snips", 0, 200, 0.0) == "  snips: 0/200"
    assert line("more than planned", 5, 4, 10.0).endswith("about 0.0 min left")


def test_it_speaks_at_each_beginning_and_then_only_every_few_seconds() -> None:
    said, at = io.StringIO(), [0.0]
    progress = Progress(10, said, lambda: at[0])
    progress.begin("homes")
    for _ in range(4):
        at[0] += EVERY_S / 2
        progress.step()
    assert len(said.getvalue().splitlines()) == 3
    assert "homes: 4/10" in said.getvalue()
