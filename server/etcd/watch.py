"""A watch of keys in etcd that survives the loss of its connection, of its member, and of etcd's leader."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, NoReturn

import grpc
from grpc import aio

from . import rpc_pb2 as rpc
from .errors import CompactedError, RefusedError, described, lasting, stale
from .members import Member, Members, Metadata
from .operations import prefix_end

OPEN_TIMEOUT_S = 3.0
"""The time that a member of etcd has to open a watch before another one is asked, in seconds."""

PROGRESS_INTERVAL_S = 1.5
"""The time without data after which a member is asked for a progress notification, in seconds. The answer
also makes pings (``members.KEEPALIVE_MS``) unnecessary, which etcd might take for an attack."""

SILENCE_TIMEOUT_S = 5.0
"""The time without data after which a member counts as gone and another one is asked, in seconds."""

RETRY_BACKOFF_S = (0.02, 1.0)
"""The first and the longest pause between two attempts to open a watch, in seconds. Received events reset the
pause to the first one."""

_DENIED = "permission denied"

# With this, a member that has lost its leader ends the stream; otherwise the stream would only stay silent.
_HAS_LEADER = ("hasleader", "true")


async def watch(
    members: Members, prefix: bytes, *, after: int, connected: Callable[[bool], object] | None = None
) -> AsyncGenerator[Sequence[rpc.Event], None]:
    """Yield the changes of all keys with a prefix, from revision ``after`` + 1 on.

    The changes come in order, each once; those of one revision come in the same batch. Close the generator
    (``contextlib.aclosing``) to end the watch.

    Args:
        members: the members at which the watch is opened, and opened again.
        prefix: the prefix of the keys.
        after: the revision after which changes are yielded.
        connected: the callback that gets True whenever the watch has been opened, and False when it is lost.

    Raises:
        CompactedError: the revision after ``after`` has been compacted; the error's ``revision`` is still
            available.
        RefusedError: etcd does not permit to watch these keys.
    """
    attempts = denials = 0
    while True:
        member = members.current
        stream = _Stream(members, member, prefix, after)
        try:
            await stream.open()
            if connected is not None:
                connected(True)
            while True:
                after, events = await stream.next()
                attempts = denials = 0
                if events:
                    yield events
        except _DeniedError as denied:
            denials += 1
            if denials > 1:
                raise RefusedError(
                    grpc.StatusCode.PERMISSION_DENIED, f"{denied}, to watch {prefix!r}"
                ) from None
            continue  # with a new token
        except _BrokenStreamError as broken:
            members.failed(member, str(broken))
        finally:
            stream.close()
            if stream.was_opened and connected is not None:
                connected(False)
        first, longest = RETRY_BACKOFF_S
        if stream.age() > longest:
            attempts = 0
        await asyncio.sleep(min(first * 2.0 ** min(attempts, 10), longest) * random.uniform(0.5, 1.0))
        attempts += 1


class _BrokenStreamError(Exception):
    """The stream of a watch has ended; another stream may succeed."""


class _DeniedError(Exception):
    """The watch is not permitted, or its token is not valid: etcd 3.4 reports both in the same way."""


class _Stream:
    """One stream of a watch, from one member of etcd.

    Args:
        members: the members of etcd, which also provide the token.
        member: the member at which the watch is opened.
        prefix: the prefix of the keys.
        after: the revision after which events are sent.
    """

    def __init__(self, members: Members, member: Member, prefix: bytes, after: int) -> None:
        self._members = members
        self._member = member
        self._prefix = prefix
        self._after = after
        self._loop = asyncio.get_running_loop()
        self._call: Any = None
        self._metadata: Metadata = ()
        self._monitor: asyncio.Task[None] | None = None
        self._opened: float | None = None
        self._waiting_since: float | None = (
            None  # the start of the wait for a response; None while none waits
        )
        self._silent = False

    @property
    def was_opened(self) -> bool:
        """True if the member has opened the watch."""
        return self._opened is not None

    def age(self) -> float:
        """Return the seconds since the watch was opened; 0 if it was not."""
        return 0.0 if self._opened is None else self._loop.time() - self._opened

    async def open(self) -> None:
        """Open the watch; raise an error as ``next`` does if that fails."""
        create = rpc.WatchCreateRequest(
            key=self._prefix,
            range_end=prefix_end(self._prefix),
            start_revision=self._after + 1,
            progress_notify=True,
            fragment=True,
        )
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                self._metadata = await self._members.metadata(self._member, OPEN_TIMEOUT_S)
                self._call = self._member.channel.stream_stream(
                    "/etcdserverpb.Watch/Watch",
                    request_serializer=rpc.WatchRequest.SerializeToString,
                    response_deserializer=rpc.WatchResponse.FromString,
                )(metadata=(*self._metadata, _HAS_LEADER))
                await self._call.write(rpc.WatchRequest(create_request=create))
                self._check(await self._call.read())
        except TimeoutError:
            raise _BrokenStreamError(f"the watch was not opened within {OPEN_TIMEOUT_S:g} s") from None
        except (aio.AioRpcError, asyncio.InvalidStateError) as error:
            self._fail(error)
        self._opened = self._loop.time()
        self._monitor = asyncio.create_task(self._detect_silence())

    async def next(self) -> tuple[int, Sequence[rpc.Event]]:
        """Return the next events, possibly none, and the revision up to which all events have been returned.

        Raises:
            _BrokenStreamError, _DeniedError: the stream has ended; another one may succeed.
            RefusedError, CompactedError: the watch cannot be continued.
        """
        events: list[rpc.Event] = []
        while True:
            response = await self._read()
            events.extend(response.events)
            if response.fragment:
                continue
            if events:
                # Not the header's revision: a member that catches up sends a thousand revisions at a time,
                # and the header has a later one.
                self._after = events[-1].kv.mod_revision
                return self._after, events
            if response.watch_id >= 0:
                # A progress notification, which a member sends only after all earlier events. An answer to a
                # request for one (its watch_id is -1) may come earlier, in etcd before 3.4.25 and 3.5.8.
                self._after = max(self._after, response.header.revision)
                return self._after, ()

    def close(self) -> None:
        """End the stream."""
        if self._monitor is not None:
            self._monitor.cancel()
        if self._call is not None:
            self._call.cancel()

    async def _read(self) -> rpc.WatchResponse:
        self._waiting_since = self._loop.time()
        try:
            return self._check(await self._call.read())
        except aio.AioRpcError as error:
            self._fail(error)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._silent and task is not None and not task.cancelling():
                raise _BrokenStreamError(f"the member sent no data for {SILENCE_TIMEOUT_S:g} s") from None
            raise
        finally:
            self._waiting_since = None

    def _check(self, response: Any) -> rpc.WatchResponse:
        """Return a response as it is; raise an error if it ends the watch."""
        if response is aio.EOF:
            raise _BrokenStreamError("the stream ended")
        if response.canceled:
            if response.compact_revision:
                raise CompactedError(response.compact_revision)
            self._end(response.cancel_reason)
        answer: rpc.WatchResponse = response
        return answer

    def _fail(self, error: aio.AioRpcError | asyncio.InvalidStateError) -> NoReturn:
        if isinstance(error, asyncio.InvalidStateError):  # raised by a write after the end
            raise _BrokenStreamError("the stream ended") from None
        if not stale(error.details()) and (known := lasting(error)):
            raise known from None
        self._end(described(error))

    def _end(self, reason: str) -> NoReturn:
        if stale(reason) or _DENIED in reason:
            self._members.forget(self._metadata)
            raise _DeniedError(reason) from None
        raise _BrokenStreamError(reason or "the member ended the watch") from None

    async def _detect_silence(self) -> None:
        """Ask a silent member for a progress notification, and cancel the stream if it stays silent.

        Only the time during which the reader waits counts: a slow reader does not make a member silent.
        """
        request = rpc.WatchRequest(progress_request=rpc.WatchProgressRequest())
        while True:
            await asyncio.sleep(PROGRESS_INTERVAL_S / 3)
            silence = 0.0 if self._waiting_since is None else self._loop.time() - self._waiting_since
            try:
                if silence >= SILENCE_TIMEOUT_S:
                    raise TimeoutError
                if silence >= PROGRESS_INTERVAL_S:
                    async with asyncio.timeout(SILENCE_TIMEOUT_S - silence):
                        await self._call.write(request)
            except TimeoutError:
                self._silent = True
                self._call.cancel()
                return
            except (aio.AioRpcError, asyncio.InvalidStateError):
                return  # the stream has ended, which the reader will find as well
