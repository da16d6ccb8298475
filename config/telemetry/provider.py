"""The OpenTelemetry SDK, started when the first span is made: sampling, batching, sending.

Spans are handed over as they are to be sent: their ids and times are known (`config.telemetry.ids`), so no
tracer makes them. The same provider serves workers that make spans of their own.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.util import Finalize
from typing import Any

from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

from config.lib.caches import cached_for_process
from config.telemetry import options
from config.telemetry.ids import SAMPLED, Context
from config.telemetry.spans import Span

SCOPE = InstrumentationScope("sagaboard")
MESSAGE_LENGTH_MAX = 500

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sender:
    """What sends the spans of this process, those of workers included."""

    provider: TracerProvider
    processor: SpanProcessor


@cached_for_process(maxsize=1)
def sender() -> Sender:
    options.name_service()
    started, processor = TracerProvider(shutdown_on_exit=False), BatchSpanProcessor(_exporter())
    started.add_span_processor(processor)
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):  # else a worker has set its own
        trace.set_tracer_provider(started)
    # Also for processes that `multiprocessing` has made, which do not run what `atexit` knows.
    Finalize(None, started.shutdown, exitpriority=0)
    return Sender(started, processor)


def _exporter() -> SpanExporter:
    if options.TRACES == "console":
        return ConsoleSpanExporter()
    return OTLPSpanExporter()


def sampled(trace_id: int, name: str, parent: Context | None) -> bool:
    """Whether a trace is recorded. The same for all its spans: it depends on its id and on its caller."""
    around = contexts.Context() if parent is None else trace.set_span_in_context(_stands_for(parent))
    decision = sender().provider.sampler.should_sample(around, trace_id, name).decision
    return decision is Decision.RECORD_AND_SAMPLE


def send(trace_id: int, spans: Sequence[Span]) -> None:
    """Has spans of one trace sent soon."""
    for span in spans:
        sender().processor.on_end(_readable(trace_id, span, sender().provider.resource))


def flush(seconds: float) -> None:
    sender().processor.force_flush(round(seconds * 1000))


@contextmanager
def within(context: Context) -> Iterator[None]:
    """Within it, a span that is not made here is the current one, so that others become its children."""
    sender()
    token = contexts.attach(trace.set_span_in_context(_stands_for(context)))
    try:
        yield
    finally:
        contexts.detach(token)


def _stands_for(context: Context) -> NonRecordingSpan:
    return NonRecordingSpan(_context(*context, is_remote=True))


def _context(trace_id: int, span: int, flags: int = SAMPLED, is_remote: bool = False) -> SpanContext:
    return SpanContext(trace_id, span, is_remote, TraceFlags(flags))


def _readable(trace_id: int, span: Span, resource: Resource) -> ReadableSpan:
    fields: dict[str, Any] = {}
    attributes = dict(span.attributes)
    end = _nanoseconds(span.end)
    if span.error is not None:
        code, message = span.error[0], span.error[1][:MESSAGE_LENGTH_MAX]
        attributes["error.type"] = code
        said = {"exception.type": code, "exception.message": message}
        fields["events"] = (Event("exception", said, end),)
        fields["status"] = Status(StatusCode.ERROR, message)
    return ReadableSpan(
        span.name,
        _context(trace_id, span.id),
        None if span.parent is None else _context(trace_id, span.parent, is_remote=True),
        resource,
        attributes,
        links=[Link(_context(trace_id, one)) for one in span.links],
        start_time=_nanoseconds(span.start),
        end_time=end,
        instrumentation_scope=SCOPE,
        **fields,
    )


def _nanoseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000) * 1_000
