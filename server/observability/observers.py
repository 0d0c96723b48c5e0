"""The observers of calls that the flags enable: the log of calls, metrics and traces."""

from __future__ import annotations

from collections.abc import Callable

from ..config import Settings
from ..core.sessions import Sessions
from . import logs
from .call_record import Observer


class Observers:
    """The observers of calls that the flags enable.

    Raises:
        StartupError: an observer cannot be created.
    """

    def __init__(self, settings: Settings) -> None:
        self._observers: list[Observer] = []
        self._closing: list[Callable[[], object]] = []
        self._metrics = None
        if settings.log_calls != "none":
            self._observers.append(logs.calls(settings.log_calls))
        if settings.metrics:
            from .metrics import Metrics

            self._metrics = Metrics(settings)
            self._observers.append(self._metrics.observer)
            self._closing.append(self._metrics.close)
        if settings.traces:
            from .traces import Traces

            traces = Traces()
            self._observers.append(traces.observer)
            self._closing.append(traces.close)

    @property
    def active(self) -> tuple[Observer, ...]:
        """The enabled observers, each a function that gets a ``CallRecord``; none by default."""
        return tuple(self._observers)

    def watch(self, sessions: Sessions, running: Callable[[], int]) -> None:
        """Add the metrics of sessions and running calls, if metrics are enabled."""
        if self._metrics is not None:
            self._metrics.watch(sessions, running)

    def reload(self) -> None:
        """Read the certificate files again; new connections to the endpoint of metrics use their content."""
        if self._metrics is not None:
            self._metrics.reload()

    def close(self) -> None:
        """Flush and close all observers."""
        for close in self._closing:
            close()
