"""Metrics for Prometheus, on a separate port."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..config import Settings, is_loopback
from ..core.errors import StartupError
from .call_record import CallRecord, Observer

if TYPE_CHECKING:
    from ..core.sessions import Sessions

BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""The upper bounds of the histogram of call durations, in seconds; a get takes about 0.0005 s."""

STREAMS = {"WatchVariables", "ExecuteStreamingTool"}
"""The streaming methods, which are not in the histogram: their durations do not show the bridge's speed."""


class Metrics:
    """The metrics of calls and sessions, with an HTTP endpoint.

    The only labels are methods and statuses, so that clients cannot create labels.

    Args:
        settings: the settings of the server: ``metrics`` is the address of the endpoint, which uses the
            server's certificates.

    Raises:
        StartupError: the address cannot be used, or the library is not installed.
    """

    def __init__(self, settings: Settings) -> None:
        try:
            from prometheus_client import (
                CollectorRegistry,
                Counter,
                Gauge,
                Histogram,
                PlatformCollector,
                ProcessCollector,
                start_http_server,
            )
            from prometheus_client import GCCollector as GarbageCollector
        except ImportError:
            raise StartupError(
                "--metrics needs prometheus-client: pip install 'varbridge[observe]'"
            ) from None
        host, _, port = settings.metrics.rpartition(":")
        if not host or not port.isdecimal() or int(port) > 65535:
            raise StartupError(f"--metrics must be host:port, not {settings.metrics!r}")
        if not (is_loopback(host) or settings.tls_cert):
            raise StartupError(
                f"--metrics {settings.metrics}: beyond loopback it needs --tls-cert and --tls-key"
            )
        registry = CollectorRegistry()
        for collect in (ProcessCollector, PlatformCollector, GarbageCollector):
            collect(registry=registry)
        self._calls = Counter("bridge_calls", "Calls that ended.", ["method", "status"], registry=registry)
        self._seconds = Histogram(
            "bridge_call_seconds",
            "Duration of calls in seconds, without streams.",
            ["method"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._gauge: Callable[[str, str], Gauge] = lambda name, text: Gauge(name, text, registry=registry)
        tls: dict[str, Any] = {}
        if settings.tls_cert:
            tls = {"certfile": settings.tls_cert, "keyfile": settings.tls_key}
            if settings.tls_ca:
                tls |= {"client_cafile": settings.tls_ca, "client_auth_required": True}
        self._tls = tls
        try:
            self._server, self._thread = start_http_server(int(port), host.strip("[]"), registry, **tls)
        except OSError as error:
            raise StartupError(f"cannot serve metrics on {settings.metrics}: {error.strerror}") from None
        self._current: ssl.SSLContext | None = None
        if tls:
            listening: Any = self._server.socket  # the library has made an SSLSocket of it
            listening.context.sni_callback = self._use_current

    def watch(self, sessions: Sessions, running: Callable[[], int]) -> None:
        """Add the metrics of sessions and running calls, which the endpoint's thread reads at each scrape."""
        self._gauge("bridge_sessions", "Open sessions.").set_function(lambda: len(sessions))
        self._gauge("bridge_variables", "Variables of all sessions.").set_function(sessions.count_variables)
        self._gauge("bridge_watches", "Open watches.").set_function(sessions.count_watches)
        self._gauge("bridge_calls_running", "Running calls, watches included.").set_function(running)

    @property
    def observer(self) -> Observer:
        """The observer that counts calls."""

        def count(call: CallRecord) -> None:
            self._calls.labels(call.method, call.status).inc()
            if call.method not in STREAMS:
                self._seconds.labels(call.method).observe(call.seconds)

        return count

    def reload(self) -> None:
        """Read the certificate files again; new connections use their content.

        Raises:
            StartupError: a file cannot be read or is invalid; the old certificates stay in use.
        """
        if not self._tls:
            return
        # A new context, since connections would fail that begin while the files of one in use are replaced.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self._tls["certfile"], self._tls["keyfile"])
            if ca := self._tls.get("client_cafile"):
                context.load_verify_locations(ca)
                context.verify_mode = ssl.CERT_REQUIRED
        except OSError as error:
            raise StartupError(f"cannot use the certificates for metrics: {error}") from None
        self._current = context

    def _use_current(self, connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
        """Use the certificates that were read last for a connection; OpenSSL calls this for each one."""
        if self._current is not None:
            connection.context = self._current

    def close(self) -> None:
        """Close the HTTP endpoint."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
