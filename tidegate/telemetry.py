"""One trace id from device to cloud and back (W3C traceparent), and metrics whose label values form closed sets.

Spans carry allow-listed attributes only (the same list and shapes as the logs). OpenTelemetry is loaded only when an
OTLP endpoint is configured; without one a span still makes and passes on ids, so a trace id is always there to log.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from tidegate import logs
from tidegate.ids import TraceId

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_SPAN_NAME = re.compile(r"[a-z][a-z0-9_.]{0,63}")

OTHER = "other"


@dataclass(frozen=True, slots=True)
class Traceparent:
    """Where in a trace we are: 32 and 16 lower-case hex digits."""

    trace: TraceId
    span: str
    sampled: bool = True

    def header(self) -> str:
        """The value of the `traceparent` header, version 00."""
        return f"00-{self.trace}-{self.span}-{'01' if self.sampled else '00'}"


def parse_traceparent(header: str) -> Traceparent | None:
    """The caller's place in its trace, or None when the header is absent or malformed (W3C: then start afresh)."""
    found = _TRACEPARENT.match(header.strip())
    if found is None or found[1] == "ff" or set(found[2]) == {"0"} or set(found[3]) == {"0"}:
        return None
    if found[1] == "00" and found.end() != len(header.strip()):
        return None
    return Traceparent(TraceId(found[2]), found[3], sampled=bool(int(found[4], 16) & 1))


def new_traceparent(trace: TraceId | None = None) -> Traceparent:
    """The start of a trace, or of our part of `trace`."""
    return Traceparent(trace or TraceId(secrets.token_hex(16)), secrets.token_hex(8))


class Span(Protocol):
    """One timed step."""

    @property
    def at(self) -> Traceparent:
        """Pass `at.header()` on to the next process."""
        ...

    def set(self, **attributes: logs.Value) -> None:
        """Attributes outside the allow-list are left out."""
        ...


class Tracer(Protocol):
    """Makes spans. Never raises on account of the collector."""

    def span(
        self, name: str, *, parent: Traceparent | None = None, **attributes: logs.Value
    ) -> contextlib.AbstractContextManager[Span]:
        """A child of `parent`, else of the span that is open here, else the start of a trace."""
        ...

    def close(self) -> None:
        """Send what is still buffered."""
        ...


_open_span: ContextVar[Traceparent | None] = ContextVar("_open_span", default=None)


def current() -> Traceparent | None:
    """The span that is open in this task, if any."""
    return _open_span.get()


@dataclass(frozen=True, slots=True)
class _QuietSpan:
    at: Traceparent

    def set(self, **attributes: logs.Value) -> None:
        """Nobody listens."""


class QuietTracer:
    """Ids without an exporter: what runs when no OTLP endpoint is configured."""

    @contextlib.contextmanager
    def span(
        self, name: str, *, parent: Traceparent | None = None, **attributes: logs.Value
    ) -> Iterator[Span]:
        with opened(child_of(parent)) as at:
            yield _QuietSpan(at)

    def close(self) -> None:
        """Nothing is buffered."""


def child_of(parent: Traceparent | None) -> Traceparent:
    """A fresh span under `parent`, else under the open span, else in a new trace."""
    above = parent or current()
    return Traceparent(above.trace, secrets.token_hex(8), above.sampled) if above else new_traceparent()


@contextlib.contextmanager
def opened(at: Traceparent) -> Iterator[Traceparent]:
    token = _open_span.set(at)
    try:
        yield at
    finally:
        _open_span.reset(token)


def tracer(service: str, *, endpoint: str = "") -> Tracer:
    """A tracer that exports to the OTLP/HTTP `endpoint` (".../v1/traces"), or a quiet one when it is empty."""
    if not endpoint:
        return QuietTracer()
    from tidegate.otlp import OtlpTracer

    return OtlpTracer(service, endpoint)


def span_name(name: str) -> str:
    """Span names are fixed words; anything else becomes `unnamed`, since a name must not carry text."""
    return name if _SPAN_NAME.fullmatch(name) else "unnamed"


class _Labels:
    """Turns label values into members of their closed sets; a stranger becomes `other`."""

    def __init__(self, labels: Mapping[str, type[Enum] | frozenset[str]]) -> None:
        self._sets = {
            name: values
            if isinstance(values, frozenset)
            else frozenset(str(member.value) for member in values)
            for name, values in labels.items()
        }

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._sets)

    def pick(self, given: Mapping[str, str | Enum]) -> list[str]:
        return [self._one(name, given.get(name, OTHER)) for name in self._sets]

    def _one(self, name: str, value: str | Enum) -> str:
        text = str(value.value) if isinstance(value, Enum) else value
        return text if text in self._sets[name] else OTHER


class Count:
    """A counter whose labels have closed sets of values, for example `{"outcome": Outcome}`."""

    def __init__(
        self, registry: CollectorRegistry, name: str, about: str, **labels: type[Enum] | frozenset[str]
    ) -> None:
        self._labels = _Labels(labels)
        self._metric = Counter(name, about, self._labels.names, registry=registry)

    def add(self, amount: float = 1.0, **labels: str | Enum) -> None:
        metric = self._metric.labels(*self._labels.pick(labels)) if self._labels.names else self._metric
        metric.inc(amount)


class Level:
    """A gauge without labels."""

    def __init__(self, registry: CollectorRegistry, name: str, about: str) -> None:
        self._metric = Gauge(name, about, registry=registry)

    def set(self, value: float) -> None:
        self._metric.set(value)


LATENCY_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Spread:
    """A histogram whose labels have closed sets of values. Buckets in the unit of the name, seconds by default."""

    def __init__(
        self,
        registry: CollectorRegistry,
        name: str,
        about: str,
        *,
        buckets: tuple[float, ...] = LATENCY_S,
        **labels: type[Enum] | frozenset[str],
    ) -> None:
        self._labels = _Labels(labels)
        self._metric = Histogram(name, about, self._labels.names, registry=registry, buckets=buckets)

    def observe(self, value: float, **labels: str | Enum) -> None:
        metric = self._metric.labels(*self._labels.pick(labels)) if self._labels.names else self._metric
        metric.observe(value)
