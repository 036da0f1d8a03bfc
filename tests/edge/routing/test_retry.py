"""The retry table, row by row, and its waits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.routing.retry import STATUS, TABLE, Again, Fault, delay, fault_of
from edge.uplink.client import error_of  # before grpc: it switches TLS 1.2 off
from tidegate.errors import Unreachable

from grpc import StatusCode  # isort: skip


def test_every_status_of_grpc_and_every_fault_has_its_row() -> None:
    assert set(STATUS) == {code.name for code in StatusCode} - {"OK"}
    assert set(TABLE) == set(Fault)


@pytest.mark.parametrize("fault", Fault)
def test_an_error_says_its_fault_and_only_what_may_be_tried_again_is_unreachable(fault: Fault) -> None:
    error = error_of(fault)
    assert fault_of(error.code) is fault
    assert isinstance(error, Unreachable) is (TABLE[fault].again is not Again.NEVER)


def test_a_word_nobody_knows_is_an_unreachable_cloud() -> None:
    assert fault_of("disk_full") is Fault.UNREACHABLE


@pytest.mark.parametrize(
    ("fault", "attempts", "draw", "seconds"),
    [
        (Fault.UNREACHABLE, 0, 0.0, 0.5),
        (Fault.UNREACHABLE, 0, 1.0, 1.0),
        (Fault.UNREACHABLE, 3, 1.0, 8.0),
        (Fault.UNREACHABLE, 50, 1.0, 60.0),
        (Fault.BUSY, 0, 1.0, 5.0),
        (Fault.BUSY, 50, 1.0, 300.0),
        (Fault.CROSSED, 0, 1.0, 0.0),
        (Fault.CROSSED, 1, 1.0, 2.0),
    ],
)
def test_waits_double_up_to_a_limit_and_are_half_drawn(
    fault: Fault, attempts: int, draw: float, seconds: float
) -> None:
    assert delay(fault, attempts, draw) == seconds


@given(st.sampled_from(Fault), st.integers(0, 100), st.floats(0, 1))
def test_no_wait_is_longer_than_its_row_says(fault: Fault, attempts: int, draw: float) -> None:
    assert 0 <= delay(fault, attempts, draw) <= TABLE[fault].most_s
