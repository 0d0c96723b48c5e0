"""A watch that survives: it reconnects, resumes after the last sequence, and delivers each update once."""

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
"""Updates that wait for whoever iterates; then the bridge is held back, whose log holds on to the rest."""

OnChange = Callable[[str, Any, Any, Mapping[str, str]], object]
"""Called with a variable's name, its old value, its new value and the change's metadata."""


class Follower:
    """Watches variables of a session for as long as they can be followed without a gap.

    A lost connection is tried again, with a pause that doubles each time, and the watch goes on after the
    last sequence that was seen. A watch that is silent for too long is on a dead line, whatever TCP says of
    it: the following goes on over a new one, of the follower's own.

    What cannot be resumed ends the following with the bridge's word: the log no longer has what follows
    (OUT_OF_RANGE), or the session is gone (NOT_FOUND).

    Args:
        session: where the variables are.
        identifiers: ids or names; none for every variable.
        initial: whether the present values come first, once.
        resume_after: the last sequence seen by an earlier watch, to go on after it; then without ``initial``.
        on_change: called for every change of a value, on the follower's thread, rather than iterating:
            then there is nothing to iterate over but the end.
        backoff: seconds before the first new attempt.
        max_backoff: the longest pause in seconds.
        patience: seconds that the bridge may be away; None for ever.
        silence: seconds without an update or a heartbeat after which the line counts as dead; None for
            never. The default is two and a half of the bridge's usual heartbeat intervals; where the
            bridge's interval is longer, so must this be, or the watch is put in place anew for nothing.
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
            raise ValueError("what is resumed does not begin with the present values")
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
        self._reported: dict[str, int] = {}  # versions of the present values passed on, by id
        self._beginning = initial  # whether some of the present values may still be missing
        self._ended: BridgeError | None = None  # what the last watch ended with
        self._error: Exception | None = None
        self._own: Caller | None = None  # the connection, where it is not the session's
        self._watch = self._open(initial=resume_after is None, resume_after=resume_after)
        self._reader = threading.Thread(target=self._follow, name="follower", daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Stop following, at once."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
        self._watch.close()
        if threading.current_thread() is not self._reader:
            self._reader.join()

    def __iter__(self) -> Iterator[Update]:
        """Yield every update once, waiting for the next; heartbeats are left out.

        Whoever iterates too slowly holds the bridge back, and learns with OUT_OF_RANGE when its log has gone
        on for too long.

        Raises:
            BridgeError: the bridge's word, where there is no going on.
            Exception: what ``on_change`` raised, which ends the following.
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
                for update in self._heard():
                    self._pause, self._away = self._backoff, 0.0
                    self._take(update)
                if not self._come_back():
                    return
        except Exception as error:  # of on_change: whoever iterates is to know too
            self._error = error
            raise
        finally:
            self._watch.close()
            if self._own is not None:
                self._own.close()
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _heard(self) -> Iterator[Update]:
        """What the present watch brings until it ends or falls silent; how, is kept."""
        try:
            yield from self._watch.within(self._silence)
        except IdleTimeoutError as silence:
            self._ended = BridgeError(grpc.StatusCode.UNAVAILABLE, str(silence))
            self._watch.close()
            self._change_connection()
            return
        except BridgeError:
            pass  # the watch keeps it
        self._ended = self._watch.ended

    def _take(self, update: Update) -> None:
        """Pass on an update."""
        self._seen = update.sequence
        if update.variable is None:
            return  # a heartbeat
        if update.kind == "initial_value":
            self._pass_on_initial(update)
            return
        self._beginning = False
        self._pass_on(update)

    def _come_back(self) -> bool:
        """Put the next watch in place, trying again and again; return whether there is one."""
        while not self._closed.is_set():
            gone_for_good = self._ended is None or self._ended.code is not grpc.StatusCode.UNAVAILABLE
            if gone_for_good or (self._patience is not None and self._away >= self._patience):
                self._error = self._ended
                break
            if self._own is None:
                self._change_connection()
            started = time.monotonic()
            self._closed.wait(self._pause)
            try:
                self._watch = self._again()
                return True
            except TimeoutError:  # a bridge that hangs is one that is away, and so is one on a dead line
                self._change_connection()
            finally:
                self._pause = min(2 * self._pause, self._max_backoff)
                self._away += time.monotonic() - started
        return False

    def _change_connection(self) -> None:
        """Speak over a TCP connection of our own from now on: the present one may be half-open, or closed
        by whoever made it, as a worker does when its server is gone.

        The session's own stays as it is, since others may be using it and hear more than we do.
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
        """Wait until whoever iterates has made room, or has closed us."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed.is_set() or len(self._updates) < BUFFER)
            self._updates.append(update)
            self._changed.notify_all()

    def _pass_on_initial(self, update: Update) -> None:
        """Pass on a present value, once; they are always asked for, since their sequence is needed."""
        assert update.variable is not None
        if not self._initial or self._reported.get(update.variable_id) == update.variable.version:
            return
        self._reported[update.variable_id] = update.variable.version
        self._pass_on(update)
        if self._identifiers and len(self._reported) == len(set(self._identifiers)):
            self._beginning = False

    def _again(self) -> Watch:
        """Watch again: after the last sequence seen, or from the beginning where that is not behind us.

        Where nothing was seen yet, a watch of a session without variables was cut: what came since is told
        by the present values of the variables that there are now.
        """
        if self._seen is None or self._beginning:
            self._initial = True
            return self._open(initial=True)
        return self._open(resume_after=self._seen)

    def _open(self, *, initial: bool = False, resume_after: int | None = None) -> Watch:
        return self._session.watch(
            *self._identifiers, initial=initial, resume_after=resume_after, buffer=BUFFER
        )
