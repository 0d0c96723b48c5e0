"""The store that persists the sessions of this bridge in etcd."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections.abc import Callable, Sequence

from ...core.errors import TAKEN_OVER, RefusalError, UnavailableError
from ...etcd import rpc_pb2 as rpc
from ...etcd.client import Etcd
from ...etcd.operations import delete, get, mod_is, prefix_end, put
from ..records import Ended, Record, SessionState, StoreContent
from ..store import OnFailure, OnLoss
from .chunking import join, whole
from .keys import Keys
from .loader import read_state
from .pipeline import Pipeline

FIRST_PAGE_KEYS = 200
"""The number of keys that the first request for a session's state reads. Later requests read more, since etcd
counts all remaining keys for each request."""

MAX_PAGE_BYTES = 4 * 2**20
"""The approximate maximum size of the answer to one request for a session's state, in bytes."""

READ_TIMEOUT_S = 5.0
"""The timeout of a request that takes over, reads or gives up a session, in seconds."""

CLOSE_TIMEOUT_S = 3.0
"""The time that written records have to become durable at shutdown, in seconds; then they are given up."""


class EtcdStore:
    """A store for the sessions that this bridge owns, and no others; see ``storage.store.Store``.

    Args:
        etcd: the client of etcd.
        keys: the keys of the cluster.
        lose: the callback for a session that this bridge cannot persist any more, with its id and the reason.
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
        """The pipelines of the sessions that this bridge owns, by session id."""
        self.ended: set[str] = set()
        """The ids of owned sessions that may have ended, whose ownership may be given up."""

    def load(self) -> StoreContent:
        return StoreContent()  # a bridge owns no sessions at its start

    def write(self, record: Record, publish: Callable[[], object]) -> None:
        pipeline = self.pipelines.get(record.session_id)
        if pipeline is None:
            raise TAKEN_OVER.copy()
        if isinstance(record, Ended):
            self.ended.add(record.session_id)
        pipeline.write(record, publish)

    def flushed(self, session_id: str) -> Future[None] | None:
        pipeline = self.pipelines.get(session_id)
        return None if pipeline is None else pipeline.flushed()

    def on_failure(self, notify: OnFailure) -> None:
        pass  # a session that cannot be persisted is dropped as a whole, and loaded again from etcd

    def on_loss(self, notify: OnLoss) -> None:
        pass  # each session is lost by itself

    async def close(self) -> None:
        flushing = [asyncio.ensure_future(pipeline.flush()) for pipeline in self.pipelines.values()]
        if flushing:
            await asyncio.wait(flushing, timeout=CLOSE_TIMEOUT_S)
        gone = UnavailableError("the server is shutting down")
        for pipeline in self.pipelines.values():
            pipeline.close(gone)
        self.pipelines.clear()

    async def take(self, session_id: str, bridge_id: str, free: Sequence[rpc.Compare]) -> StoreContent | None:
        """Take a session over, and load its state.

        Args:
            session_id: the id of the session.
            bridge_id: the current id of this bridge.
            free: the conditions under which the session may be taken over.

        Returns:
            The state, or None if the conditions do not hold.

        Raises:
            NoAnswerError: etcd does not answer; the session may have been taken over or not.
            RefusedError: etcd refuses the transaction.
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
        last, ended, min_next_sequence = (
            _first(response.response_range.kvs) for response in reply.responses[1:]
        )
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
        content = StoreContent(min_next_sequence=int(min_next_sequence.value or 0))
        if state is not None:
            content.sessions.append(state)
        elif ended.value:
            content.ended[session_id] = int(whole(ended.value))
        elif content.min_next_sequence:
            content.ended[session_id] = content.min_next_sequence - 1
        self.pipelines[session_id] = pipeline
        self.ended.add(session_id)
        pipeline.start()
        return content

    async def give_up(self, session_id: str) -> None:
        """Give up the ownership of a session that is not open, so that any bridge may take it.

        Raises:
            NoAnswerError: etcd does not answer; the ownership may have been given up or not.
        """
        pipeline = self.pipelines.pop(session_id)
        owner = self._keys.owner(session_id)
        await self._etcd.txn(
            [mod_is(owner, pipeline.incarnation)],
            [delete(owner), delete(self._keys.last(session_id))],
            timeout=READ_TIMEOUT_S,
        )

    def forget(self, session_id: str, reason: RefusalError) -> None:
        """Stop persisting a session; records that are not durable fail with an error as the reason."""
        if (pipeline := self.pipelines.pop(session_id, None)) is not None:
            pipeline.close(reason)

    def _lost(self, session_id: str, reason: RefusalError) -> None:
        self.pipelines.pop(session_id, None)
        self._lose(session_id, reason)

    async def _read(self, session_id: str, pipeline: Pipeline) -> SessionState | None:
        keys = self._keys.state(session_id)
        stored_values: list[tuple[bytes, bytes]] = []
        start, end, limit = keys.prefix, prefix_end(keys.prefix), FIRST_PAGE_KEYS
        while True:
            page = await self._etcd.range(start, end, limit=limit, timeout=READ_TIMEOUT_S)
            stored_values += ((pair.key, pair.value) for pair in page.kvs)
            if not page.more:
                break
            start = page.kvs[-1].key + b"\0"
            size = page.ByteSize()
            limit = (
                limit * 4
                if size < MAX_PAGE_BYTES // 4
                else max(FIRST_PAGE_KEYS, limit * MAX_PAGE_BYTES // (4 * size))
            )

        def read() -> SessionState | None:
            stray: list[bytes] = []
            values = join(keys, stored_values, pipeline.chunks, stray)
            state = read_state(keys, values, pipeline.layout)
            pipeline.layout.unneeded.extend(stray)
            return state

        # Another thread reads it: a large session takes seconds, during which the loop must not be blocked.
        return await asyncio.to_thread(read)


def _first(pairs: Sequence[rpc.KeyValue]) -> rpc.KeyValue:
    return pairs[0] if pairs else rpc.KeyValue()
