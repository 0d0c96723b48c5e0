"""The store that keeps the sessions of this bridge in etcd."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Callable, Sequence

from ...core.errors import RefusalError, UnavailableError
from ...etcd import rpc_pb2 as rpc
from ...etcd.client import Etcd
from ...etcd.operations import delete, get, mod_is, prefix_end, put
from ..records import Ended, Record, SessionState, StoreContent
from ..store import OnFailure
from .chunking import join, whole
from .keys import Keys
from .loader import read_state
from .pipeline import Pipeline

PAGE = 200
"""Keys that are read at a time, at first. For each page etcd counts all that follows: so the pages grow."""

MAX_PAGE_BYTES = 4 * 2**20
"""Bytes of a page above which the next is not larger."""

READ_TIMEOUT_S = 5.0
"""Seconds that one page may take."""

CLOSE_TIMEOUT_S = 3.0
"""Seconds that what was written may take to be kept when the server ends."""


class EtcdStore:
    """See ``storage.store.Store``. It has the state of the sessions that this bridge owns, and of no others.

    Args:
        etcd: the cluster.
        keys: of the cluster.
        lose: called with a session's id and the reason when nothing more of it can be kept here.
        failpoint: one of ``config.FAILPOINTS``, or "" for none.
    """

    durable = True

    def __init__(
        self, etcd: Etcd, keys: Keys, lose: Callable[[str, RefusalError], object], failpoint: str = ""
    ) -> None:
        self._etcd = etcd
        self._keys = keys
        self._lose = lose
        self._failpoint = failpoint
        self.pipelines: dict[str, Pipeline] = {}
        """Of the sessions that this bridge owns, by id."""
        self.ended: set[str] = set()
        """Of these, those that have ended and were not looked at since."""

    def load(self) -> StoreContent:
        return StoreContent()  # a bridge owns nothing when it begins

    def read(self, session_id: str) -> SessionState | None:
        return None  # what could not be kept is lost here, and taken anew from etcd

    def write(self, record: Record, publish: Callable[[], object]) -> None:
        pipeline = self.pipelines.get(record.session_id)
        if pipeline is None:
            raise UnavailableError("another bridge has the session now: call again")
        if isinstance(record, Ended):
            self.ended.add(record.session_id)
        pipeline.write(record, publish)

    def flushed(self, session_id: str) -> Future[None] | None:
        pipeline = self.pipelines.get(session_id)
        return None if pipeline is None else pipeline.flushed()

    def on_failure(self, notify: OnFailure) -> None:
        pass  # a session of which something cannot be kept is lost as a whole

    async def close(self) -> None:
        flushing = [asyncio.ensure_future(one.flush()) for one in self.pipelines.values()]
        if flushing:
            await asyncio.wait(flushing, timeout=CLOSE_TIMEOUT_S)
        gone = UnavailableError("the server is shutting down")
        for pipeline in self.pipelines.values():
            pipeline.close(gone)
        self.pipelines.clear()

    async def take(self, session_id: str, bridge_id: str, free: Sequence[rpc.Compare]) -> StoreContent | None:
        """Own a session, and read what is kept of it.

        Args:
            session_id: which.
            bridge_id: of this bridge's life.
            free: what must be so, so that it may be taken.

        Returns:
            None where it may not.

        Raises:
            NoAnswerError: it may have been taken, or not.
            RefusedError: etcd does not take it.
        """
        keys = self._keys
        owner = keys.owner(session_id)
        reply = await self._etcd.txn(
            free,
            [
                put(owner, bridge_id.encode()),
                get(keys.last(session_id)),
                get(keys.ended(session_id)),
                get(keys.min_next_sequence),
            ],
            timeout=READ_TIMEOUT_S,
        )
        if not reply.succeeded:
            return None
        last, ended, min_next_sequence = (_only(one.response_range.kvs) for one in reply.responses[1:])
        pipeline = Pipeline(
            self._etcd,
            keys,
            session_id,
            reply.header.revision,
            last.mod_revision,
            self._lost,
            self._failpoint,
        )
        state = await self._read(session_id, pipeline)
        kept = StoreContent(min_next_sequence=int(min_next_sequence.value or 0))
        if state is not None:
            kept.sessions.append(state)
        elif ended.value:
            kept.ended[session_id] = int(whole(ended.value))
        elif kept.min_next_sequence:
            kept.ended[session_id] = kept.min_next_sequence - 1
        self.pipelines[session_id] = pipeline
        self.ended.add(session_id)
        pipeline.start()
        return kept

    async def give_up(self, session_id: str) -> None:
        """Own a session no more that is not open.

        Raises:
            NoAnswerError: it may be given up, or not.
        """
        pipeline = self.pipelines.pop(session_id)
        owner = self._keys.owner(session_id)
        await self._etcd.txn(
            [mod_is(owner, pipeline.incarnation)],
            [delete(owner), delete(self._keys.last(session_id))],
            timeout=READ_TIMEOUT_S,
        )

    def forget(self, session_id: str, reason: RefusalError) -> None:
        """Keep nothing more of a session."""
        if (pipeline := self.pipelines.pop(session_id, None)) is not None:
            pipeline.close(reason)

    def _lost(self, session_id: str, reason: RefusalError) -> None:
        self.pipelines.pop(session_id, None)
        self._lose(session_id, reason)

    async def _read(self, session_id: str, pipeline: Pipeline) -> SessionState | None:
        keys = self._keys.state(session_id)
        found: list[tuple[bytes, bytes]] = []
        start, end, limit = keys.prefix, prefix_end(keys.prefix), PAGE
        while True:
            page = await self._etcd.range(start, end, limit=limit, timeout=READ_TIMEOUT_S)
            found += ((one.key, one.value) for one in page.kvs)
            if not page.more:
                break
            start = page.kvs[-1].key + b"\0"
            size = page.ByteSize()
            limit = (
                limit * 4 if size < MAX_PAGE_BYTES // 4 else max(PAGE, limit * MAX_PAGE_BYTES // (4 * size))
            )

        def read() -> SessionState | None:
            stray: list[bytes] = []
            values = join(keys, found, pipeline.parts, stray)
            state = read_state(keys, values, pipeline.layout)
            pipeline.layout.unneeded.extend(stray)
            return state

        # A large session takes seconds, in which this bridge must not fall silent.
        return await asyncio.to_thread(read)


def _only(found: Sequence[rpc.KeyValue]) -> rpc.KeyValue:
    return found[0] if found else rpc.KeyValue()
