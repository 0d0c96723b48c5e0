"""A follower whose updates can be looked at like a watch's: see ``varbridge.Follower``."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from varbridge import BridgeError, Follower, Session, Update, Watch


class FollowerAdapter:
    """What a follower was told so far, over all the watches that it had.

    Args:
        session: where the variables are.
        names: the variables; none for every one.
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
        """What has come so far, in order."""
        with self._changed:
            return tuple(self._updates)

    @property
    def over(self) -> bool:
        """Whether no more will come."""
        return self.ended_at is not None

    def wait_for(self, enough: Callable[[Sequence[Update]], bool], timeout: float = 5.0) -> Sequence[Update]:
        """Return what has come once ``enough`` says so, or no more will come, or time is up."""
        with self._changed:
            self._changed.wait_for(lambda: self.over or enough(self._updates), timeout)
            return tuple(self._updates)

    def wait_until_over(self, timeout: float = 5.0) -> bool:
        """Wait until no more will come; return whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self.over, timeout)

    def close(self) -> None:
        """Stop following."""
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


Watched = Watch | FollowerAdapter
"""What a person's updates come from."""
