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
"""The timeout of a read at one member of etcd, before the next member is asked, in seconds. It doubles after
each round of all members, since a large answer may need the time."""

RETRY_BACKOFF_S = (0.02, 0.2)
"""The first and the longest pause between two rounds of reads, in seconds."""


Reply = TypeVar("Reply", bound=Message)


class Etcd:
    """A client of etcd, which may be used on one event loop only.

    Args:
        address: the addresses of etcd's members, with credentials and options.
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
        """Read a key or a range of keys; the read is linearizable.

        Args:
            key: the key, or the first key of a range.
            end: the end of the range, exclusive; None for a single key.
            limit: the maximum number of keys; 0 for all.
            revision: the revision at which to read; 0 for the current one.
            keys_only: True to omit the values.
            count_only: True to return only the number of keys.
            oldest_first: True to sort by the revision of the last write, ascending, not by name.
            newest_first: True to sort by the revision of the last write, descending.
            timeout: the time in which one of the members must answer, in seconds.

        Raises:
            NoAnswerError: no member answered in time.
            CompactedError: ``revision`` has been compacted.
            RefusedError: etcd refused the read.
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
        """Run ``success`` atomically if all conditions in ``compare`` hold, else ``failure``.

        The transaction is sent once. A caller that sends it again needs conditions that keep it from being
        applied twice; another member is asked then.

        Args:
            compare: the conditions.
            success: the operations if all conditions hold.
            failure: the operations if a condition does not hold.
            timeout: the timeout, in seconds.

        Raises:
            NoAnswerError: the transaction may or may not have been applied.
            RefusedError: the transaction was not applied, unless ``perhaps_applied`` is True.
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
        """Compact all revisions before ``revision``; do nothing if they are compacted already.

        Raises:
            NoAnswerError: the revisions may or may not have been compacted.
            RefusedError: etcd refused, for example because the revision does not exist yet.
        """
        request = rpc.CompactionRequest(revision=revision)
        with suppress(CompactedError):
            await self._ask("KV/Compact", request, rpc.CompactionResponse, timeout)

    def watch(
        self, prefix: bytes, *, after: int, connected: Callable[[bool], object] | None = None
    ) -> AsyncGenerator[Sequence[rpc.Event], None]:
        """Yield the changes of all keys with a prefix after revision ``after``; see ``watch.watch``."""
        return watch(self._members, prefix, after=after, connected=connected)

    async def close(self) -> None:
        """Close all connections. No call may be in progress."""
        await self._members.close()

    async def _ask(self, method: str, request: Message, reply: type[Reply], timeout: float) -> Reply:
        """Make a call that is safe to repeat, at one member after another until one answers."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        members = self._members
        attempt = 0
        while (left := deadline - loop.time()) > 0:
            member = members.current
            rounds, place = divmod(attempt, len(members))
            try:
                attempt_timeout = min(left, ATTEMPT_TIMEOUT_S * 2.0 ** min(rounds, 10))
                answer: Reply = await members.call(member, method, request, reply, attempt_timeout)
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
        raise NoAnswerError(f"no member of etcd answered within {timeout:g} s: {members.last_errors()}")
