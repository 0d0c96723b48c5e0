"""The pipeline that writes one session's records to etcd: in order, in groups, each group exactly once.

Every transaction is conditional on the owner's incarnation, its fencing token: the revision at which this
bridge took the session over. A bridge that takes it over later writes the owner's key again, after which no
earlier transaction can succeed, however late it arrives.

A transaction whose answer is lost may have been applied. It is sent again, and recognised: each transaction
writes the key ``last``, and succeeds only if the one before it was the last to write it.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from collections.abc import Callable, Sequence

from ...core.errors import TAKEN_OVER, RefusalError, UnavailableError
from ...etcd import rpc_pb2 as rpc
from ...etcd.client import Etcd
from ...etcd.errors import NoAnswerError, RefusedError
from ...etcd.operations import delete, get, mod_is, prefix_end, put
from ..failpoints import may_fail
from ..group_commit import GroupCommit
from ..records import Ended, Record
from .chunking import Chunks
from .keys import Keys
from .layout import Delete, Layout, Put, Write

logger = logging.getLogger("server.cluster")

MAX_OPERATIONS = 100
"""The maximum number of operations of a transaction; etcd accepts at most 128 by default."""

MAX_GROUP_BYTES = 2**18
"""The size at which a group of records is full, in bytes; etcd accepts requests of 1.5 MiB by default."""

ATTEMPT_TIMEOUT_S = 2.0
"""The timeout of a transaction, after which it is sent again, in seconds."""

RETRY_BACKOFF_S = (0.02, 0.5)
"""The first and the longest pause before a transaction is sent again, in seconds."""

UNKNOWN = UnavailableError("etcd does not answer: it is not known whether this change will be saved")


class FencedError(Exception):
    """Another bridge owns the session, so that this one cannot write to it any more."""


class Pipeline:
    """The write pipeline of one session, for as long as this bridge owns it.

    Args:
        etcd: the client of etcd.
        keys: the keys of the cluster.
        session_id: the id of the session.
        incarnation: the fencing token: the revision at which this bridge took the session over.
        last: the revision of the session's last write; 0 if there was none.
        lose: the callback for a failure that ends the pipeline; it gets the session's id and the reason.
        failpoint: one of ``config.FAILPOINTS``, or "" for none.

    Attributes:
        layout: the layout of the session's state.
        chunks: the chunked values of the session.
        closed: the reason why the pipeline is closed; None if it is open.
    """

    def __init__(
        self,
        etcd: Etcd,
        keys: Keys,
        session_id: str,
        incarnation: int,
        last: int,
        lose: Callable[[str, RefusalError], object],
        failpoint: str = "",
    ) -> None:
        self.session_id = session_id
        self.incarnation = incarnation
        self.last = last
        self.layout = Layout(keys, session_id)
        self.chunks = Chunks(keys.state(session_id), incarnation)
        self._etcd = etcd
        self._owner = keys.owner(session_id)
        self._last_key = keys.last(session_id)
        self._lose = lose
        self._failpoint = failpoint
        self._commits = GroupCommit()
        self._sent = 0
        self._task: asyncio.Task[None] | None = None
        self.closed: RefusalError | None = None

    def write(self, record: Record, publish: Callable[[], object]) -> None:
        """Persist a record; call ``publish`` when it is durable. See ``storage.store``."""
        if self.closed is not None:
            raise self.closed
        self._commits.add(record, publish)
        self.start()

    def start(self) -> None:
        """Begin to write records and delete unneeded keys, if there are any and nothing is being written."""
        if self._task is None and self.closed is None and (self._commits.gathered or self.layout.unneeded):
            self._task = asyncio.create_task(self._run(), name=f"etcd {self.session_id}")

    def flushed(self) -> Future[None] | None:
        """Return a future that is done when all records are durable; see ``storage.store``."""
        return self._commits.flushed(self.session_id)

    @property
    def idle(self) -> bool:
        """True if nothing is being written."""
        return self._task is None

    def give_up_waiting(self, reason: RefusalError) -> None:
        """Fail the futures of ``flushed`` with an error; their records are still written."""
        self._commits.refuse_waiters(reason)

    def close(self, reason: RefusalError) -> None:
        """Stop writing, and fail all records that are not durable with an error as the reason."""
        self.closed = reason
        if self._task is not None:
            self._task.cancel()
        self._commits.fail(reason)

    async def flush(self) -> None:
        """Wait until nothing is being written."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._commits.gathered or self.layout.unneeded:
                await self._write_group()
        except FencedError:
            self._end(TAKEN_OVER.copy())
        except RefusedError as refused:
            logger.error("etcd refuses changes of session %s: %s", self.session_id, refused)
            self._end(
                UnavailableError(
                    "etcd is full: it is not known whether the change is saved"
                    if refused.perhaps_applied
                    else f"etcd refuses the change: {refused}"
                )
            )
        except Exception:
            logger.exception("session %s cannot be saved", self.session_id)
            self._end(UnavailableError("the session cannot be saved; the server's log has the reason"))
        finally:
            self._task = None

    def _end(self, reason: RefusalError) -> None:
        self._task = None
        self.close(reason)
        self._lose(self.session_id, reason)

    async def _write_group(self) -> None:
        """Write as many gathered records as fit into one transaction, and then publish them."""
        group: dict[bytes, Write] = {}
        chunks: list[Put] = []
        commits = self._commits
        size = 0
        while commits.gathered and len(group) < MAX_OPERATIONS // 2 and size < MAX_GROUP_BYTES:
            ends = isinstance(commits.gathered[0], Ended)
            if ends and group:
                break  # a transaction of etcd cannot both delete a prefix and put a key under it
            for unsplit in self.layout.writes(commits.take()):
                for write in self.chunks.split(unsplit, chunks):
                    group[write.key] = write
                    size += len(write.value) if isinstance(write, Put) else 0
            if ends:
                break
        else:
            while self.layout.unneeded and len(group) < MAX_OPERATIONS:
                for write in self.chunks.split(Delete(self.layout.unneeded.popleft()), chunks):
                    group[write.key] = write
        for chunk in chunks:
            await self._send([chunk], may_be_repeated=True)
        # A transaction is never half-written, but its chunks may be.
        for moment in ("half-written", "before-commit"):
            may_fail(self._failpoint, moment, commits.group)
        if group:
            await self._send(list(group.values()))
        may_fail(self._failpoint, "after-commit", commits.group)
        commits.succeed()

    async def _send(self, writes: Sequence[Write], *, may_be_repeated: bool = False) -> None:
        """Send writes in one transaction, and repeat it until it is applied exactly once.

        Raises:
            FencedError: another bridge owns the session.
            RefusedError: etcd refuses the transaction.
        """
        compare = [mod_is(self._owner, self.incarnation)]
        success = [_operation(write) for write in writes]
        self._sent += 1
        token = f"{self.incarnation} {self._sent}".encode()
        if not may_be_repeated:
            compare.append(mod_is(self._last_key, self.last))
            success.append(put(self._last_key, token))
        failure = [get(self._last_key)]
        pause, longest = RETRY_BACKOFF_S
        while True:
            try:
                reply = await self._etcd.txn(compare, success, failure, timeout=ATTEMPT_TIMEOUT_S)
                break
            except NoAnswerError:
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)
        if reply.succeeded:
            if not may_be_repeated:
                self.last = reply.header.revision
            return
        last = reply.responses[0].response_range.kvs
        if may_be_repeated or not last or last[0].value != token:
            raise FencedError
        # An attempt whose answer was lost was applied; the session may have been taken over since.
        self.last = last[0].mod_revision


def _operation(write: Write) -> rpc.RequestOp:
    if isinstance(write, Put):
        return put(write.key, write.value)
    if write.whole_prefix:
        return delete(write.key, prefix_end(write.key))
    return delete(write.key)
