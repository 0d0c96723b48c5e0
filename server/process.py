"""The server's process and the operating system: signals, the parent process, freed memory and stdout."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
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


def reload_on_hangup(certificates: Certificates | None) -> None:
    """Read the certificate files again on SIGHUP; if there are no certificates, ignore the signal."""

    def reload() -> None:
        if certificates is None:
            return
        try:
            certificates.reload()
            logger.info("new connections use the reloaded certificates")
        except StartupError as error:
            logger.error("cannot reload the certificates, so the old ones stay in use: %s", error)

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)


def stop_signal() -> asyncio.Future[str]:
    """Return a future that the first SIGTERM or SIGINT resolves; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[str] = loop.create_future()

    def handle(number: int) -> None:
        if stop.done():
            os._exit(128 + number)
        stop.set_result(signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, handle, number)
    return stop


async def watch_over(stop: asyncio.Future[str], sessions: Sessions, parent: int) -> str:
    """Expire sessions until ``stop`` is resolved or the parent process is gone; return the reason to end."""
    next_trim = time.monotonic() + TRIM_INTERVAL_S
    while not stop.done():
        await asyncio.wait([stop], timeout=POLL_INTERVAL_S)
        if time.monotonic() >= next_trim:
            next_trim = time.monotonic() + TRIM_INTERVAL_S
            _trim()
        sessions.expire()
        if os.getppid() != parent:
            return "the process that started this one is gone"
    return stop.result()


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
