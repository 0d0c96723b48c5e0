"""An adapter that gives ``varbridge.Follower`` the interface of a watch."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from varbridge import BridgeError, Follower, Session, Update
from varbridge.conformance.clients.collected_watch import CollectedWatch


class FollowerAdapter:
    """A follower that collects its updates, over all the watches that it opens.

    Args:
        session: the session whose variables are followed.
        names: the names of the variables; empty for all variables.
    """

    def __init__(self, session: Session, names: Sequence[str]) -> None:
        self.ended: BridgeError | None = None
        self.ended_at: float | None = None
        self._updates: list[Update] = []
        self._changed = threading.Condition()
        self._follower = Follower(session, *names, max_backoff=0.2)
        self._reader = threading.Thread(target=self._read, name="following", daemon=True)
        self._reader.start()

    @property
    def updates(self) -> Sequence[Update]:
        """The updates so far, in order."""
        with self._changed:
            return tuple(self._updates)

    @property
    def over(self) -> bool:
        """True if the follower has ended, so that no more updates will come."""
        return self.ended_at is not None

    def wait_for(self, enough: Callable[[Sequence[Update]], bool], timeout: float = 5.0) -> Sequence[Update]:
        """Return the updates once ``enough`` returns True for them, no more will come, or time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self.over or enough(self._updates), timeout)
            return tuple(self._updates)

    def wait_until_over(self, timeout: float = 5.0) -> bool:
        """Wait until no more updates will come; return False if time is up before."""
        with self._changed:
            return self._changed.wait_for(lambda: self.over, timeout)

    def close(self) -> None:
        """Close the follower, and wait for its thread."""
        self._follower.close()
        self._reader.join()

    def _read(self) -> None:
        try:
            for update in self._follower:
                with self._changed:
                    self._updates.append(update)
                    self._changed.notify_all()
        except BridgeError as error:
            self.ended = error
        finally:
            with self._changed:
                self.ended_at = time.monotonic()
                self._changed.notify_all()


Watched = CollectedWatch | FollowerAdapter
"""The source of a person's updates: a watch, or a follower."""
