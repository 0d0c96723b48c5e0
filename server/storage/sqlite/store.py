"""The store that keeps everything in SQLite: durable when it says so, and in groups under load.

What is written while a commit is under way waits and is committed together. The statements run on the
event loop's thread, where nothing contends with them for the interpreter; the commit, which waits for the
disk, runs on a thread of its own.
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
from ..records import Kept, Record, SessionState
from ..store import OnFailure
from . import loader, tables
from .directory import DataDirectory
from .loader import CorruptDataError

logger = logging.getLogger("server.storage")

SWEEP_PAUSE_S = 0.01
"""Seconds between two rounds of deleting what ended sessions have left."""


class SqliteStore:
    """See ``storage.store.Store``.

    Args:
        path: of the data directory.
        failpoint: one of ``config.FAILPOINTS``, or "" for none.

    Attributes:
        connection: to the database.
        writer: writes records into it.

    Raises:
        StartupError: the directory cannot be used.
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

    def load(self) -> Kept:
        """Read everything.

        Raises:
            StartupError: it is damaged.
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
            # At the end of this turn of the loop, so that what belongs together is together.
            asyncio.get_running_loop().call_soon(self._begin)
        self._commits.add(record, publish)

    async def close(self) -> None:
        while self._commits.gathered or self._committing:
            await asyncio.wait([self._commits.settled()])
        self.writer.unswept = False  # what is left is swept away after the next start
        self._disk.put(None)
        self._thread.join()
        self._directory.close()

    def _begin(self) -> None:
        """Commit what has gathered, unless a commit is under way, which is followed by the next."""
        if self._commits.gathered and not self._committing:
            self._commit()

    def _commit(self) -> None:
        """Write the group that has gathered, and commit it on the other thread."""
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
        """Commit whenever a group is written; on a thread of its own, since a commit waits for the disk."""
        while (notify := self._disk.get()) is not None:
            error = None
            try:
                self.connection.commit()
            except sqlite3.Error as found:
                error = found
            notify(error)

    def _committed(self, error: sqlite3.Error | None) -> None:
        if error is not None:
            self._fail(error)
            return
        may_fail(self._failpoint, "after-commit", self._commits.group)
        self._committing = False
        if self._failing:
            self._failing = False
            logger.info("changes can be kept again")
        self._commits.succeed()
        self._go_on()

    def _fail(self, error: sqlite3.Error) -> None:
        """Take back the group, and what has gathered meanwhile on top of it."""
        if self.connection.in_transaction:
            self.connection.rollback()
        self.writer.forget()
        self.writer.unswept = True
        self._committing = False
        if not self._failing:
            self._failing = True
            logger.error("changes cannot be kept: %s", error)
        refusal: RefusalError
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            refusal = ResourceExhaustedError("the disk is full: nothing was changed")
        else:
            refusal = UnavailableError("the disk does not take the change: nothing was changed")
        # Whoever waits goes on in a later turn of the loop, when the core has taken it back.
        self._notify(self._commits.fail(refusal))
        self._go_on()

    def _go_on(self) -> None:
        if self._commits.gathered:
            self._begin()
        elif self.writer.unswept and not self._failing:
            asyncio.get_running_loop().call_later(SWEEP_PAUSE_S, self._sweep)

    def _sweep(self) -> None:
        """Delete more of what ended sessions have left, where nothing is being written."""
        if self.writer.unswept and not self._commits.gathered and not self._committing:
            self._commit()
