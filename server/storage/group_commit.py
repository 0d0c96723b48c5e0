"""Group commit: what is written while a commit is under way gathers, and is committed together after it."""

from __future__ import annotations

import asyncio
from asyncio import Future
from collections import deque
from collections.abc import Callable, Sequence

from ..core.errors import RefusalError
from .records import Record


class GroupCommit:
    """The records of one store on their way to what makes them durable, in the order of writing.

    The store takes records into a group, makes the group durable, and says how that ended.

    Attributes:
        gathered: the records that no group has taken yet.
        group: the records that are being committed.
    """

    def __init__(self) -> None:
        self.gathered: deque[Record] = deque()
        self.group: list[Record] = []
        self._publish: deque[Callable[[], object]] = deque()  # of the group, and then of what has gathered
        self._written = 0  # records, ever
        self._settled = 0  # of these: durable, or given up
        self._newest: dict[str, int] = {}  # by session: the number of its newest record that is not settled
        self._waiting: list[tuple[int, Future[None]]] = []  # and up to which number

    def add(self, record: Record, publish: Callable[[], object]) -> None:
        """Gather a record; ``publish`` is called when it is durable."""
        self.gathered.append(record)
        self._publish.append(publish)
        self._written += 1
        self._newest[record.session_id] = self._written

    def take(self) -> Record:
        """Move the oldest record that has gathered into the group, and return it."""
        record = self.gathered.popleft()
        self.group.append(record)
        return record

    def take_all(self) -> None:
        """Move all that has gathered into the group."""
        self.group += self.gathered
        self.gathered.clear()

    def succeed(self) -> None:
        """Publish the group, which is durable now, and tell those that wait for it."""
        group, self.group = self.group, []
        self._settled += len(group)
        for publish in [self._publish.popleft() for _ in group]:
            publish()
        for session_id in {record.session_id for record in group}:
            if self._newest[session_id] <= self._settled:
                del self._newest[session_id]
        self._tell(self._settled, None)

    def fail(self, reason: RefusalError) -> Sequence[str]:
        """Give up the group and what has gathered on top of it, and refuse those that wait for either.

        Returns:
            The ids of the sessions of these records.
        """
        session_ids = [*self._newest]
        self.gathered.clear()
        self.group.clear()
        self._publish.clear()
        self._newest.clear()
        self._settled = self._written
        self.refuse_waiters(reason)
        return session_ids

    def refuse_waiters(self, reason: RefusalError) -> None:
        """Refuse those that wait; what they wait for goes on."""
        self._tell(self._written, reason)

    def flushed(self, session_id: str) -> Future[None] | None:
        """Done when all that was written so far of a session is durable; see ``storage.store``."""
        number = self._newest.get(session_id)
        return None if number is None else self._wait(number)

    def settled(self) -> Future[None]:
        """Done when all that was written so far is settled, but not before the next commit has ended."""
        return self._wait(self._written)

    def _wait(self, number: int) -> Future[None]:
        waiter: Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((number, waiter))
        return waiter

    def _tell(self, number: int, reason: RefusalError | None) -> None:
        """End the waiting for the records up to a number."""
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
