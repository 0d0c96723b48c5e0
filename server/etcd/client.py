"""The client of etcd: reads, transactions, compaction, and watches."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from google.protobuf.message import Message
from grpc import aio

from . import rpc_pb2 as rpc
from .address import Address
from .errors import CompactedError, NoAnswerError, described, lasting
from .members import Members
from .watch import watch

ATTEMPT_TIMEOUT_S = 1.0
"""Seconds that a member has for a read, before the next one is asked; twice as many in each further round,
since a long answer may take them."""

RETRY_BACKOFF_S = (0.02, 0.2)
"""Seconds between two rounds of reads that failed at once: at first, and at most."""


Reply = TypeVar("Reply", bound=Message)


class Etcd:
    """A client of etcd. Made and used on one event loop.

    Args:
        address: of its members.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._members = Members(address)

    async def range(
        self,
        key: bytes,
        end: bytes | None = None,
        *,
        limit: int = 0,
        revision: int = 0,
        keys_only: bool = False,
        count_only: bool = False,
        oldest_first: bool = False,
        newest_first: bool = False,
        timeout: float,
    ) -> rpc.RangeResponse:
        """Read what is there after all that was answered before (linearizable).

        Args:
            key: the key, or the first one.
            end: where there are many, the first one that is no longer meant.
            limit: at most so many; 0 for all.
            revision: as of then; 0 for now.
            keys_only: leave the values out.
            count_only: count them.
            oldest_first: sorted by the revision that wrote them last, not by name.
            newest_first: the other way round.
            timeout: seconds; other members are asked until then.

        Raises:
            NoAnswerError: no member answered in time.
            CompactedError: what was there at ``revision`` is forgotten.
            RefusedError: etcd refused.
        """
        request = rpc.RangeRequest(
            key=key,
            range_end=end or b"",
            limit=limit,
            revision=revision,
            keys_only=keys_only,
            count_only=count_only,
        )
        if oldest_first or newest_first:
            request.sort_target = rpc.RangeRequest.MOD
            request.sort_order = rpc.RangeRequest.DESCEND if newest_first else rpc.RangeRequest.ASCEND
        reply: rpc.RangeResponse = await self._ask("KV/Range", request, rpc.RangeResponse, timeout)
        return reply

    async def txn(
        self,
        compare: Sequence[rpc.Compare],
        success: Sequence[rpc.RequestOp],
        failure: Sequence[rpc.RequestOp] = (),
        *,
        timeout: float,
    ) -> rpc.TxnResponse:
        """Do ``success`` where all of ``compare`` holds, else ``failure``: all of it, or nothing.

        It is sent once. Whoever sends it again must have guarded it, so that it cannot be done twice; another
        member is asked then.

        Args:
            compare: the conditions.
            success: what to do where they hold.
            failure: what to do where they do not.
            timeout: seconds.

        Raises:
            NoAnswerError: it may or may not have been done.
            RefusedError: it was not done, unless ``perhaps_applied`` says so.
        """
        request = rpc.TxnRequest(compare=compare, success=success, failure=failure)
        member = self._members.current
        try:
            reply: rpc.TxnResponse = await self._members.call(
                member, "KV/Txn", request, rpc.TxnResponse, timeout
            )
        except aio.AioRpcError as error:
            if known := lasting(error):
                raise known from None
            self._members.failed(member, described(error))
            raise NoAnswerError(f"{member.endpoint}: {described(error)}") from None
        return reply

    async def compact(self, revision: int, *, timeout: float = 5.0) -> None:
        """Forget what was before a revision, which can be read itself; nothing happens where that is done.

        Raises:
            NoAnswerError: it may or may not have been done.
            RefusedError: etcd refused; the revision is still to come, for example.
        """
        request = rpc.CompactionRequest(revision=revision)
        with suppress(CompactedError):
            await self._ask("KV/Compact", request, rpc.CompactionResponse, timeout)

    def watch(
        self, prefix: bytes, *, after: int, connected: Callable[[bool], object] | None = None
    ) -> AsyncGenerator[Sequence[rpc.Event], None]:
        """The changes of all keys that begin with ``prefix``; see ``watch.watch``."""
        return watch(self._members, prefix, after=after, connected=connected)

    async def close(self) -> None:
        """Close all connections. No call may be under way."""
        await self._members.close()

    async def _ask(self, method: str, request: Message, reply: type[Reply], timeout: float) -> Reply:
        """Make a call that may be repeated, at one member after the other."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        members = self._members
        attempt = 0
        while (left := deadline - loop.time()) > 0:
            member = members.current
            rounds, place = divmod(attempt, len(members))
            try:
                patience = min(left, ATTEMPT_TIMEOUT_S * 2.0 ** min(rounds, 10))
                answer: Reply = await members.call(member, method, request, reply, patience)
            except aio.AioRpcError as error:
                if known := lasting(error):
                    raise known from None
                members.failed(member, described(error))
            else:
                return answer
            attempt += 1
            if place == len(members) - 1:
                pause = min(RETRY_BACKOFF_S[0] * 2.0 ** min(rounds, 10), RETRY_BACKOFF_S[1]) * random.uniform(
                    0.5, 1.0
                )
                await asyncio.sleep(min(pause, max(0.0, deadline - loop.time())))
        raise NoAnswerError(f"no member of etcd answered within {timeout:g} s: {members.troubles()}")
