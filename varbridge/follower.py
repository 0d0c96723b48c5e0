"""A watch that reconnects, resumes after the last sequence, and delivers each update exactly once."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import grpc

from varbridge.caller import Caller
from varbridge.errors import BridgeError, IdleTimeoutError
from varbridge.messages.traits import HEARTBEAT_INTERVAL_S
from varbridge.session import Session
from varbridge.watch import Update, Watch, wait_heeding_signals

BUFFER = 1000
"""The maximum number of updates that wait to be iterated over. When it is reached, no more updates are read,
so that back-pressure stops the bridge."""

OnChange = Callable[[str, Any, Any, Mapping[str, str]], object]
"""A function that is called with a variable's name, old value and new value, and the change's metadata."""


class Follower:
    """A follower of variables of a session, which watches them as long as it can do so without a gap.

    After a lost connection, the follower reconnects with exponential back-off and resumes after the last
    sequence. A connection without updates and heartbeats counts as dead after a while, even if TCP does not
    notice; the follower then opens a new connection of its own.

    The follower ends with the bridge's error if it cannot resume: the change log no longer has the next
    sequence (OUT_OF_RANGE), or the session is closed (NOT_FOUND).

    Args:
        session: the session of the variables.
        identifiers: the ids or names of the variables; none for every variable.
        initial: True if the first updates are the present values of the variables.
        resume_after: the last sequence of an earlier watch, after which to resume; excludes ``initial``.
        on_change: the function that is called for every change of a value, on the follower's thread. With it,
            iterating yields nothing and only waits for the end.
        backoff: the pause before the first reconnection, in seconds.
        max_backoff: the longest pause before a reconnection, in seconds.
        patience: the longest time without a connection before the follower ends, in seconds; None for no
            limit.
        silence: the time without an update or a heartbeat after which a connection counts as dead, in
            seconds; None for never. The default is two and a half times the default heartbeat interval of
            bridges. If the bridge's interval is longer, this must be longer as well.
    """

    def __init__(
        self,
        session: Session,
        *identifiers: str,
        initial: bool = False,
        resume_after: int | None = None,
        on_change: OnChange | None = None,
        backoff: float = 0.02,
        max_backoff: float = 2.0,
        patience: float | None = None,
        silence: float | None = 2.5 * HEARTBEAT_INTERVAL_S,
    ) -> None:
        if initial and resume_after is not None:
            raise ValueError(
                "initial and resume_after exclude each other: a resumed watch does not begin with the present"
                " values"
            )
        self._session = session
        self._identifiers = identifiers
        self._on_change = on_change
        self._backoff = backoff
        self._max_backoff = max_backoff
        self._patience = patience
        self._silence = silence
        self._pause = backoff
        self._away = 0.0
        self._updates: deque[Update] = deque()  # not iterated over yet
        self._over = False
        self._changed = threading.Condition()
        self._closed = threading.Event()
        self._seen = resume_after
        self._initial = initial
        self._reported: dict[str, int] = {}  # versions of the present values that were delivered, by id
        self._beginning = initial  # True while some of the present values may be missing
        self._ended: BridgeError | None = None  # the status of the last watch
        self._error: Exception | None = None
        self._own: Caller | None = None  # the connection, if it is not the session's
        self._watch = self._open(initial=resume_after is None, resume_after=resume_after)
        self._reader = threading.Thread(target=self._follow, name="follower", daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Close the follower and its watch immediately."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        self._watch.close()
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def __iter__(self) -> Iterator[Update]:
        """Yield every update once, waiting for the next one; heartbeats are omitted.

        If the iteration is too slow, back-pressure stops the bridge; the follower ends with OUT_OF_RANGE
        when the change log no longer has the next update.

        Raises:
            BridgeError: the follower cannot resume, or had no connection for longer than ``patience``.
            Exception: the exception of ``on_change``, which ends the follower.
        """
        while True:
            with self._changed:
                wait_heeding_signals(self._changed, lambda: self._updates or self._over)
                if not self._updates:
                    break
                update = self._updates.popleft()
                self._changed.notify_all()
            yield update
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _follow(self) -> None:
        try:
            while not self._closed.is_set():
                for update in self._received():
                    self._pause, self._away = self._backoff, 0.0
                    self._take(update)
                if not self._reopen():
                    return
        except Exception as error:  # raised by on_change; the iteration raises it as well
            self._error = error
            raise
        finally:
            self._watch.close()
            if self._own is not None:
                self._own.close()
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _received(self) -> Iterator[Update]:
        """Yield the updates of the present watch until it ends or is idle for too long; record the reason."""
        try:
            yield from self._watch.within(self._silence)
        except IdleTimeoutError as error:
            self._ended = BridgeError(grpc.StatusCode.UNAVAILABLE, str(error))
            self._watch.close()
            self._change_connection()
            return
        except BridgeError:
            pass  # recorded by the watch
        self._ended = self._watch.ended

    def _take(self, update: Update) -> None:
        """Deliver an update, and remember its sequence."""
        self._seen = update.sequence
        if update.variable is None:
            return  # a heartbeat
        if update.kind == "initial_value":
            self._pass_on_initial(update)
            return
        self._beginning = False
        self._pass_on(update)

    def _reopen(self) -> bool:
        """Open the next watch, with retries; return False if the follower cannot continue or is closed."""
        while not self._closed.is_set():
            final = self._ended is None or self._ended.code is not grpc.StatusCode.UNAVAILABLE
            if final or (self._patience is not None and self._away >= self._patience):
                self._error = self._ended
                break
            if self._own is None:
                self._change_connection()
            started = time.monotonic()
            self._closed.wait(self._pause)
            try:
                self._watch = self._again()
                return True
            except TimeoutError:  # the bridge hangs, or the connection is dead
                self._change_connection()
            finally:
                self._pause = min(2 * self._pause, self._max_backoff)
                self._away += time.monotonic() - started
        return False

    def _change_connection(self) -> None:
        """Use a connection of the follower's own from now on.

        The present one may be half-open, or closed by its owner, such as a worker whose server has ended. The
        session's connection stays open, since others may use it.
        """
        before, self._own = self._own, self._session.connection.another()
        self._session = Session(self._own, self._session.id)
        if before is not None:
            before.close()

    def _pass_on(self, update: Update) -> None:
        if self._on_change is None:
            self._put(update)
        elif update.kind == "value_change" and (variable := update.variable) is not None:
            self._on_change(variable.name, update.previous, variable.value, update.metadata)

    def _put(self, update: Update) -> None:
        """Add an update to the buffer, once it has room or the follower is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed.is_set() or len(self._updates) < BUFFER)
            self._updates.append(update)
            self._changed.notify_all()

    def _pass_on_initial(self, update: Update) -> None:
        """Deliver a present value once; they are always requested, since their sequence is needed."""
        assert update.variable is not None
        if not self._initial or self._reported.get(update.variable_id) == update.variable.version:
            return
        self._reported[update.variable_id] = update.variable.version
        self._pass_on(update)
        if self._identifiers and len(self._reported) == len(set(self._identifiers)):
            self._beginning = False

    def _again(self) -> Watch:
        """Open another watch: after the last sequence, or with the present values if some may be missing.

        If there is no last sequence, the lost watch was of a session without variables: the present values
        show what was registered since.
        """
        if self._seen is None or self._beginning:
            self._initial = True
            return self._open(initial=True)
        return self._open(resume_after=self._seen)

    def _open(self, *, initial: bool = False, resume_after: int | None = None) -> Watch:
        return self._session.watch(
            *self._identifiers, initial=initial, resume_after=resume_after, buffer=BUFFER
        )
