"""A queue that is fair to applications."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tidegate.engines.line import MOST_ACCOUNTS, Line, Waiting, retry_after

ARRIVALS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 500)), max_size=40)


def filled(arrivals: list[tuple[str, int]], line: Line | None = None) -> Line:
    line = line or Line()
    for number, (application, cost) in enumerate(arrivals):
        line = line.joined(Waiting(number, application, cost, until=100.0))
    return line


def order(line: Line) -> list[Waiting]:
    found = []
    while (served := line.served()) is not None:
        line, one = served
        found.append(one)
    return found


@given(ARRIVALS)
def test_everybody_is_served_once_and_each_application_in_order(arrivals: list[tuple[str, int]]) -> None:
    served = order(filled(arrivals))
    assert sorted(one.number for one in served) == list(range(len(arrivals)))
    for application in "abc":
        numbers = [one.number for one in served if one.application == application]
        assert numbers == sorted(numbers)


@given(ARRIVALS)
def test_no_application_gets_ahead_of_one_that_waits_by_more_than_one_request(
    arrivals: list[tuple[str, int]],
) -> None:
    line, spent = filled(arrivals), dict.fromkeys("abc", 0)
    dearest = max((cost for _, cost in arrivals), default=0)
    while (served := line.served()) is not None:
        line, one = served
        spent[one.application] += one.cost
        for other in {w.application for w in line.waiting}:
            assert spent[one.application] - spent[other] <= dearest


def test_one_that_asks_for_much_does_not_keep_one_that_asks_for_little_waiting() -> None:
    served = order(filled([("greedy", 100)] * 10 + [("modest", 10)]))
    assert [one.application for one in served].index("modest") <= 1


def test_a_rest_is_no_right_to_overtake() -> None:
    line = Line()
    for number in range(20):
        line = line.joined(Waiting(number, "busy", 100, 9.0))
        served = line.served()
        assert served is not None
        line = served[0]
    line = filled([("busy", 100), ("rested", 100)] * 4, line)
    assert [one.application for one in order(line)].count("rested") == 4
    first = [one.application for one in order(line)][:4]
    assert first.count("busy") >= 1


def test_those_who_waited_too_long_leave_and_pay_nothing() -> None:
    line = filled([("a", 5), ("b", 5)])
    line, gone = line.without(lambda one: one.application == "a")
    assert [one.application for one in gone] == ["a"]
    assert [one.application for one in order(line)] == ["b"]
    assert line.without(lambda one: False) == (line, ())


def test_accounts_of_applications_that_rest_are_forgotten_before_they_fill_the_memory() -> None:
    line = Line()
    for number in range(3 * MOST_ACCOUNTS):
        served = line.joined(Waiting(number, f"app {number}", 1, 9.0)).served()
        assert served is not None
        line = served[0]
    assert len(line.accounts) <= MOST_ACCOUNTS


def test_when_to_come_back_grows_with_the_line_and_stays_between_a_second_and_a_minute() -> None:
    assert retry_after(1, 8, 0.01) == 1
    assert retry_after(16, 8, 3.0) == 6
    assert retry_after(1000, 1, 30.0) == 60
