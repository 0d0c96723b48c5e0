"""The client's view of a watch, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any

import grpc
import grpc.aio

from varbridge.aio.caller import Caller, Stream
from varbridge.errors import BridgeError, IdleTimeoutError, from_rpc
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.update import Update
from varbridge.watch import REFUSAL_GRACE_S, interval_s_of


class Watch:
    """An open watch, which ends when it is closed or dropped; ``Session.watch`` opens one.

    Iterating yields each update once, waiting for the next one. At most one task iterates at a time.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._next: asyncio.Task[Any] | None = None  # goes on if a task that waits for it is cancelled
        self._closed = False
        self._ended: BridgeError | None = None
        self._over = False
        self.heartbeat_interval_s: float | None = None
        """The heartbeat interval that the bridge states, in seconds; None if it states none."""

    @classmethod
    async def open(cls, stream: Stream, timeout: float) -> Watch:
        """Return the watch of a streaming call once the bridge has confirmed it.

        Raises:
            BridgeError: the bridge refused the watch.
            TimeoutError: the bridge did not confirm the watch in time.
        """
        watch = cls(stream)
        try:
            async with asyncio.timeout(timeout):
                metadata = await stream.initial_metadata()
            watch.heartbeat_interval_s = interval_s_of(metadata)
            if not metadata:  # refused, or the bridge sends none
                await asyncio.wait([watch._reading()], timeout=REFUSAL_GRACE_S)
                if watch._reading().done():
                    await watch._raise_for_status()
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None
        except TimeoutError:
            watch._cancel()
            raise TimeoutError(f"the bridge did not confirm the watch within {timeout:g} s") from None
        except BaseException:
            watch._cancel()
            raise
        return watch

    @property
    def over(self) -> bool:
        """True if no more updates will come."""
        return self._over

    @property
    def ended(self) -> BridgeError | None:
        """The error with which the watch ended; None while it is open, and if it was closed."""
        return self._ended

    async def receive(self, timeout: float | None = None) -> Update | None:
        """Return the next update, or heartbeat; None if the watch is closed.

        Args:
            timeout: the longest wait, in seconds; None for no limit.

        Raises:
            BridgeError: the watch has ended.
            IdleTimeoutError: nothing was received in time; the watch stays open.
        """
        if not self._over:
            reading = self._reading()
            if not reading.done():
                await asyncio.wait([reading], timeout=timeout)
            if not reading.done():
                raise IdleTimeoutError(f"a watch received nothing for {timeout:g} s")
            self._next = None
            message = self._result(reading)
            if message is not None:
                return Update(message)
        if self._ended is not None:
            raise self._ended
        return None

    async def close(self) -> None:
        """Cancel the watch."""
        self._cancel()
        if self._next is not None:
            await asyncio.wait([self._next])

    def __aiter__(self) -> Watch:
        return self

    async def __anext__(self) -> Update:
        """Return the next update; if the watch ends with an error, raise it."""
        if (update := await self.receive()) is None:
            raise StopAsyncIteration
        return update

    async def __aenter__(self) -> Watch:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __del__(self) -> None:
        self._cancel()

    def _cancel(self) -> None:
        self._closed = True
        self._stream.cancel()

    def _reading(self) -> asyncio.Task[Any]:
        """Return the task that reads the next message, which does not refer to the watch."""
        if self._next is None:
            self._next = asyncio.ensure_future(_read(self._stream))
        return self._next

    async def _raise_for_status(self) -> None:
        """Raise the error of a call that has ended."""
        error = self._reading().exception() if not self._reading().cancelled() else None
        if error is not None:
            raise error

    def _result(self, reading: asyncio.Task[Any]) -> Any:
        """Return the message that was read; None at the end of the watch, which is recorded."""
        if not reading.cancelled():
            error = reading.exception()
            if error is None and reading.result() is not grpc.aio.EOF:
                return reading.result()
            if isinstance(error, grpc.aio.AioRpcError) and not self._closed:
                self._ended = from_rpc(error)
            elif error is not None and not self._closed:
                raise error
        elif not self._closed:
            self._ended = BridgeError(grpc.StatusCode.CANCELLED, "the connection is closed")
        self._over = True
        return None


class OpeningWatch:
    """A watch that is about to be opened: ``async with`` opens and closes it, ``await`` returns it open."""

    def __init__(self, caller: Caller, request: pb.WatchVariablesRequest, timeout: float) -> None:
        self._caller = caller
        self._request = request
        self._timeout = timeout
        self._watch: Watch | None = None

    def __await__(self) -> Generator[Any, Any, Watch]:
        return self._open().__await__()

    async def __aenter__(self) -> Watch:
        self._watch = await self._open()
        return self._watch

    async def __aexit__(self, *_: object) -> None:
        if self._watch is not None:
            await self._watch.close()

    async def _open(self) -> Watch:
        return await Watch.open(self._caller.stream("WatchVariables", self._request), self._timeout)


async def _read(stream: Stream) -> Any:
    return await stream.read()
