"""Traces: a span for each call, exported with OpenTelemetry as its OTEL_* environment variables say."""

from __future__ import annotations

from ..core.errors import StartupError
from .call_record import CallRecord, Observer


class Traces:
    """An exporter of spans.

    A span is created when its call has ended, with the caller's ``traceparent`` as its parent.

    Raises:
        StartupError: OpenTelemetry is not installed.
    """

    def __init__(self) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
            from opentelemetry.propagate import extract
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.trace import SpanKind, Status, StatusCode
        except ImportError:
            raise StartupError("--traces needs OpenTelemetry: pip install 'varbridge[observe]'") from None
        resource = Resource.create({"service.name": "varbridge"})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        tracer = self._provider.get_tracer("server")

        def record(call: CallRecord) -> None:
            carrier = {key: value for key, value in call.metadata if key in ("traceparent", "tracestate")}
            span = tracer.start_span(
                f"snakepit.bridge.BridgeService/{call.method}",
                context=extract(carrier),
                kind=SpanKind.SERVER,
                start_time=call.started,
                attributes={
                    "rpc.system": "grpc",
                    "rpc.service": "snakepit.bridge.BridgeService",
                    "rpc.method": call.method,
                    "rpc.response.status_code": call.status,
                    "bridge.session": call.session_id,
                },
            )
            if call.status not in ("OK", "CANCELLED"):
                span.set_status(Status(StatusCode.ERROR, call.status))
            span.end(end_time=call.started + round(call.seconds * 1e9))

        self.observer: Observer = record

    def close(self) -> None:
        """Export the remaining spans, for at most five seconds."""
        self._provider.force_flush(5000)
        self._provider.shutdown()
