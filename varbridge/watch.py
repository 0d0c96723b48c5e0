"""The client's view of a watch: updates of variables, which a reader thread collects."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

import grpc

from varbridge import values
from varbridge.errors import BridgeError, IdleTimeoutError, from_rpc
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.variable import Variable, time_of

_SIGNAL_CHECK_INTERVAL_S = 0.5
"""The longest time after which a waiting main thread handles a signal that another thread received, in
seconds."""


def wait_heeding_signals(
    changed: threading.Condition, enough: Callable[[], Any], seconds: float | None = None
) -> bool:
    """Wait as ``Condition.wait_for`` does; on the main thread, a signal such as Ctrl-C always ends the wait.

    Python handles signals on its main thread, but the system may deliver them to any thread: a new thread
    receives pending ones. Then nothing wakes a main thread that waits for a lock without a timeout.
    """
    until = None if seconds is None else time.monotonic() + seconds
    while True:
        pause = _SIGNAL_CHECK_INTERVAL_S
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


class Update:
    """An update of a watch, which wraps the message from the bridge."""

    def __init__(self, message: pb.VariableUpdate) -> None:
        self.message = message

    @property
    def kind(self) -> str:
        """The kind: initial_value, value_change, registered, deleted, dependency_change or heartbeat."""
        return self.message.update_type

    @property
    def sequence(self) -> int:
        return self.message.sequence

    @property
    def variable_id(self) -> str:
        return self.message.variable_id

    @cached_property
    def variable(self) -> Variable | None:
        """The variable as of this update; None in a heartbeat."""
        return Variable(self.message.variable) if self.message.HasField("variable") else None

    @cached_property
    def previous(self) -> Any:
        """The value before a value_change; None in other updates."""
        if self.variable is None or not self.message.HasField("previous_value"):
            return None
        return values.decode(
            self.variable.type, self.message.previous_value, self.message.previous_binary_value
        )

    @property
    def source(self) -> str:
        """The client, tool or optimizer that made the change."""
        return self.message.update_source

    @property
    def metadata(self) -> Mapping[str, str]:
        """The metadata of the change."""
        return dict(self.message.update_metadata)

    @property
    def timestamp(self) -> datetime:
        """The time in UTC at which the change was accepted. Raises ``MalformedReplyError``."""
        return time_of(self.message.timestamp)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.sequence} {self.variable!r}>"


class Watch:
    """A watch, whose updates are collected by a thread.

    Args:
        stream: the streaming call.
        on_update: the function that is called for each update, on the thread that reads the watch.
        timeout: the time in which the bridge must confirm the watch, in seconds.
        buffer: the maximum number of updates that wait to be iterated over. When it is reached, no more
            updates are read, so that back-pressure stops the bridge. 0 retains all updates, even those
            iterated over.

    Raises:
        TimeoutError: the bridge did not confirm the watch in time.
    """

    def __init__(
        self,
        stream: Stream,
        on_update: Callable[[Update], object] | None = None,
        timeout: float = 5.0,
        buffer: int = 0,
    ) -> None:
        self._stream = stream
        self._on_update = on_update
        self._buffer = buffer
        self._updates: deque[Update] = deque()
        self._closed = False
        self._changed = threading.Condition()
        self._ended: BridgeError | None = None
        self._over = False
        self.ended_at: float | None = None  # time.monotonic()
        self._placed = threading.Event()
        self._reader = threading.Thread(target=self._read, name="watch", daemon=True)
        self._reader.start()
        if not self._placed.wait(timeout):
            stream.cancel()
            raise TimeoutError(f"the bridge did not confirm the watch within {timeout:g} s")

    @property
    def updates(self) -> Sequence[Update]:
        """The updates received so far, in order; with a ``buffer``, only those not iterated over yet."""
        with self._changed:
            return tuple(self._updates)

    @property
    def over(self) -> bool:
        """True if no more updates will come."""
        return self._over

    @property
    def ended(self) -> BridgeError | None:
        """The error with which the watch ended; None while it is open, and if it ended with OK."""
        return self._ended

    def wait_for(self, enough: Callable[[Sequence[Update]], bool], timeout: float = 5.0) -> Sequence[Update]:
        """Wait until ``enough`` returns True for the updates, the watch ends or time is up; return the
        updates."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or enough(self._updates), timeout)
            return tuple(self._updates)

    def wait_until_over(self, timeout: float = 5.0) -> bool:
        """Wait for the end of the watch; return False if it is still open after ``timeout`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._over, timeout)

    def close(self) -> None:
        """Cancel the watch, and wait for the end of the thread that reads it."""
        self._stream.cancel()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def __iter__(self) -> Iterator[Update]:
        """Yield each update once, waiting for the next one; if the watch ends with an error, raise it."""
        return self.within(None)

    def within(self, seconds: float | None) -> Iterator[Update]:
        """Iterate with an idle timeout of so many seconds, which heartbeats reset; None for no timeout.

        Raises:
            IdleTimeoutError: nothing was received for ``seconds`` seconds; the watch itself stays open.
        """
        for position in itertools.count():
            update = self._at(0 if self._buffer else position, seconds)
            if update is None:
                break
            yield update
        if self._ended is not None and self._ended.code is not grpc.StatusCode.CANCELLED:
            raise self._ended

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _at(self, position: int, seconds: float | None) -> Update | None:
        with self._changed:
            if not wait_heeding_signals(
                self._changed, lambda: self._over or len(self._updates) > position, seconds
            ):
                raise IdleTimeoutError(f"a watch received nothing for {seconds:g} s")
            if len(self._updates) <= position:
                return None
            if not self._buffer:
                return self._updates[position]
            self._changed.notify_all()  # the reader may be waiting for space in the buffer
            return self._updates.popleft()

    def _has_room(self) -> bool:
        return self._closed or not self._buffer or len(self._updates) < self._buffer

    def _read(self) -> None:
        ended: BridgeError | None = None
        try:
            self._stream.initial_metadata()
            self._placed.set()
            for message in self._stream:
                update = Update(message)
                with self._changed:
                    self._changed.wait_for(self._has_room)
                    self._updates.append(update)
                    self._changed.notify_all()
                if self._on_update is not None:
                    self._on_update(update)
        except grpc.RpcError as error:
            ended = from_rpc(error)
        finally:
            with self._changed:
                self._ended = ended
                self.ended_at = time.monotonic()
                self._over = True
                self._changed.notify_all()
            self._placed.set()
