"""A long run says how far it is, on a terminal alone."""

from __future__ import annotations

import io

from tidegate.clock import FixedClock
from tidegate.privacy.progress import Progress, line, on_terminal


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_short_run_says_nothing_and_a_long_one_is_wiped_at_its_end() -> None:
    out, clock = Terminal(), FixedClock()
    progress = Progress(out, clock, 4_000_000)
    progress.add(1_000_000)
    progress.end()
    assert out.getvalue() == ""
    clock.advance(10)
    progress.add(1_000_000)
    assert "redacted 2.0 of 4.0 MB (50 %), 10 s left" in out.getvalue()
    progress.end()
    assert out.getvalue().endswith("\r\x1b[K")


def test_it_is_not_written_more_often_than_people_read() -> None:
    out, clock = Terminal(), FixedClock()
    progress = Progress(out, clock, None)
    clock.advance(2)
    for _ in range(100):
        progress.add(10)
    assert out.getvalue().count("redacted") == 1


def test_without_a_size_only_what_is_done_is_said() -> None:
    assert line(2_500_000, None, 3.0) == "redacted 2.5 MB"
    assert line(2_500_000, 2_000_000, 3.0) == "redacted 2.5 MB"
    assert line(1_000_000, 100_000_000, 10.0).endswith("16 min left")


def test_what_is_no_terminal_or_shows_the_text_itself_is_left_alone() -> None:
    assert on_terminal(io.StringIO(), quiet=lambda: False) is None
    assert on_terminal(Terminal(), quiet=lambda: True) is None
    assert on_terminal(Terminal(), quiet=lambda: False) is not None
