"""Group commit: records that are written during a commit are committed together in the next one."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Callable, Iterable

from ..core.errors import RefusalError
from .records import Record


class GroupCommit:
    """The records of one store that are not durable yet, in the order of writing.

    The store takes records into a group, commits the group, and then calls ``succeed`` or ``fail``.

    Attributes:
        gathered: the records that are not in a group yet.
        group: the records that are being committed.
    """

    def __init__(self) -> None:
        self.gathered: deque[Record] = deque()
        self.group: list[Record] = []
        self._publish: deque[Callable[[], object]] = deque()  # callbacks of group and gathered
        self._written = 0  # the number of records written since the start
        self._settled = 0  # the number of these that are durable or given up
        self._newest: dict[str, int] = {}  # by session: the number of its newest record that is not settled
        self._waiting: list[
            tuple[int, Future[None]]
        ] = []  # the number of the last awaited record, and a future

    def add(self, record: Record, publish: Callable[[], object]) -> None:
        """Add a record; ``publish`` is called when it is durable."""
        self.gathered.append(record)
        self._publish.append(publish)
        self._written += 1
        self._newest[record.session_id] = self._written

    def take(self) -> Record:
        """Move the oldest gathered record into the group, and return it."""
        record = self.gathered.popleft()
        self.group.append(record)
        return record

    def take_all(self) -> None:
        """Move all gathered records into the group."""
        self.group += self.gathered
        self.gathered.clear()

    def succeed(self) -> None:
        """Publish the records of the group, which are durable now, and resolve the futures that wait for
        them."""
        group, self.group = self.group, []
        self._settled += len(group)
        for publish in [self._publish.popleft() for _ in group]:
            publish()
        for session_id in {record.session_id for record in group}:
            if self._newest[session_id] <= self._settled:
                del self._newest[session_id]
        self._resolve(self._settled, None)

    @property
    def session_ids(self) -> Iterable[str]:
        """The ids of the sessions with records that are not durable."""
        return self._newest.keys()

    def fail(self, reason: RefusalError) -> None:
        """Drop the group and all gathered records; the futures that wait for them fail with the reason."""
        self.gathered.clear()
        self.group.clear()
        self._publish.clear()
        self._newest.clear()
        self._settled = self._written
        self.refuse_waiters(reason)

    def refuse_waiters(self, reason: RefusalError) -> None:
        """Fail all waiting futures with an error as the reason; their records are still committed."""
        self._resolve(self._written, reason)

    def flushed(self, session_id: str) -> Future[None] | None:
        """Return a future that is done when a session's records are durable; see ``storage.store``."""
        number = self._newest.get(session_id)
        return None if number is None else self._wait(number)

    def settled(self) -> Future[None]:
        """Return a future that is done when all records added so far are durable; it fails if they are
        dropped."""
        return self._wait(self._written)

    def _wait(self, number: int) -> Future[None]:
        waiter: Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((number, waiter))
        return waiter

    def _resolve(self, number: int, reason: RefusalError | None) -> None:
        """Resolve the futures that wait for records up to a number; with a reason, fail them instead."""
        waiting, self._waiting = self._waiting, []
        for entry in waiting:
            last, waiter = entry
            if last > number:
                self._waiting.append(entry)
            elif waiter.done():
                continue  # cancelled
            elif reason is None:
                waiter.set_result(None)
            else:
                waiter.set_exception(reason.copy())
