"""One trace (W3C Trace Context) from a request at an edge to the word that its message is stored.

A trace travels beside a message, in the Kafka header `traceparent`: outside the bytes that are signed and judged. It is
taken for what it is, a claim of the sender: read strictly, forwarded, and never part of a decision. Spans are exported
with OTLP over HTTP when OTEL_EXPORTER_OTLP_ENDPOINT is set; without it only the trace id travels, for the logs.

A span tells which step took how long, by the names in ATTRIBUTES; no content, no person, no case.
"""

import contextlib
import os
import re
import secrets
from collections.abc import Iterator, Mapping, MutableMapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, NamedTuple

from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

HEADER = "traceparent"
ATTRIBUTES = frozenset(
    {
        "estafette.message",  # id of the message
        "estafette.name",  # e.g. handovers.proposed
        "estafette.slot",
        "http.request.method",
        "http.route",  # the template, never the path that was asked for
        "http.response.status_code",
    }
)
"""All that a span may tell."""
QUIET = frozenset({"/health", "/live", "/ready", "/metrics"})
"""Paths that machines ask all day; they are not traced."""
_FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_NONE = ("0" * 32, "0" * 16)

Kind = SpanKind


class Trace(NamedTuple):
    """A place in a trace: the trace, the step that goes on from here, and whether it is recorded."""

    trace_id: str
    span_id: str
    sampled: bool

    def __str__(self) -> str:
        """As the header has it."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def current() -> Trace | None:
    """The trace that this task works for."""
    return _current.get()


def parse(header: str | bytes | None) -> Trace | None:
    """A `traceparent`, or None for anything that is not exactly one of version 00."""
    text = header.decode("ascii", "replace") if isinstance(header, bytes) else header or ""
    found = _FORM.fullmatch(text)
    if found is None or found[1] == _NONE[0] or found[2] == _NONE[1]:
        return None
    return Trace(found[1], found[2], bool(int(found[3], 16) & 1))


def begin() -> Trace:
    """A new trace, which nobody records yet."""
    return Trace(secrets.token_hex(16), secrets.token_hex(8), False)


class Step:
    """A span, or only the place in the trace when nothing is exported. `trace` is where the next step goes on."""

    def __init__(self, trace: Trace | None, span: Span | None = None) -> None:
        self.trace = trace
        self._span = span

    def tell(self, attributes: Mapping[str, str | int]) -> None:
        if self._span is not None:
            self._span.set_attributes(_checked(attributes))

    def named(self, name: str) -> None:
        if self._span is not None:
            self._span.update_name(name)

    def end(self) -> None:
        if self._span is not None:
            self._span.end()


def step(name: str, kind: SpanKind, parent: Trace | None, attributes: Mapping[str, str | int]) -> Step:
    """Begin a step after `parent`; without one it is the first of a new trace. The caller ends it."""
    tracer = _tracer()
    if tracer is None:
        return Step(parent)
    context = set_span_in_context(NonRecordingSpan(_context(parent))) if parent else None
    span = tracer.start_span(name, context=context, kind=kind, attributes=_checked(attributes))
    made = span.get_span_context()
    return Step(Trace(f"{made.trace_id:032x}", f"{made.span_id:016x}", made.trace_flags.sampled), span)


@contextlib.contextmanager
def within(trace: Trace | None) -> Iterator[None]:
    """Work for this trace: what is queued and logged meanwhile belongs to it."""
    token = _current.set(trace)
    try:
        yield
    finally:
        _current.reset(token)


def exporting() -> bool:
    """Whether spans are sent to a collector."""
    return _tracer() is not None


def _checked(attributes: Mapping[str, str | int]) -> Mapping[str, str | int]:
    if strange := attributes.keys() - ATTRIBUTES:
        raise ValueError(f"a span may not tell {sorted(strange)}")
    return attributes


def _context(trace: Trace) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if trace.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(trace.trace_id, 16), int(trace.span_id, 16), is_remote=True, trace_flags=flags)


@lru_cache(maxsize=1)
def _tracer() -> Tracer | None:
    """Made at the first step. The provider is this module's own and not the process's, so that no library adds spans
    with paths or values in them."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_SDK_DISABLED") == "true":
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = os.environ.get("OTEL_SERVICE_NAME") or _service
    provider = TracerProvider(resource=Resource({"service.name": name}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("estafette")


_service = "estafette"


def serve_as(service: str) -> None:
    """The name under which this process's spans are known; to be called before the first step."""
    global _service
    _service = service


class Traced:
    """ASGI middleware: each request is the first step of its trace here; a caller's `traceparent` is taken up."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] in QUIET:
            await self._app(scope, receive, send)
            return
        parent = parse(dict(scope["headers"]).get(HEADER.encode()))
        if parent is None and not exporting():
            parent = begin()
        step_ = step(scope["method"], Kind.SERVER, parent, {"http.request.method": scope["method"]})

        async def watched(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                step_.tell({"http.response.status_code": message["status"]})
            await send(message)

        try:
            with within(step_.trace):
                await self._app(scope, receive, watched)
        finally:
            route = str(getattr(scope.get("route"), "path", "unknown"))
            step_.named(f"{scope['method']} {route}")
            step_.tell({"http.route": route})
            step_.end()
