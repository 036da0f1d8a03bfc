"""One trace id through everything, attributes by allow-list, metrics with closed sets of label values."""

from __future__ import annotations

from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, generate_latest

from tidegate import telemetry
from tidegate.ids import TraceId
from tidegate.otlp import OtlpTracer
from tidegate.telemetry import Count, Level, QuietTracer, Spread, Traceparent, parse_traceparent

HEADER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_traceparent_survives_the_way_there_and_back() -> None:
    at = parse_traceparent(HEADER)
    assert at == Traceparent(TraceId("0af7651916cd43dd8448eb211c80319c"), "b7ad6b7169203331", sampled=True)
    assert at.header() == HEADER


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        HEADER + "-more",
    ],
)
def test_a_malformed_traceparent_starts_a_new_trace(header: str) -> None:
    assert parse_traceparent(header) is None


def test_a_later_version_may_say_more() -> None:
    assert parse_traceparent("01" + HEADER[2:] + "-more") is not None


@given(st.text())
def test_no_header_breaks_the_parser(header: str) -> None:
    parse_traceparent(header)


def test_spans_nest_and_share_the_trace_without_any_collector() -> None:
    tracer = telemetry.tracer("edge")
    assert isinstance(tracer, QuietTracer)
    with tracer.span("turn", parent=parse_traceparent(HEADER)) as outer, tracer.span("draft") as inner:
        assert inner.at.trace == outer.at.trace == "0af7651916cd43dd8448eb211c80319c"
        assert inner.at.span != outer.at.span
        assert telemetry.current() == inner.at
    assert telemetry.current() is None


def exporting() -> tuple[OtlpTracer, InMemorySpanExporter]:
    memory = InMemorySpanExporter()
    return OtlpTracer("edge", "", memory), memory


def test_exported_spans_carry_the_callers_trace_and_allowed_attributes_only() -> None:
    tracer, memory = exporting()
    with tracer.span("turn", parent=parse_traceparent(HEADER), outcome="kept", prompt="secret") as span:
        span.set(tokens=4, text="secret")
        with tracer.span("My secret name"):
            pass
    tracer.close()
    inner, outer = memory.get_finished_spans()
    assert f"{outer.context.trace_id:032x}" == f"{inner.context.trace_id:032x}" == HEADER[3:35]
    assert inner.name == "unnamed"
    assert dict(outer.attributes or {}) == {"outcome": "kept", "tokens": 4, "left_out": 1}


def test_a_failed_span_tells_the_class_and_not_the_message() -> None:
    tracer, memory = exporting()
    with pytest.raises(ValueError, match="secret"), tracer.span("turn"):
        raise ValueError("secret")
    tracer.close()
    (span,) = memory.get_finished_spans()
    assert "secret" not in span.to_json()
    assert dict(span.attributes or {})["error"] == "ValueError"


class Outcome(StrEnum):
    KEPT = "kept"
    SENT = "sent"


def test_a_strange_label_value_becomes_other() -> None:
    registry = CollectorRegistry()
    turns = Count(registry, "turns", "Turns.", outcome=Outcome, by=frozenset({"device"}))
    turns.add(outcome=Outcome.KEPT, by="device")
    turns.add(outcome="Anna Schmidt", by="DE89370400440532013000")
    text = generate_latest(registry).decode()
    assert (
        'turns_total{by="device",outcome="kept"} 1.0' in text
        or 'turns_total{outcome="kept",by="device"} 1.0' in text
    )
    assert "Anna" not in text
    assert "DE89" not in text


def test_levels_and_spreads_count_without_labels_too() -> None:
    registry = CollectorRegistry()
    Level(registry, "queued", "Waiting.").set(3)
    Spread(registry, "latency_seconds", "How long.").observe(0.2)
    text = generate_latest(registry).decode()
    assert "queued 3.0" in text
    assert 'latency_seconds_bucket{le="0.25"} 1.0' in text
