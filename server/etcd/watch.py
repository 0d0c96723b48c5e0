"""A watch that survives its connection, its member, and the member's leader."""

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

OPENING = 3.0
"""Seconds that a member may take to put a watch in place."""

PROGRESS = 1.5
"""Seconds of silence after which a member is asked whether it is there. Its answer also keeps the pings of
the connection (``members.KEEPALIVE``) from being needed, and from being taken for an attack."""

SILENCE = 5.0
"""Seconds of silence after which a member counts as gone."""

BACKOFF = (0.02, 1.0)
"""Seconds between two attempts: at first, and at most. Where a watch has told something, it begins anew."""

_DENIED = "permission denied"

# A member that is cut off from its leader ends the stream, where it would else have nothing to tell.
_HAS_LEADER = ("hasleader", "true")


async def watch(
    members: Members, prefix: bytes, *, after: int, connected: Callable[[bool], object] | None = None
) -> AsyncGenerator[Sequence[rpc.Event], None]:
    """Yield the changes of all keys that begin with ``prefix``, from revision ``after`` + 1 on.

    They come in order, each once, and those of one revision together, in one batch or in a larger one. Close
    the generator (``contextlib.aclosing``) to end the watch.

    Args:
        members: where the watch is opened, and opened again.
        prefix: of the keys.
        after: the revision of which everything is known.
        connected: called with True whenever the watch is in place, and with False when it no longer is.

    Raises:
        CompactedError: some of what is asked for is forgotten; its ``revision`` can still be read.
        RefusedError: etcd does not let us watch these keys.
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
            if stream.in_place and connected is not None:
                connected(False)
        first, most = BACKOFF
        if stream.age() > most:
            attempts = 0
        await asyncio.sleep(min(first * 2.0 ** min(attempts, 10), most) * random.uniform(0.5, 1.0))
        attempts += 1


class _BrokenStreamError(Exception):
    """The stream has ended; another one may do better."""


class _DeniedError(Exception):
    """The watch is not allowed; or its token is not known, of which etcd 3.4 says the same."""


class _Stream:
    """One watch at one member, for as long as it lasts.

    Args:
        members: know the token.
        member: where it is.
        prefix: of the keys.
        after: events of later revisions are wanted.
    """

    def __init__(self, members: Members, member: Member, prefix: bytes, after: int) -> None:
        self._members = members
        self._member = member
        self._prefix = prefix
        self._after = after
        self._loop = asyncio.get_running_loop()
        self._call: Any = None
        self._metadata: Metadata = ()
        self._guard: asyncio.Task[None] | None = None
        self._opened: float | None = None
        self._waiting: float | None = None  # since when, for the next response; None while nobody asks for it
        self._silent = False

    @property
    def in_place(self) -> bool:
        """Whether it ever was."""
        return self._opened is not None

    def age(self) -> float:
        """Seconds since it was in place; 0 where it never was."""
        return 0.0 if self._opened is None else self._loop.time() - self._opened

    async def open(self) -> None:
        """Put it in place. Raises _Broken, _Denied, Refused or Compacted."""
        create = rpc.WatchCreateRequest(
            key=self._prefix,
            range_end=prefix_end(self._prefix),
            start_revision=self._after + 1,
            progress_notify=True,
            fragment=True,
        )
        try:
            async with asyncio.timeout(OPENING):
                self._metadata = await self._members.metadata(self._member, OPENING)
                self._call = self._member.channel.stream_stream(
                    "/etcdserverpb.Watch/Watch",
                    request_serializer=rpc.WatchRequest.SerializeToString,
                    response_deserializer=rpc.WatchResponse.FromString,
                )(metadata=(*self._metadata, _HAS_LEADER))
                await self._call.write(rpc.WatchRequest(create_request=create))
                self._check(await self._call.read())
        except TimeoutError:
            raise _BrokenStreamError(f"no watch was in place within {OPENING:g} s") from None
        except (aio.AioRpcError, asyncio.InvalidStateError) as error:
            self._fail(error)
        self._opened = self._loop.time()
        self._guard = asyncio.create_task(self._stand_guard())

    async def next(self) -> tuple[int, Sequence[rpc.Event]]:
        """Return the next events, if there are any, and the revision up to which that is all.

        Raises _Broken, _Denied, Refused or Compacted.
        """
        events: list[rpc.Event] = []
        while True:
            response = await self._read()
            events.extend(response.events)
            if response.fragment:
                continue
            if events:
                # Not the header's revision: a member that catches up tells a thousand revisions at a time,
                # under a header that is ahead of them all.
                self._after = events[-1].kv.mod_revision
                return self._after, events
            if response.watch_id >= 0:
                # A notification, which a member sends when it has told everything before. What answers our
                # questions (its watch_id is -1) does not promise that, in etcd before 3.4.25 and 3.5.8.
                self._after = max(self._after, response.header.revision)
                return self._after, ()

    def close(self) -> None:
        """End it."""
        if self._guard is not None:
            self._guard.cancel()
        if self._call is not None:
            self._call.cancel()

    async def _read(self) -> rpc.WatchResponse:
        self._waiting = self._loop.time()
        try:
            return self._check(await self._call.read())
        except aio.AioRpcError as error:
            self._fail(error)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._silent and task is not None and not task.cancelling():
                raise _BrokenStreamError(f"silent for {SILENCE:g} s") from None
            raise
        finally:
            self._waiting = None

    def _check(self, response: Any) -> rpc.WatchResponse:
        """A response, unless it is the end."""
        if response is aio.EOF:
            raise _BrokenStreamError("the stream ended")
        if response.canceled:
            if response.compact_revision:
                raise CompactedError(response.compact_revision)
            self._end(response.cancel_reason)
        answer: rpc.WatchResponse = response
        return answer

    def _fail(self, error: aio.AioRpcError | asyncio.InvalidStateError) -> NoReturn:
        if isinstance(error, asyncio.InvalidStateError):  # of a write after the end
            raise _BrokenStreamError("the stream ended") from None
        if not stale(error.details()) and (known := lasting(error)):
            raise known from None
        self._end(described(error))

    def _end(self, reason: str) -> NoReturn:
        if stale(reason) or _DENIED in reason:
            self._members.forget(self._metadata)
            raise _DeniedError(reason) from None
        raise _BrokenStreamError(reason or "the member ended it") from None

    async def _stand_guard(self) -> None:
        """Ask a member that is silent whether it is there, and give it up where it stays silent.

        Only the time counts in which somebody waits for it: a slow reader is not the member's fault.
        """
        question = rpc.WatchRequest(progress_request=rpc.WatchProgressRequest())
        while True:
            await asyncio.sleep(PROGRESS / 3)
            silence = 0.0 if self._waiting is None else self._loop.time() - self._waiting
            try:
                if silence >= SILENCE:
                    raise TimeoutError
                if silence >= PROGRESS:
                    async with asyncio.timeout(SILENCE - silence):
                        await self._call.write(question)
            except TimeoutError:
                self._silent = True
                self._call.cancel()
                return
            except (aio.AioRpcError, asyncio.InvalidStateError):
                return  # it has ended, as whoever reads will find
