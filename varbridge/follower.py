"""A watch that reconnects, resumes after the last sequence, and delivers each update exactly once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import grpc

from varbridge.caller import Caller
from varbridge.errors import BridgeError, IdleTimeoutError
from varbridge.resumption import Opening, Resumption, Silence, ended_without_error
from varbridge.session import Session
from varbridge.update import Update
from varbridge.watch import SIGNAL_CHECK_INTERVAL_S, OnEnd, Watch, logger, report_end

OnChange = Callable[[str, Any, Any, Mapping[str, str]], object]
"""A function that is called with a variable's name, old value and new value, and the change's metadata."""


class Follower:
    """A follower of variables of a session, which watches them as long as it can do so without a gap.

    Iterating yields every update once. After a lost connection, the follower reconnects with exponential
    back-off and resumes after the last sequence. A connection without updates and heartbeats counts as dead
    after a while, even if TCP does not notice; the follower then opens a new connection of its own.

    The follower ends with the bridge's error if it cannot resume: the change log no longer has the next
    sequence (OUT_OF_RANGE), or the session is closed (NOT_FOUND). One that is not referred to any more is
    closed, unless it has ``on_change``.

    Args:
        session: the session of the variables.
        identifiers: the ids or names of the variables; none for every variable.
        initial: True if the first updates are the present values of the variables. If the connection is lost
            among them, those that have changed since come again.
        resume_after: the last sequence of an earlier watch, after which to resume; excludes ``initial``.
        on_change: the function that is called for every change of a value, on a thread of the follower. With
            it, iterating yields nothing and only waits for the end. An exception ends the follower.
        on_end: the function that is called once when a follower with ``on_change`` ends, with its error, or
            with None if it was closed. Without it, the error is logged by the logger ``varbridge``.
        backoff: the pause before the first reconnection, in seconds.
        max_backoff: the longest pause before a reconnection, in seconds.
        patience: the longest time without a connection before the follower ends, in seconds; None for no
            limit.
        silence: the time without an update or a heartbeat after which a connection counts as dead, in
            seconds; None for never. The default is two and a half times the heartbeat interval that the
            bridge states, or the default interval if it states none, and at least a second.

    Raises:
        BridgeError: the bridge refused the first watch, or cannot be reached.
        TimeoutError: the bridge did not confirm the first watch in time.
    """

    def __init__(
        self,
        session: Session,
        *identifiers: str,
        initial: bool = False,
        resume_after: int | None = None,
        on_change: OnChange | None = None,
        on_end: OnEnd | None = None,
        backoff: float = 0.02,
        max_backoff: float = 2.0,
        patience: float | None = None,
        silence: Silence = "auto",
    ) -> None:
        if on_end is not None and on_change is None:
            raise ValueError("on_end belongs to on_change: iterating raises the error")
        self._resumption = Resumption(
            identifiers,
            initial=initial,
            resume_after=resume_after,
            backoff=backoff,
            max_backoff=max_backoff,
            patience=patience,
            silence=silence,
        )
        self._session = session
        self._identifiers = identifiers
        self._on_change = on_change
        self._on_end = on_end
        self._own: Caller | None = None  # the connection, if it is not the session's
        self._turn = threading.RLock()  # held by the thread that receives the next update
        self._closed = threading.Event()
        self._over = threading.Event()
        self._error: Exception | None = None
        self._watch = self._open(self._resumption.first())
        self._caller: threading.Thread | None = None
        if on_change is not None:
            self._caller = threading.Thread(
                target=self._call, args=(on_change,), name="follower", daemon=True
            )
            self._caller.start()

    def close(self) -> None:
        """Close the follower and its watch immediately."""
        self._closed.set()
        self._watch.close()
        if self._caller is not None and threading.current_thread() is not self._caller:
            self._caller.join()
        with self._turn:  # a thread that waits for an update returns
            self._end()

    def __iter__(self) -> Iterator[Update]:
        """Yield every update once, waiting for the next one; heartbeats are omitted.

        If the iteration is too slow, back-pressure stops the bridge; the follower ends with OUT_OF_RANGE
        when the change log no longer has the next update.

        Raises:
            BridgeError: the follower cannot resume, or had no connection for longer than ``patience``.
            Exception: the exception of ``on_change``, which ends the follower.
        """
        if self._caller is not None:
            while not self._over.wait(SIGNAL_CHECK_INTERVAL_S):
                pass
        while (update := self._receive()) is not None:
            yield update

    def __enter__(self) -> Follower:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if own := getattr(self, "_own", None):
            own.close()

    def _call(self, on_change: OnChange) -> None:
        try:
            while (update := self._receive()) is not None:
                if update.kind == "value_change" and (variable := update.variable) is not None:
                    on_change(variable.name, update.previous, variable.value, update.metadata)
        except Exception as error:
            self._end(error)
        report_end("a follower", self._error, self._on_end)
        self._over.set()

    def _receive(self) -> Update | None:
        """Return the next update to deliver, of this watch or a later one; None if the follower is closed."""
        with self._turn:
            while self._error is None and not self._closed.is_set():
                ended = ended_without_error()
                try:
                    silence = self._resumption.silence_s(self._watch.heartbeat_interval_s)
                    while (update := self._watch.receive(silence)) is not None:
                        if self._resumption.delivers(update):
                            return update
                except IdleTimeoutError as error:
                    ended = BridgeError(grpc.StatusCode.UNAVAILABLE, str(error))
                    self._watch.close()
                    self._change_connection()
                except BridgeError as error:
                    ended = error
                self._resume(ended)
            if self._error is not None:
                raise self._error
            return None

    def _resume(self, ended: BridgeError) -> None:
        """Open the next watch, with retries, unless the follower is closed or cannot continue."""
        while not self._closed.is_set():
            try:
                pause = self._resumption.pause_after(ended)
            except BridgeError as error:
                self._end(error)
                return
            logger.info("a follower resumes in %g s, since its watch ended: %s", pause, ended)
            if self._own is None:
                self._change_connection()
            started = time.monotonic()
            self._closed.wait(pause)
            try:
                self._watch = self._open(self._resumption.next())
                if self._closed.is_set():  # close() may have closed the previous watch
                    self._watch.close()
                return
            except BridgeError as error:
                ended = error
            except TimeoutError as error:  # the bridge hangs, or the connection is dead
                ended = BridgeError(grpc.StatusCode.UNAVAILABLE, str(error))
                self._change_connection()
            finally:
                self._resumption.waited(time.monotonic() - started)

    def _change_connection(self) -> None:
        """Use a connection of the follower's own from now on.

        The present one may be half-open, or closed by its owner, such as a worker whose server has ended. The
        session's connection stays open, since others may use it.
        """
        before, self._own = self._own, self._session.connection.another()
        self._session = Session(self._own, self._session.id)
        if before is not None:
            before.close()

    def _end(self, error: Exception | None = None) -> None:
        self._error = self._error or error
        self._watch.close()
        if self._own is not None:
            self._own.close()

    def _open(self, opening: Opening) -> Watch:
        return self._session.watch(
            *self._identifiers, initial=opening.initial, resume_after=opening.resume_after
        )
