"""Clients that go on writing whatever becomes of the bridges, and what must be there when they stop."""

from __future__ import annotations

import threading
from collections.abc import Callable

from varbridge import BridgeError, Connection, Session
from varbridge.conformance.clients.follower_adapter import FollowerAdapter

DEADLINE = 15.0
"""Seconds within which writes are acknowledged again, whatever happened."""


HISTORY = 100
"""Versions that a bridge keeps of a variable, unless it is told otherwise."""


class FailoverWorkload:
    """Each client writes a variable of its own, each time to the number of the version that this makes.

    A write that is not answered is repeated as the same request, so that it must apply once. Someone follows
    all of it. They write for the length of a ``with`` block.

    Args:
        session_id: where.
        connect: makes connections that know all bridges, and call again where one is unavailable.
        clients: how many write at once.

    Attributes:
        lost: sentences about what was acknowledged and is not there, or is there as something else.
        discrepancies: sentences about what the follower was told, or not told.
    """

    def __init__(self, session_id: str, connect: Callable[[], Connection], clients: int) -> None:
        self.lost: list[str] = []
        self.discrepancies: list[str] = []
        self._session = connect().session(session_id)
        self._session.initialize()
        self._sessions = {f"client_{n}": connect().session(session_id) for n in range(clients)}
        self._acknowledged: dict[str, int] = {}
        self._arrived = threading.Condition()
        self._failure: Exception | None = None
        self._done = threading.Event()
        self._following = FollowerAdapter(connect().session(session_id), ())
        self._writers = [threading.Thread(target=self._write, args=one) for one in self._sessions.items()]

    def __enter__(self) -> FailoverWorkload:
        for name in self._sessions:
            self._acknowledged[name] = self._session.register(name, "integer", 1).version
        for writer in self._writers:
            writer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for writer in self._writers:
            writer.join()
        newest = dict(self._acknowledged)
        self._following.wait_for(lambda _: self._reported() == newest, DEADLINE)
        self._following.close()
        for name, version in newest.items():
            told = self._versions(name)
            if told != [*range(1, version + 1)]:
                self.discrepancies.append(
                    f"of {name}, {len(told)} updates came of {version} versions: {told[-9:]}"
                )
        if self._following.ended is not None:
            self.discrepancies.append(f"the following ended: {self._following.ended}")

    def get_on(self, count: int = 20) -> None:
        """Return when each client has had so many more writes acknowledged.

        Raises:
            AssertionError: one of them has not in time.
        """
        with self._arrived:
            before = dict(self._acknowledged)
            self._arrived.wait_for(lambda: self._failure or self._least(before) >= count, DEADLINE)
            least = self._least(before)
        if self._failure is not None:
            raise AssertionError(f"a client got no further: {self._failure}")
        if least < count:
            raise AssertionError(f"a client had {least} of {count} writes acknowledged in {DEADLINE:g} s")

    def inspect(self, where: str, session: Session) -> None:
        """Hold what a bridge has against what was acknowledged, at any of them."""
        found, missing = session.get_many([*self._acknowledged])
        self.lost.extend(f"{name} is gone at {where}" for name in missing)
        for name, variable in found.items():
            expected = self._acknowledged[name]
            if (variable.version, variable.value) != (expected, expected):
                self.lost.append(
                    f"{name} holds {variable.value} at version {variable.version} at {where},"
                    f" but version {expected} was the last that was acknowledged"
                )
            kept = [entry.version for entry in session.history(name)]
            if kept != [*range(expected, max(0, expected - HISTORY), -1)]:
                self.lost.append(f"the history of {name} at {where} has the versions {kept}")

    def _write(self, name: str, session: Session) -> None:
        try:
            while not self._done.is_set():
                wanted = self._acknowledged[name] + 1
                answered = session.set(name, wanted, kind="integer", request_id=f"{name} {wanted}")
                with self._arrived:
                    if answered != wanted:
                        self.lost.append(f"a set of {name} was answered {answered} instead of {wanted}")
                        return
                    self._acknowledged[name] = wanted
                    self._arrived.notify_all()
        except BridgeError as error:
            with self._arrived:
                self._failure = error
                self._arrived.notify_all()

    def _least(self, before: dict[str, int]) -> int:
        return min(self._acknowledged[name] - before[name] for name in before)

    def _reported(self) -> dict[str, int]:
        return {u.variable.name: u.variable.version for u in self._following.updates if u.variable}

    def _versions(self, name: str) -> list[int]:
        told = (update.variable for update in self._following.updates)
        return [variable.version for variable in told if variable and variable.name == name]
