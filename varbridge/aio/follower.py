"""A watch that reconnects and resumes, for asyncio."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import grpc

from varbridge.aio.caller import Caller
from varbridge.aio.session import Session
from varbridge.aio.watch import Watch
from varbridge.errors import BridgeError, IdleTimeoutError
from varbridge.resumption import Opening, Resumption, Silence, ended_without_error
from varbridge.update import Update
from varbridge.watch import logger


class Follower:
    """A follower of variables of a session, which watches them as long as it can do so without a gap.

    It behaves as ``varbridge.Follower``, and takes the same arguments but for the callbacks. ``async with``
    opens its first watch, or else the iteration does; at most one task iterates at a time.

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
        backoff: float = 0.02,
        max_backoff: float = 2.0,
        patience: float | None = None,
        silence: Silence = "auto",
    ) -> None:
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
        self._own: Caller | None = None  # the connection, if it is not the session's
        self._closed = asyncio.Event()
        self._error: BridgeError | None = None
        self._watch: Watch | None = None

    async def close(self) -> None:
        """Close the follower and its watch immediately."""
        self._closed.set()
        if self._watch is not None:
            await self._watch.close()
        if self._own is not None:
            await self._own.close()

    def __aiter__(self) -> Follower:
        return self

    async def __anext__(self) -> Update:
        """Return the next update; heartbeats are omitted.

        If the iteration is too slow, back-pressure stops the bridge; the follower ends with OUT_OF_RANGE
        when the change log no longer has the next update.

        Raises:
            BridgeError: the follower cannot resume, or had no connection for longer than ``patience``.
        """
        if (update := await self._receive()) is None:
            raise StopAsyncIteration
        return update

    async def __aenter__(self) -> Follower:
        if self._watch is None:
            self._watch = await self._open(self._resumption.first())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _receive(self) -> Update | None:
        """Return the next update to deliver, of this watch or a later one; None if the follower is closed."""
        if self._watch is None and not self._closed.is_set():
            self._watch = await self._open(self._resumption.first())
        while self._watch is not None and self._error is None and not self._closed.is_set():
            ended = ended_without_error()
            try:
                silence = self._resumption.silence_s(self._watch.heartbeat_interval_s)
                while (update := await self._watch.receive(silence)) is not None:
                    if self._resumption.delivers(update):
                        return update
            except IdleTimeoutError as error:
                ended = BridgeError(grpc.StatusCode.UNAVAILABLE, str(error))
                await self._watch.close()
                await self._change_connection()
            except BridgeError as error:
                ended = error
            await self._resume(ended)
        if self._error is not None:
            raise self._error
        return None

    async def _resume(self, ended: BridgeError) -> None:
        """Open the next watch, with retries, unless the follower is closed or cannot continue."""
        while not self._closed.is_set():
            try:
                pause = self._resumption.pause_after(ended)
            except BridgeError as error:
                self._error = error
                await self.close()
                return
            logger.info("a follower resumes in %g s, since its watch ended: %s", pause, ended)
            if self._own is None:
                await self._change_connection()
            started = time.monotonic()
            await self._wait_until_closed(pause)
            try:
                self._watch = await self._open(self._resumption.next())
                if self._closed.is_set():  # close() may have closed the previous watch
                    await self._watch.close()
                return
            except BridgeError as error:
                ended = error
            except TimeoutError as error:  # the bridge hangs, or the connection is dead
                ended = BridgeError(grpc.StatusCode.UNAVAILABLE, str(error))
                await self._change_connection()
            finally:
                self._resumption.waited(time.monotonic() - started)

    async def _wait_until_closed(self, seconds: float) -> None:
        waiting: asyncio.Task[Any] = asyncio.ensure_future(self._closed.wait())
        await asyncio.wait([waiting], timeout=seconds)
        waiting.cancel()

    async def _change_connection(self) -> None:
        """Use a connection of the follower's own from now on; see ``varbridge.Follower``."""
        before, self._own = self._own, self._session.connection.another()
        self._session = Session(self._own, self._session.id)
        if before is not None:
            await before.close()

    async def _open(self, opening: Opening) -> Watch:
        return await self._session.watch(
            *self._identifiers, initial=opening.initial, resume_after=opening.resume_after
        )
