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
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue

from ...core.errors import RefusalError, ResourceExhaustedError, StartupError, UnavailableError
from ..failpoints import may_fail
from ..records import Kept, Record, SessionState
from ..store import OnFailure
from . import loader, tables
from .directory import DataDirectory
from .loader import CorruptDataError

logger = logging.getLogger("server.storage")

SWEEP_PAUSE = 0.01
"""Seconds between two rounds of deleting what ended sessions have left."""


@dataclass(slots=True)
class _Group:
    """What is committed together.

    Attributes:
        records: what is kept.
        publish: what is called when it is, in the same order.
        waiting: futures of those that wait for it; each its own, so that one may give up.
    """

    records: list[Record] = field(default_factory=list)
    publish: list[Callable[[], object]] = field(default_factory=list)
    waiting: list[Future[None]] = field(default_factory=list)

    def flushed(self) -> Future[None]:
        """A future that is done when all of it is kept, or has failed to be."""
        waiter: Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(waiter)
        return waiter


class SqliteStore:
    """See ``storage.store.Store``.

    Args:
        path: of the data directory.
        failpoint: one of ``config.FAILPOINTS``, or "" for none.

    Raises:
        StartupError: the directory cannot be used.
    """

    durable = True

    def __init__(self, path: Path, failpoint: str = "") -> None:
        self._directory = DataDirectory(path)
        self._connection = self._directory.connection
        self._failpoint = failpoint
        self._writer = tables.Writer(
            self._connection, lambda record: may_fail(failpoint, "half-written", [record])
        )
        self._disk: SimpleQueue[Callable[[sqlite3.Error | None], object] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve_disk, name="commit", daemon=True)
        self._thread.start()
        self._open: _Group | None = None  # gathers
        self._committing: _Group | None = None
        self._unsettled: dict[str, _Group] = {}
        self._notify: OnFailure = lambda _: None
        self._failing = False

    def load(self) -> Kept:
        """Read everything.

        Raises:
            StartupError: it is damaged.
        """
        try:
            return loader.load(self._connection)
        except (CorruptDataError, sqlite3.Error, ValueError, KeyError, TypeError) as error:
            where = self._directory.path
            raise StartupError(
                f"the data in {where} is damaged: {error}; restore it, or name another directory"
            ) from None

    def read(self, session_id: str) -> SessionState | None:
        return loader.load_session(self._connection, session_id)

    def on_failure(self, notify: OnFailure) -> None:
        self._notify = notify

    def flushed(self, session_id: str) -> Future[None] | None:
        group = self._unsettled.get(session_id)
        return None if group is None else group.flushed()

    def write(self, record: Record, publish: Callable[[], object]) -> None:
        group = self._open
        if group is None:
            group = self._open = _Group()
            # At the end of this turn of the loop, so that what belongs together is together.
            if self._committing is None:
                asyncio.get_running_loop().call_soon(self._begin)
        group.records.append(record)
        group.publish.append(publish)
        self._unsettled[record.session_id] = group

    async def close(self) -> None:
        while (group := self._open or self._committing) is not None:
            await asyncio.wait([group.flushed()])
        self._writer.unswept = False  # what is left is swept away after the next start
        self._disk.put(None)
        self._thread.join()
        self._directory.close()

    def _begin(self) -> None:
        """Write the group that has gathered, and commit it on the other thread."""
        group = self._open
        if group is None or self._committing is not None:
            return
        self._open, self._committing = None, group
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for record in group.records:
                self._writer.write(record)
            if self._writer.unswept:
                self._writer.sweep()
        except sqlite3.Error as error:
            self._fail(group, error)
            return
        may_fail(self._failpoint, "before-commit", group.records)
        loop = asyncio.get_running_loop()
        self._disk.put(lambda error: loop.call_soon_threadsafe(self._committed, group, error))

    def _serve_disk(self) -> None:
        """Commit whenever a group is written; on a thread of its own, since a commit waits for the disk."""
        while (notify := self._disk.get()) is not None:
            error = None
            try:
                self._connection.commit()
            except sqlite3.Error as found:
                error = found
            notify(error)

    def _committed(self, group: _Group, error: sqlite3.Error | None) -> None:
        if error is not None:
            self._fail(group, error)
            return
        may_fail(self._failpoint, "after-commit", group.records)
        self._committing = None
        if self._failing:
            self._failing = False
            logger.info("changes can be kept again")
        for publish in group.publish:
            publish()
        self._settle(group, None)
        self._go_on()

    def _fail(self, group: _Group, error: BaseException) -> None:
        """Take back the group, and what has gathered meanwhile on top of it."""
        if self._connection.in_transaction:
            self._connection.rollback()
        self._writer.forget()
        self._writer.unswept = True
        self._committing = None
        groups = [group] + ([self._open] if self._open is not None else [])
        self._open = None
        if not self._failing:
            self._failing = True
            logger.error("changes cannot be kept: %s", error)
        refusal: RefusalError
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            refusal = ResourceExhaustedError("the disk is full: nothing was changed")
        else:
            refusal = UnavailableError("the disk does not take the change: nothing was changed")
        self._notify(dict.fromkeys(record.session_id for one in groups for record in one.records))
        for one in groups:
            self._settle(one, refusal)
        self._go_on()

    def _settle(self, group: _Group, refusal: RefusalError | None) -> None:
        for record in group.records:
            if self._unsettled.get(record.session_id) is group:
                del self._unsettled[record.session_id]
        for waiter in group.waiting:
            if waiter.done():
                continue  # cancelled
            if refusal is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(refusal.copy())

    def _go_on(self) -> None:
        if self._open is not None:
            self._begin()
        elif self._writer.unswept and not self._failing:
            asyncio.get_running_loop().call_later(SWEEP_PAUSE, self._sweep)

    def _sweep(self) -> None:
        """Delete more of what ended sessions have left, where nothing is being written."""
        if self._open is not None or self._committing is not None or not self._writer.unswept:
            return
        self._open = _Group()
        self._begin()
