"""What the pages say in words: how much reading was spared, what became of a request, commands as code."""

from __future__ import annotations

import pytest

from edge.pages import words
from tidegate.engines.seats import Tally


@pytest.mark.parametrize(
    ("tally", "said"),
    [
        (Tally(), "Nothing has been asked yet."),
        (Tally(1, 0, 34, 0), "Each of 34 prompt tokens was read: no request began as an earlier one had."),
        (
            Tally(1, 1, 34, 33),
            "Of 34 prompt tokens, 33 (97 %) did not have to be read: 1 of 1 request began as an earlier one had, or was read ahead.",
        ),
        (
            Tally(40, 31, 12_340, 9_810),
            "Of 12,340 prompt tokens, 9,810 (79 %) did not have to be read: 31 of 40 requests began as an earlier one had, or were read ahead.",
        ),
    ],
)
def test_what_the_reuse_of_prefixes_saved_is_a_sentence(tally: Tally, said: str) -> None:
    assert words.reuse(tally) == said


def test_a_request_that_nobody_answered_is_told_from_one_answered_as_well_as_it_went() -> None:
    assert words.state("degraded", "nobody") == "no answer"
    assert words.state("degraded", "device") == "as good as it gets"
    assert words.state("something_new", "device") == "something new"


def test_a_command_in_a_sentence_is_code_and_everything_else_is_escaped() -> None:
    assert words.commands("run `tidegate <x>` & see") == "run <code>tidegate &lt;x&gt;</code> &amp; see"
    assert words.commands("`alone") == "`alone"
