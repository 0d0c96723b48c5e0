"""What the system tells the process, and what it gets back: signals, a parent that is gone, freed memory."""

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

TRIM_INTERVAL = 10.0
"""Seconds between two times that freed memory is given back."""

LOOK_INTERVAL = 0.2
"""Seconds between two looks at what no event tells: expired sessions, a parent that is gone."""


def reload_on_hangup(certificates: Certificates | None) -> None:
    """On SIGHUP, read the certificates anew; a server without any goes on as well."""

    def reload() -> None:
        if certificates is None:
            return
        try:
            certificates.reload()
            logger.info("new connections get the certificates that the files hold now")
        except StartupError as error:
            logger.error("the old certificates go on: %s", error)

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)


def stop_signal() -> asyncio.Future[str]:
    """A future that the first signal to stop resolves; a second signal ends the process at once."""
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[str] = loop.create_future()

    def signalled(number: int) -> None:
        if stop.done():
            os._exit(128 + number)
        stop.set_result(signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signalled, number)
    return stop


async def watch_over(stop: asyncio.Future[str], sessions: Sessions, parent: int) -> str:
    """Expire sessions until there is a reason to end; return it."""
    trim = time.monotonic() + TRIM_INTERVAL
    while not stop.done():
        await asyncio.wait([stop], timeout=LOOK_INTERVAL)
        if time.monotonic() >= trim:
            trim = time.monotonic() + TRIM_INTERVAL
            _trim()
        sessions.expire()
        if os.getppid() != parent:
            return "the process that started this one is gone"
    return stop.result()


def _trim() -> None:
    """Give back to the system what the C library keeps of memory that was freed, where it can be told to."""
    import ctypes  # only here, as above

    with suppress(AttributeError, OSError):  # another C library than GNU's
        ctypes.CDLL(None).malloc_trim(0)


def own_stdout() -> TextIO | None:
    """Stdout, for the READY line alone: what tools and their modules print goes to stderr from now on."""
    if sys.stdout is None or sys.stderr is None:
        return sys.stdout
    sys.stdout.flush()
    own = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    return own
