"""The way of one session's records to etcd: in order, in groups, each group once.

Every transaction names the owner's incarnation: the revision at which it took the session over. Whoever takes
it over after that writes the owner's key anew, and no transaction of before can succeed any more, however
late it arrives.

A transaction whose answer is lost may have been applied. It is sent again, and is recognised: each one writes
``last``, and none succeeds unless the one before it was the last.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from collections.abc import Callable, Sequence

from ...core.errors import RefusalError, ResourceExhaustedError, UnavailableError
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
"""Of a transaction; etcd takes 128 by default."""

MAX_GROUP_BYTES = 2**18
"""After which a group takes no further record; a request may have 1.5 MiB by default."""

ATTEMPT_TIMEOUT_S = 2.0
"""Seconds that etcd may take for one transaction before it is sent again."""

RETRY_BACKOFF_S = (0.02, 0.5)
"""Seconds before a transaction is sent again: at first, and at most."""

UNKNOWN = UnavailableError("etcd does not answer: whether this change will be kept is not known")


class FencedError(Exception):
    """Another bridge has the session."""


class Pipeline:
    """One session's, for as long as this bridge has it.

    Args:
        etcd: the cluster.
        keys: of the cluster.
        session_id: which session.
        incarnation: the revision at which this bridge took the session.
        last: the revision of the last write; 0 where there was none.
        lose: called with the session's id and the reason when nothing more can be kept by this pipeline.
        failpoint: one of ``config.FAILPOINTS``, or "" for none.

    Attributes:
        layout: knows where the session's state stands.
        parts: know which of its values are in parts.
        closed: why nothing is written any more.
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
        self.parts = Chunks(keys.state(session_id), incarnation)
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
        """Keep a record; see ``storage.store``."""
        if self.closed is not None:
            raise self.closed
        self._commits.add(record, publish)
        self.start()

    def start(self) -> None:
        """Begin to write, where nothing is being written and something waits."""
        if self._task is None and self.closed is None and (self._commits.gathered or self.layout.unneeded):
            self._task = asyncio.create_task(self._run(), name=f"etcd {self.session_id}")

    def flushed(self) -> Future[None] | None:
        """Done when all that was written so far is kept; see ``storage.store``."""
        return self._commits.flushed(self.session_id)

    @property
    def idle(self) -> bool:
        """Whether nothing is being written."""
        return self._task is None

    def give_up_waiting(self, reason: RefusalError) -> None:
        """Refuse those that wait; what they wait for goes on."""
        self._commits.refuse_waiters(reason)

    def close(self, reason: RefusalError) -> None:
        """Write nothing more."""
        self.closed = reason
        if self._task is not None:
            self._task.cancel()
        self._commits.fail(reason)

    async def flush(self) -> None:
        """Return when nothing is being written any more."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._commits.gathered or self.layout.unneeded:
                await self._write_group()
        except FencedError:
            self._end(UnavailableError("another bridge has the session now: call again"))
        except RefusedError as refused:
            logger.error("etcd refuses changes of session %s: %s", self.session_id, refused)
            self._end(
                ResourceExhaustedError("etcd has no room: whether the change is kept is not known")
                if refused.perhaps_applied
                else UnavailableError(f"etcd refuses the change: {refused}")
            )
        except Exception:
            logger.exception("session %s cannot be kept", self.session_id)
            self._end(UnavailableError("the session cannot be kept; the server's log says more"))
        finally:
            self._task = None

    def _end(self, reason: RefusalError) -> None:
        self._task = None
        self.close(reason)
        self._lose(self.session_id, reason)

    async def _write_group(self) -> None:
        """Write what has gathered, as much as goes into one transaction, and publish it."""
        group: dict[bytes, Write] = {}
        ahead: list[Put] = []
        commits = self._commits
        size = 0
        while commits.gathered and len(group) < MAX_OPERATIONS // 2 and size < MAX_GROUP_BYTES:
            ends = isinstance(commits.gathered[0], Ended)
            if ends and group:
                break  # what deletes all of a prefix is alone: etcd takes no put under it beside
            for meant in self.layout.writes(commits.take()):
                for write in self.parts.split(meant, ahead):
                    group[write.key] = write
                    size += len(write.value) if isinstance(write, Put) else 0
            if ends:
                break
        else:
            while self.layout.unneeded and len(group) < MAX_OPERATIONS:
                for write in self.parts.split(Delete(self.layout.unneeded.popleft()), ahead):
                    group[write.key] = write
        for part in ahead:
            await self._send([part], may_be_repeated=True)
        # A transaction is never half-written, but what it leads to may be.
        for moment in ("half-written", "before-commit"):
            may_fail(self._failpoint, moment, commits.group)
        if group:
            await self._send(list(group.values()))
        may_fail(self._failpoint, "after-commit", commits.group)
        commits.succeed()

    async def _send(self, writes: Sequence[Write], *, may_be_repeated: bool = False) -> None:
        """Write, all of it or none, exactly once.

        Raises:
            FencedError: the session is another bridge's.
            RefusedError: etcd does not take it.
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
        # An attempt whose answer was lost; the session may have been taken over since.
        self.last = last[0].mod_revision


def _operation(write: Write) -> rpc.RequestOp:
    if isinstance(write, Put):
        return put(write.key, write.value)
    if write.whole_prefix:
        return delete(write.key, prefix_end(write.key))
    return delete(write.key)
