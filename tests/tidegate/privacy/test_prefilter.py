"""One pass says which words and shapes occur; an automaton that gives up is an error, not silence."""

import pytest

from tidegate.errors import Broken
from tidegate.privacy.prefilter import Prefilter


def test_words_are_taken_letter_by_letter_and_shapes_as_expressions() -> None:
    known = Prefilter(["a.b", "né", "(", "tel"], [r"\bdr\b", r"\d{3}-\d"])
    assert known.present("a.b née telefon 123-4") == {"a.b", "né", "tel", r"\d{3}-\d"}
    assert known.present("axb dr (") == {r"\bdr\b", "("}
    assert known.present("") == frozenset()


def test_an_automaton_that_gives_up_is_an_error() -> None:
    known = Prefilter(["a"])

    class GaveUp:
        def found(self, text: bytes) -> None:
            return None

    known._sets = ((GaveUp(), ("a",)),)  # type: ignore[assignment]
    with pytest.raises(Broken):
        known.present("a")
