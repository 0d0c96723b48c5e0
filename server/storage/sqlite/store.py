"""The store that persists sessions in SQLite, with group commits.

Records that are written during a commit wait for the next one and are committed together. The statements run
on the thread of the event loop, where nothing contends with them for the interpreter lock, in slices between
which calls run; the commit, which waits for the disk, runs on another thread.

There are two kinds of failures. If it is certain that nothing of a group is on the disk, the group is rolled
back, and its records are refused. Otherwise the disk may have what memory does not, or the reverse: then the
store is lost, and its process must end.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
import threading
import time
from asyncio import Future
from collections.abc import Callable, Iterator
from queue import SimpleQueue

from ...core.errors import RefusalError, ResourceExhaustedError, StartupError, UnavailableError
from ..failpoints import may_fail
from ..group_commit import GroupCommit
from ..records import Record, StoreContent
from ..store import OnFailure, OnLoss
from . import loader, tables
from .directory import DataDirectory
from .loader import CorruptDataError
from .reserve import Reserve, may_use

logger = logging.getLogger("server.storage")

SLICE_S = 0.005
"""The time after which the statements of a group let calls run, in seconds."""

PAUSE_S = 0.001
"""The time for which they let calls run, in seconds; it is short, since calls may wait for the group."""

SWEEP_PAUSE_S = 0.01
"""The pause between two transactions that delete rows of ended sessions, in seconds."""

MAX_SILENT_BYTES = 32 * 2**20
"""The maximum size of a database that is loaded without a message, in bytes; it takes about a second."""

CLOSE_TIMEOUT_S = 10.0
"""The time that written records have to become durable at shutdown, in seconds; then they are given up."""

LOST = UnavailableError("the storage has failed: it is not known whether this change is saved")

_UNCOMMITTED = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE)
"""The errors of a commit after which it is certain that the disk does not have the group: its last frame in
the write-ahead log, which completes it, was not written. After a failed sync, the group may be there."""


class SqliteStore:
    """A store in a data directory; see ``storage.store.Store``.

    Args:
        path: the path of the data directory.
        failpoint: one of ``config.FAILPOINTS``, or "" for none.

    Attributes:
        connection: the connection to the database.
        writer: the writer of records to the database.

    Raises:
        StartupError: the data directory cannot be used.
    """

    durable = True

    def __init__(self, path: str | os.PathLike[str], failpoint: str = "") -> None:
        self._directory = DataDirectory(path)
        self.connection = self._directory.connection
        self._reserve = Reserve(path)
        self._failpoint = failpoint
        self.writer = tables.Writer(
            self.connection, lambda record: may_fail(failpoint, "half-written", [record])
        )
        self._disk: SimpleQueue[Callable[[BaseException | None], object] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve_disk, name="commit", daemon=True)
        self._thread.start()
        self._commits = GroupCommit()
        self._committing = False
        self._notify: OnFailure = lambda _: None
        self._notify_loss: OnLoss = lambda: None
        self._failing = False
        self._lost = False

    def load(self) -> StoreContent:
        """Load all sessions and tombstones.

        Raises:
            StartupError: the data is damaged.
        """
        if (size := self._directory.size) > MAX_SILENT_BYTES:
            logger.info("loading %.0f MiB from %s", size / 2**20, self._directory.path)
        try:
            content = loader.load(self.connection)
        except (CorruptDataError, sqlite3.Error, ValueError, KeyError, TypeError) as error:
            where = self._directory.path
            raise StartupError(
                f"the data in {where} is damaged: {error}; restore it, or name another directory"
            ) from None
        self._reserve.hold()  # not before, since a directory with damaged data stays as it is
        return content

    def on_failure(self, notify: OnFailure) -> None:
        self._notify = notify

    def on_loss(self, notify: OnLoss) -> None:
        self._notify_loss = notify

    def flushed(self, session_id: str) -> Future[None] | None:
        if self._lost:
            lost: Future[None] = asyncio.get_running_loop().create_future()
            lost.set_exception(LOST.copy())
            return lost
        return self._commits.flushed(session_id)

    def write(self, record: Record, publish: Callable[[], object]) -> None:
        if self._lost:
            return  # ``flushed`` refuses all replies
        if not self._commits.gathered and not self._committing:
            # Commit at the end of this iteration of the loop, with the records that follow until then.
            asyncio.get_running_loop().call_soon(self._attempt, self._begin)
        self._commits.add(record, publish)

    async def close(self) -> None:
        deadline = time.monotonic() + CLOSE_TIMEOUT_S
        while (self._commits.gathered or self._committing) and not self._lost:
            await asyncio.wait([self._commits.settled()], timeout=max(0.0, deadline - time.monotonic()))
            if time.monotonic() >= deadline:
                self._lose(TimeoutError(f"the disk does not answer within {CLOSE_TIMEOUT_S:g} s"))
        if self._lost:
            return  # another thread may still use the connection, and the disk is left as it is
        self.writer.unswept = False  # the remaining rows are deleted after the next start
        self._disk.put(None)
        self._thread.join()
        self._reserve.close()
        self._directory.close()

    def _attempt(self, step: Callable[..., object], *arguments: object) -> None:
        """Take a step; whatever it raises, it is not certain any more that memory and disk agree."""
        if self._lost:
            return
        try:
            step(*arguments)
        except Exception as error:
            self._lose(error)

    def _begin(self) -> None:
        """Commit the gathered records; if a commit is in progress, the next one includes them."""
        if self._commits.gathered and not self._committing:
            self._commit()

    def _commit(self) -> None:
        """Write the gathered records as a group, and commit it on the other thread."""
        self._committing = True
        self._commits.take_all()
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except Exception as error:
            self._fail(error)
        else:
            self._write(self.writer.write([*self._commits.group]))

    def _write(self, steps: Iterator[None]) -> None:
        """Write a slice of the group; after the last one, commit the group."""
        until = time.perf_counter() + SLICE_S
        try:
            for _ in steps:
                if time.perf_counter() > until:
                    asyncio.get_running_loop().call_later(PAUSE_S, self._attempt, self._write, steps)
                    return
            if self.writer.unswept:
                self.writer.sweep()
        except Exception as error:
            self._fail(error)
            return
        may_fail(self._failpoint, "before-commit", self._commits.group)
        loop = asyncio.get_running_loop()
        self._disk.put(lambda error: loop.call_soon_threadsafe(self._attempt, self._committed, error))

    def _serve_disk(self) -> None:
        """Commit each written group; this runs on another thread, since a commit waits for the disk."""
        while (notify := self._disk.get()) is not None:
            error = None
            try:
                self.connection.commit()
            except BaseException as failure:
                error = failure
            notify(error)

    def _committed(self, error: BaseException | None) -> None:
        if error is not None:
            if getattr(error, "sqlite_errorcode", None) not in _UNCOMMITTED:
                raise error
            self._fail(error)
            return
        may_fail(self._failpoint, "after-commit", self._commits.group)
        self._committing = False
        if self._failing:
            self._failing = False
            logger.info("changes can be saved again")
        if not self._reserve.is_held:
            self._reserve.hold()
        self._commits.succeed()
        self._continue()

    def _fail(self, error: BaseException) -> None:
        """Roll back the group, which is not on the disk, and the records gathered since.

        They fail with a refusal, unless they free room on a full disk: then they use the reserve.
        """
        if self.connection.in_transaction:
            self.connection.rollback()
        self.writer.forget()
        self.writer.unswept = True
        is_full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        if is_full and self._reserve.is_held and may_use([*self._commits.group, *self._commits.gathered]):
            self._reserve.release()
            self._commit()
            return
        self._committing = False
        if not self._failing:
            self._failing = True
            logger.error(
                "changes cannot be saved: %s", error, exc_info=None if _is_of_sqlite(error) else error
            )
        refusal: RefusalError
        if is_full:
            refusal = ResourceExhaustedError("the disk is full: nothing was changed")
        else:
            refusal = UnavailableError("the change cannot be written to the disk: nothing was changed")
        states = {
            session_id: loader.load_session(self.connection, session_id)
            for session_id in self._commits.session_ids
        }
        # Waiting calls continue in a later iteration of the loop, when the core has rolled back.
        self._commits.fail(refusal)
        self._notify(states)
        self._continue()

    def _lose(self, error: BaseException) -> None:
        """Refuse every reply from now on, since memory and disk may differ, and end the process."""
        self._lost = True
        self._committing = False
        logger.critical(
            "the storage has failed, and the server ends: %s",
            error,
            exc_info=None if _is_of_sqlite(error) else error,
        )
        self._commits.fail(LOST)
        self._notify_loss()

    def _continue(self) -> None:
        if self._commits.gathered:
            self._begin()
        elif self.writer.unswept and not self._failing:
            asyncio.get_running_loop().call_later(SWEEP_PAUSE_S, self._attempt, self._sweep)

    def _sweep(self) -> None:
        """Delete more rows of ended sessions, unless something is being written."""
        if self.writer.unswept and not self._commits.gathered and not self._committing:
            self._commit()


def _is_of_sqlite(error: BaseException) -> bool:
    """Return True for an error of SQLite or the system, whose message has all that an operator can use."""
    return isinstance(error, sqlite3.Error | OSError)
