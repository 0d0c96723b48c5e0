"""The store that persists sessions in SQLite, with group commits.

Records that are written during a commit wait for the next one and are committed together. The statements run
on the thread of the event loop, where nothing contends with them for the interpreter lock; the commit, which
waits for the disk, runs on another thread.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from asyncio import Future
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from ...core.errors import RefusalError, ResourceExhaustedError, StartupError, UnavailableError
from ..failpoints import may_fail
from ..group_commit import GroupCommit
from ..records import Record, SessionState, StoreContent
from ..store import OnFailure
from . import loader, tables
from .directory import DataDirectory
from .loader import CorruptDataError

logger = logging.getLogger("server.storage")

SWEEP_PAUSE_S = 0.01
"""The pause between two transactions that delete rows of ended sessions, in seconds."""


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

    def __init__(self, path: Path, failpoint: str = "") -> None:
        self._directory = DataDirectory(path)
        self.connection = self._directory.connection
        self._failpoint = failpoint
        self.writer = tables.Writer(
            self.connection, lambda record: may_fail(failpoint, "half-written", [record])
        )
        self._disk: SimpleQueue[Callable[[sqlite3.Error | None], object] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve_disk, name="commit", daemon=True)
        self._thread.start()
        self._commits = GroupCommit()
        self._committing = False
        self._notify: OnFailure = lambda _: None
        self._failing = False

    def load(self) -> StoreContent:
        """Load all sessions and tombstones.

        Raises:
            StartupError: the data is damaged.
        """
        try:
            return loader.load(self.connection)
        except (CorruptDataError, sqlite3.Error, ValueError, KeyError, TypeError) as error:
            where = self._directory.path
            raise StartupError(
                f"the data in {where} is damaged: {error}; restore it, or name another directory"
            ) from None

    def read(self, session_id: str) -> SessionState | None:
        return loader.load_session(self.connection, session_id)

    def on_failure(self, notify: OnFailure) -> None:
        self._notify = notify

    def flushed(self, session_id: str) -> Future[None] | None:
        return self._commits.flushed(session_id)

    def write(self, record: Record, publish: Callable[[], object]) -> None:
        if not self._commits.gathered and not self._committing:
            # Commit at the end of this iteration of the loop, with the records that follow until then.
            asyncio.get_running_loop().call_soon(self._begin)
        self._commits.add(record, publish)

    async def close(self) -> None:
        while self._commits.gathered or self._committing:
            await asyncio.wait([self._commits.settled()])
        self.writer.unswept = False  # the remaining rows are deleted after the next start
        self._disk.put(None)
        self._thread.join()
        self._directory.close()

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
            for record in self._commits.group:
                self.writer.write(record)
            if self.writer.unswept:
                self.writer.sweep()
        except sqlite3.Error as error:
            self._fail(error)
            return
        may_fail(self._failpoint, "before-commit", self._commits.group)
        loop = asyncio.get_running_loop()
        self._disk.put(lambda error: loop.call_soon_threadsafe(self._committed, error))

    def _serve_disk(self) -> None:
        """Commit each written group; this runs on another thread, since a commit waits for the disk."""
        while (notify := self._disk.get()) is not None:
            error = None
            try:
                self.connection.commit()
            except sqlite3.Error as failure:
                error = failure
            notify(error)

    def _committed(self, error: sqlite3.Error | None) -> None:
        if error is not None:
            self._fail(error)
            return
        may_fail(self._failpoint, "after-commit", self._commits.group)
        self._committing = False
        if self._failing:
            self._failing = False
            logger.info("changes can be saved again")
        self._commits.succeed()
        self._continue()

    def _fail(self, error: sqlite3.Error) -> None:
        """Roll back the group and the records gathered since, which then fail with a refusal."""
        if self.connection.in_transaction:
            self.connection.rollback()
        self.writer.forget()
        self.writer.unswept = True
        self._committing = False
        if not self._failing:
            self._failing = True
            logger.error("changes cannot be saved: %s", error)
        refusal: RefusalError
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            refusal = ResourceExhaustedError("the disk is full: nothing was changed")
        else:
            refusal = UnavailableError("the change cannot be written to the disk: nothing was changed")
        # Waiting calls continue in a later iteration of the loop, when the core has rolled back.
        self._notify(self._commits.fail(refusal))
        self._continue()

    def _continue(self) -> None:
        if self._commits.gathered:
            self._begin()
        elif self.writer.unswept and not self._failing:
            asyncio.get_running_loop().call_later(SWEEP_PAUSE_S, self._sweep)

    def _sweep(self) -> None:
        """Delete more rows of ended sessions, unless something is being written."""
        if self.writer.unswept and not self._commits.gathered and not self._committing:
            self._commit()
