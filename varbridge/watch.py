"""The client's view of a watch: updates of variables, which a reader thread receives."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol

import grpc

from varbridge.errors import BridgeError, IdleTimeoutError, from_rpc
from varbridge.update import Update

BUFFER = 1000
"""The default for the maximum number of updates that wait to be iterated over."""

INTERVAL_KEY = "heartbeat-interval-ms"
"""The key in the initial metadata of a watch under which a bridge may state its heartbeat interval."""

REFUSAL_GRACE_S = 0.05
"""The time in which the refusal of a bridge arrives that sends no metadata when a watch is open, in seconds.

gRPC shows an opened watch without metadata and a refused one alike, until the status comes.
"""

SIGNAL_CHECK_INTERVAL_S = 0.5
"""The longest time after which a waiting main thread handles a signal that another thread received, in
seconds."""

OnEnd = Callable[[Exception | None], object]
"""A function that is called with the error that ended a watch or a follower; None if it was closed."""

logger = logging.getLogger("varbridge")


def wait_heeding_signals(
    changed: threading.Condition, enough: Callable[[], Any], seconds: float | None = None
) -> bool:
    """Wait as ``Condition.wait_for`` does; on the main thread, a signal such as Ctrl-C always ends the wait.

    Python handles signals on its main thread, but the system may deliver them to any thread: a new thread
    receives pending ones. Then nothing wakes a main thread that waits for a lock without a timeout.
    """
    until = None if seconds is None else time.monotonic() + seconds
    while True:
        pause = SIGNAL_CHECK_INTERVAL_S
        if until is not None:
            pause = min(pause, until - time.monotonic())
        if changed.wait_for(enough, pause):
            return True
        if until is not None and time.monotonic() >= until:
            return False


class Stream(Protocol):
    """The interface of a streaming call in gRPC."""

    def __iter__(self) -> Iterator[Any]: ...

    def initial_metadata(self) -> Any: ...

    def cancel(self) -> bool: ...


def interval_s_of(metadata: Any) -> float | None:
    """Return the heartbeat interval that the initial metadata of a watch state, in seconds; None if none."""
    stated = dict(metadata or ()).get(INTERVAL_KEY)
    with suppress(TypeError, ValueError):
        interval_s = float(stated) / 1000  # type: ignore[arg-type]  # None has no interval
        return interval_s if 0 < interval_s < float("inf") else None
    return None


def report_end(subject: str, error: Exception | None, on_end: OnEnd | None) -> None:
    """Call ``on_end`` with the end of a watch or follower; log the error if there is no such function."""
    if on_end is None:
        if error is not None:
            logger.error("%s ended: %s", subject, error, exc_info=error)
        return
    try:
        on_end(error)
    except Exception:
        logger.exception("on_end of %s raised an exception", subject)


class Watch:
    """A watch, whose updates a thread receives until it is closed or dropped.

    Iterating yields each update once, waiting for the next one. A watch that is not referred to any more is
    closed, unless it has ``on_update``.

    Args:
        stream: the streaming call.
        on_update: the function that is called for each update, on the thread that reads the watch. With it,
            iterating yields nothing and only waits for the end. An exception ends the watch.
        on_end: the function that is called once when a watch with ``on_update`` ends, with its error, or with
            None if it was closed. Without it, the error is logged by the logger ``varbridge``.
        timeout: the time in which the bridge must confirm the watch, in seconds.
        buffer: the maximum number of updates that wait to be iterated over. When it is reached, no more
            updates are read, so that back-pressure stops the bridge.

    Raises:
        BridgeError: the bridge refused the watch.
        TimeoutError: the bridge did not confirm the watch in time.
    """

    def __init__(
        self,
        stream: Stream,
        on_update: Callable[[Update], object] | None = None,
        on_end: OnEnd | None = None,
        timeout: float = 5.0,
        buffer: int = BUFFER,
    ) -> None:
        if buffer < 1:
            raise ValueError(f"buffer must be at least 1, not {buffer}")
        if on_end is not None and on_update is None:
            raise ValueError("on_end belongs to on_update: iterating raises the error")
        self._reading = _Reading(stream, on_update, on_end, buffer)
        if on_update is None:
            # The thread refers to the reading only, so that this watch can be dropped.
            weakref.finalize(self, self._reading.stop).atexit = False
        self._reader = threading.Thread(target=self._reading.run, name="watch", daemon=True)
        self._reader.start()
        self._reading.wait_until_open(timeout)

    @property
    def heartbeat_interval_s(self) -> float | None:
        """The heartbeat interval that the bridge states, in seconds; None if it states none."""
        return self._reading.interval_s

    @property
    def over(self) -> bool:
        """True if no more updates will come."""
        return self._reading.over

    @property
    def ended(self) -> Exception | None:
        """The error with which the watch ended; None while it is open, and if it was closed."""
        return self._reading.error

    def receive(self, timeout: float | None = None) -> Update | None:
        """Return the next update, or heartbeat; None if the watch is closed.

        Args:
            timeout: the longest wait, in seconds; None for no limit.

        Raises:
            BridgeError: the watch has ended.
            IdleTimeoutError: nothing was received in time; the watch stays open.
            Exception: the exception of ``on_update``.
        """
        return self._reading.take(timeout)

    def close(self) -> None:
        """Cancel the watch, and wait for the end of the thread that reads it."""
        self._reading.stop()
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def __iter__(self) -> Iterator[Update]:
        """Yield each update once, waiting for the next one; if the watch ends with an error, raise it."""
        while (update := self.receive()) is not None:
            yield update

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Reading:
    """The part of a watch that its thread uses."""

    def __init__(
        self,
        stream: Stream,
        on_update: Callable[[Update], object] | None,
        on_end: OnEnd | None,
        buffer: int,
    ) -> None:
        self.interval_s: float | None = None
        self.over = False
        self.error: Exception | None = None
        self._stream = stream
        self._on_update = on_update
        self._on_end = on_end
        self._buffer = buffer
        self._updates: deque[Update] = deque()
        self._changed = threading.Condition()
        self._answered = False  # metadata have arrived, if only empty ones
        self._open = False
        self._refused = False
        self._stopped = False

    def wait_until_open(self, timeout: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._answered or self.over, timeout):
                self._refused = True
                self.stop()
                raise TimeoutError(f"the bridge did not confirm the watch within {timeout:g} s")
            self._changed.wait_for(lambda: self._open or self.over, REFUSAL_GRACE_S)
            self._refused = not self._open and self.error is not None
            self._open = True
            self._changed.notify_all()
            if self._refused and self.error is not None:
                raise self.error

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._stream.cancel()

    def take(self, timeout: float | None) -> Update | None:
        with self._changed:
            if not wait_heeding_signals(self._changed, lambda: self.over or self._updates, timeout):
                raise IdleTimeoutError(f"a watch received nothing for {timeout:g} s")
            if self._updates:
                self._changed.notify_all()  # the reader may be waiting for space in the buffer
                return self._updates.popleft()
        if self.error is not None:
            raise self.error
        return None

    def run(self) -> None:
        error: Exception | None = None
        try:
            metadata = self._stream.initial_metadata()
            with self._changed:
                self.interval_s = interval_s_of(metadata)
                self._answered, self._open = True, bool(metadata)
                self._changed.notify_all()
            for message in self._stream:
                self._deliver(Update(message))
        except grpc.RpcError as failure:
            error = from_rpc(failure)
        except Exception as failure:  # raised by on_update
            error = failure
            self._stream.cancel()
        with self._changed:
            self.error = None if self._stopped and isinstance(error, BridgeError) else error
            self.over = True
            self._changed.notify_all()
            # A refusal is raised where the watch is opened.
            self._changed.wait_for(lambda: self._open or self._refused or self._stopped)
        if self._on_update is not None and not self._refused:
            report_end("a watch", self.error, self._on_end)

    def _deliver(self, update: Update) -> None:
        with self._changed:
            self._open = True
            if self._on_update is None:
                self._changed.wait_for(lambda: self._stopped or len(self._updates) < self._buffer)
                self._updates.append(update)
            self._changed.notify_all()
        if self._on_update is not None:
            self._on_update(update)
