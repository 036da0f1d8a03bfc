"""Every place of a rewritten text leads back to where it came from."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tidegate.privacy.offsets import SAME, Weaver


def test_an_empty_map_changes_nothing() -> None:
    assert SAME.back(3, 7) == (3, 7)
    assert not SAME.changed(0, 9)


def test_what_stands_for_more_is_taken_whole() -> None:
    weaver = Weaver()
    weaver.copy("ab", 0)
    weaver.stand_for("X", 2, 3)
    weaver.copy("cd", 5)
    text, offsets = weaver.woven()
    assert text == "abXcd"
    assert offsets.back(0, 2) == (0, 2)
    assert offsets.back(2, 3) == (2, 5)
    assert offsets.back(1, 4) == (1, 6)
    assert offsets.changed(1, 3)
    assert not offsets.changed(0, 2)
    assert not offsets.changed(3, 5)


pieces = st.lists(
    st.tuples(st.text("abc", min_size=1, max_size=4), st.integers(0, 3), st.integers(0, 2)), max_size=12
)


@settings(max_examples=300, deadline=None)
@given(pieces)
def test_places_stay_in_order_and_inside_the_source(made: list[tuple[str, int, int]]) -> None:
    weaver = Weaver()
    source = 0
    for text, width, gap in made:
        if width:
            weaver.stand_for(text, source, width)
            source += width + gap
        else:
            weaver.copy(text, source)
            source += len(text) + gap
    woven, offsets = weaver.woven()
    last = 0
    for index in range(len(woven)):
        start, end = offsets.back(index, index + 1)
        assert last <= start < end <= source
        last = start
        for other in range(index + 1, len(woven) + 1):
            assert offsets.back(index, other)[1] >= end
