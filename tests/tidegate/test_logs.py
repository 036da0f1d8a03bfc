"""Logs: one JSON line per event, allow-listed fields, never user text and never a foreign exception's message."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.ports import State
from tidegate import logs
from tidegate.errors import Unreachable


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level = root.handlers, root.level
    stream = io.StringIO()
    logs.set_up("edge", level="debug", stream=stream)
    yield stream
    root.handlers, root.level = before, level
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_line_with_its_fields(written: io.StringIO) -> None:
    logs.Log("uplink").info("delivered", request="req_abcdef", attempt=2, state=State.ANSWERED, score=None)
    (line,) = lines(written)
    assert line.pop("at")
    assert line == {
        "level": "info", "tier": "edge", "part": "uplink", "event": "delivered", "request": "req_abcdef",
        "attempt": 2, "state": "answered",
    }  # fmt: skip


def test_an_error_shows_its_class_our_code_and_its_place_but_not_its_message(written: io.StringIO) -> None:
    try:
        raise ValueError("Anna Schmidt, DE89 3704 0044 0532 0130 00")
    except ValueError as error:
        logs.Log("door").error("failed", error)
    logs.Log("door").error("away", Unreachable("no answer", code="cloud_away"))
    first, second = lines(written)
    assert first["error"] == "ValueError"
    assert str(first["place"]).startswith("test_logs.py:")
    assert second["code"] == "cloud_away"
    assert "Anna" not in written.getvalue()


def test_a_library_shows_who_spoke_but_not_what_it_said(written: io.StringIO) -> None:
    logging.getLogger("somelibrary.client").warning("bad request: %s", "my card is 4111 1111 1111 1111")
    (line,) = lines(written)
    assert (line["event"], line["part"]) == ("library", "somelibrary")
    assert "4111" not in written.getvalue()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", "hello"),
        ("reason", "mentions Anna"),
        ("reason", "Anna"),
        ("duration_ms", "12"),
        ("device", "Anna Schmidt"),
        ("trace", "4111111111111111111"),
        ("address", "203.0.113.9:80"),
        ("error", "failed for anna@example.test"),
    ],
)
def test_what_is_not_allowed_is_left_out_and_counted(field: str, value: str) -> None:
    assert logs.allowed({field: value}) == {"left_out": 1}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reason", "too_long"),
        ("duration_ms", 12.5),
        ("device", "heat-pump-007"),
        ("trace", "0af7651916cd43dd8448eb211c80319c"),
        ("address", "https://127.0.0.1:8443"),
        ("error", "ValueError"),
    ],
)
def test_what_is_allowed_is_kept(field: str, value: str | float) -> None:
    assert logs.allowed({field: value}) == {field: value}


@given(st.sampled_from(sorted(logs.FIELDS)), st.text(min_size=1))
def test_no_text_with_a_space_or_a_capital_within_gets_through(field: str, text: str) -> None:
    kept = logs.allowed({field: f"{text} {text}"})
    assert kept == {"left_out": 1}
