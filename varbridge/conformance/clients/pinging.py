"""A client that pings a bridge without a pause, and measures how long each answer takes."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from varbridge import BridgeError, Connection


class Pinging:
    """A client that pings while the context lasts; its first ping is answered before the context begins.

    Args:
        connection: the connection of the client.

    Attributes:
        longest_s: the longest time until an answer, in seconds.
        error: the first ping that was refused; None if there was none.
    """

    def __init__(self, connection: Connection) -> None:
        self.longest_s = 0.0
        self.error: BridgeError | None = None
        self._connection = connection
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ping_on, daemon=True)

    def __enter__(self) -> Self:
        self._connection.ping()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _ping_on(self) -> None:
        while not self._ended.is_set() and self.error is None:
            began = time.monotonic()
            try:
                self._connection.ping()
            except BridgeError as error:
                self.error = error
            self.longest_s = max(self.longest_s, time.monotonic() - began)
