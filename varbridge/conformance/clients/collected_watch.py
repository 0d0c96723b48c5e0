"""A watch that retains everything that it receives, for steps and invariants that look at all of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import grpc

from varbridge import BridgeError, Session, Update
from varbridge.errors import from_rpc
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.watch import Stream


class CollectedWatch:
    """A watch, whose updates a thread collects. A refusal is the error with which it ended.

    Args:
        stream: the streaming call.
        timeout: the time in which the bridge must confirm the watch, in seconds.

    Raises:
        TimeoutError: the bridge did not confirm the watch in time.
    """

    def __init__(self, stream: Stream, timeout: float = 5.0) -> None:
        self._stream = stream
        self._updates: list[Update] = []
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
        """The updates received so far, in order."""
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
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def __enter__(self) -> CollectedWatch:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        ended: BridgeError | None = None
        try:
            self._stream.initial_metadata()
            self._placed.set()
            for message in self._stream:
                update = Update(message)
                with self._changed:
                    self._updates.append(update)
                    self._changed.notify_all()
        except grpc.RpcError as error:
            ended = from_rpc(error)
        finally:
            with self._changed:
                self._ended = ended
                self.ended_at = time.monotonic()
                self._over = True
                self._changed.notify_all()
            self._placed.set()


def collect(
    session: Session,
    *identifiers: str,
    initial: bool = False,
    resume_after: int | None = None,
    timeout: float = 5.0,
) -> CollectedWatch:
    """Open a collected watch in a session, with the arguments of ``Session.watch``."""
    request = pb.WatchVariablesRequest(
        session_id=session.id,
        variable_identifiers=identifiers,
        include_initial_values=initial,
        resume_after=resume_after,
    )
    return CollectedWatch(session.connection.stream("WatchVariables", request), timeout)
