"""The server's process and the operating system: signals, the parent process, freed memory and stdout."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from .core.errors import StartupError
from .core.sessions import Sessions
from .rpc.credentials import Certificates

logger = logging.getLogger("server.process")

TRIM_INTERVAL_S = 10.0
"""The interval at which freed memory is returned to the operating system, in seconds."""

POLL_INTERVAL_S = 0.2
"""The interval of checks for expired sessions and for the end of the parent process, in seconds."""


class Ending:
    """The end of the server, which the first signal or another reason begins.

    Attributes:
        reason: a future with the reason, as soon as there is one.
        exit_code: the exit code of the process.
    """

    def __init__(self) -> None:
        self.reason: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.exit_code = 0

    def begin(self, reason: str, exit_code: int = 0) -> None:
        """End the server, unless it ends already; an exit code other than 0 takes precedence."""
        self.exit_code = self.exit_code or exit_code
        if not self.reason.done():
            self.reason.set_result(reason)

    def begin_on_signals(self) -> None:
        """From now on, SIGTERM or SIGINT ends the server; a second one ends the process at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._handle, number)

    def _handle(self, number: int) -> None:
        if self.reason.done():
            os._exit(128 + number)
        self.begin(signal.Signals(number).name)


def reload_on_hangup(certificates: Certificates | None, *others: Callable[[], object]) -> None:
    """Read the certificate files again on SIGHUP; if there are no certificates, ignore the signal.

    Args:
        certificates: the certificates of the server.
        others: further functions that read the files again.
    """

    def reload() -> None:
        if certificates is None:
            return
        try:
            certificates.reload()
            for other in others:
                other()
            logger.info("new connections use the reloaded certificates")
        except StartupError as error:
            logger.error("cannot reload the certificates, so the old ones stay in use: %s", error)

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])  # one that came during the start counts


async def watch_over(ending: Ending, sessions: Sessions, parent: int | None) -> str:
    """Expire sessions until the server ends, also because the parent process is gone; return the reason.

    Args:
        ending: the end of the server.
        sessions: the open sessions.
        parent: the process that started this one; None if the server outlives it.
    """
    next_trim = time.monotonic() + TRIM_INTERVAL_S
    while not ending.reason.done():
        await asyncio.wait([ending.reason], timeout=POLL_INTERVAL_S)
        if time.monotonic() >= next_trim:
            next_trim = time.monotonic() + TRIM_INTERVAL_S
            _trim()
        sessions.expire()
        if parent is not None and os.getppid() != parent:
            ending.begin("the process that started this one is gone")
    return ending.reason.result()


def _trim() -> None:
    """Return freed memory that the C library still holds to the operating system, if the library can."""
    import ctypes  # not at the top: a short-lived process does not need it

    with suppress(AttributeError, OSError):  # only the GNU C library has malloc_trim
        ctypes.CDLL(None).malloc_trim(0)


def own_stdout() -> TextIO | None:
    """Return a stream to stdout for the READY line only, and redirect all other output to stderr."""
    if sys.stdout is None or sys.stderr is None:
        return sys.stdout
    sys.stdout.flush()
    own = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return own
