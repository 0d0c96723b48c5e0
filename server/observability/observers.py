"""All who are told of calls, as the flags have it."""

from __future__ import annotations

from collections.abc import Callable

from ..config import Settings
from ..core.sessions import Sessions
from . import logs
from .call_record import Observer


class Observers:
    """Those that the flags ask for.

    Raises:
        StartupError: one of them cannot be had.
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
        """Who is told of calls; nobody, by default."""
        return tuple(self._observers)

    def watch(self, sessions: Sessions, running: Callable[[], int]) -> None:
        """Tell of these too, where anyone asks."""
        if self._metrics is not None:
            self._metrics.watch(sessions, running)

    def close(self) -> None:
        """Tell what is left, and be told no more."""
        for close in self._closing:
            close()
