"""Spans sent to an OTLP collector. Loaded only when one is configured: OpenTelemetry costs memory and start-up."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, StatusCode, TraceFlags

from tidegate import logs
from tidegate.ids import TraceId
from tidegate.telemetry import Span, Traceparent, current, opened, span_name


@dataclass(frozen=True, slots=True)
class _OtlpSpan:
    at: Traceparent
    span: trace.Span

    def set(self, **attributes: logs.Value) -> None:
        self.span.set_attributes(logs.allowed(attributes))


class OtlpTracer:
    """Exports in the background; a collector that is away costs nothing but the spans.

    `exporter` replaces the OTLP/HTTP one (tests pass one that keeps the spans).
    """

    def __init__(self, service: str, endpoint: str, exporter: SpanExporter | None = None) -> None:
        self._provider = TracerProvider(resource=Resource({"service.name": service}))
        self._provider.add_span_processor(
            BatchSpanProcessor(exporter or OTLPSpanExporter(endpoint, timeout=5))
        )
        self._tracer = self._provider.get_tracer("tidegate")

    @contextlib.contextmanager
    def span(
        self, name: str, *, parent: Traceparent | None = None, **attributes: logs.Value
    ) -> Iterator[Span]:
        above = parent or current()
        context = trace.set_span_in_context(NonRecordingSpan(_context(above))) if above else None
        span = self._tracer.start_span(span_name(name), context, attributes=logs.allowed(attributes))
        try:
            with opened(_place(span)) as at:
                yield _OtlpSpan(at, span)
        except BaseException as error:
            # The class alone: record_exception() would export the message, which may quote a user.
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error", type(error).__name__)
            raise
        finally:
            span.end()

    def close(self) -> None:
        self._provider.shutdown()


def _context(at: Traceparent) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if at.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(at.trace, 16), int(at.span, 16), is_remote=True, trace_flags=flags)


def _place(span: trace.Span) -> Traceparent:
    here = span.get_span_context()
    return Traceparent(TraceId(f"{here.trace_id:032x}"), f"{here.span_id:016x}", here.trace_flags.sampled)
