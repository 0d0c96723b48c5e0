"""A watch: the updates of some variables, collected on a reader thread."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Protocol

import grpc

from varbridge import values
from varbridge.errors import BridgeError, IdleTimeoutError, from_rpc
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.variable import Variable

_LOOK_UP_EVERY = 0.5
"""Seconds after which a waiting main thread sees a signal that another thread took."""


def wait_heeding_signals(
    changed: threading.Condition, enough: Callable[[], Any], seconds: float | None = None
) -> bool:
    """Wait as ``Condition.wait_for`` does; on the main thread a signal, Ctrl-C say, always ends it.

    Python handles signals on its main thread, but the system may give one to any: a thread that is just born
    takes what is pending. Then nothing wakes a main thread that waits for a lock without a timeout.
    """
    until = None if seconds is None else time.monotonic() + seconds
    while True:
        left = _LOOK_UP_EVERY if until is None else min(_LOOK_UP_EVERY, until - time.monotonic())
        if changed.wait_for(enough, left):
            return True
        if until is not None and time.monotonic() >= until:
            return False


class Stream(Protocol):
    """What gRPC returns for a streaming call."""

    def __iter__(self) -> Iterator[Any]: ...

    def initial_metadata(self) -> Any: ...

    def cancel(self) -> bool: ...


class Update:
    """One thing that a watch learnt; reads the message that it was made from."""

    def __init__(self, message: pb.VariableUpdate) -> None:
        self.message = message

    @property
    def kind(self) -> str:
        """initial_value, value_change, registered, deleted, dependency_change or heartbeat."""
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
        """Who made the change."""
        return self.message.update_source

    @property
    def metadata(self) -> Mapping[str, str]:
        """The change's own."""
        return dict(self.message.update_metadata)

    @property
    def timestamp(self) -> datetime:
        """When the change was accepted, UTC."""
        return self.message.timestamp.ToDatetime(UTC)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.sequence} {self.variable!r}>"


class Watch:
    """The updates that have come so far, and those that will.

    Args:
        stream: the call, just started.
        on_update: called for each update, on the reader's thread.
        timeout: seconds that the bridge has to put the watch in place.
        buffer: 0 keeps all that comes, so that it can be looked at again. Any other number keeps just what
            was not iterated over yet, so many at most: then no more is read, which the bridge notices.

    Raises:
        TimeoutError: the bridge did not say in time that the watch is in place.
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
            raise TimeoutError(f"the watch was not in place within {timeout:g} s")

    @property
    def updates(self) -> Sequence[Update]:
        """What has come so far, in order; with a ``buffer``, what of it was not iterated over."""
        with self._changed:
            return tuple(self._updates)

    @property
    def over(self) -> bool:
        """Whether no more will come."""
        return self._over

    @property
    def ended(self) -> BridgeError | None:
        """The status that the watch ended with; None while it is open, and where it ended with OK."""
        return self._ended

    def wait_for(self, enough: Callable[[Sequence[Update]], bool], timeout: float = 5.0) -> Sequence[Update]:
        """Return what has come once ``enough`` says so, or the watch is over, or time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self._over or enough(self._updates), timeout)
            return tuple(self._updates)

    def wait_until_over(self, timeout: float = 5.0) -> bool:
        """Wait for the end of the watch; return whether it came."""
        with self._changed:
            return self._changed.wait_for(lambda: self._over, timeout)

    def close(self) -> None:
        """Cancel the watch; returns when its reader has ended."""
        self._stream.cancel()
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def __iter__(self) -> Iterator[Update]:
        """Yield each update once, waiting for the next; ends with the watch, raising its status."""
        return self.within(None)

    def within(self, seconds: float | None) -> Iterator[Update]:
        """Iterate, where each update, heartbeats included, has so many seconds to come; None for any number.

        Raises:
            IdleTimeoutError: nothing came for that long; the watch itself stays as it is.
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
                raise IdleTimeoutError(f"a watch heard nothing for {seconds:g} s")
            if len(self._updates) <= position:
                return None
            if not self._buffer:
                return self._updates[position]
            self._changed.notify_all()  # the reader may be waiting for room
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
