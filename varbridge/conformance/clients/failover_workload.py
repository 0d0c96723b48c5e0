"""A workload of clients that continue to write while bridges fail, with checks of the state afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable

from varbridge import BridgeError, Connection, Session
from varbridge.conformance.clients.follower_adapter import FollowerAdapter
from varbridge.conformance.vocabulary.encoding import encode, read_value
from varbridge.errors import MalformedReplyError

DEADLINE_S = 15.0
"""The time in which writes must be acknowledged again after a failure, in seconds."""


HISTORY = 100
"""The number of versions that a bridge retains of a variable by default."""


class FailoverWorkload:
    """A workload in which each client sets its own variable repeatedly, to the number of the new version.

    The clients write within a ``with`` block. A write that is not answered is repeated with the same request
    id, so that it must apply only once. A follower receives the updates of all writes.

    Args:
        session_id: the id of the session.
        connect: the function that opens connections, which know all bridges and retry calls.
        clients: the number of clients that write concurrently.

    Attributes:
        lost: sentences about acknowledged writes that are missing or have another value.
        discrepancies: sentences about wrong or missing updates of the follower.
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
        self._follower = FollowerAdapter(connect().session(session_id), ())
        self._writers = [threading.Thread(target=self._write, args=item) for item in self._sessions.items()]

    def __enter__(self) -> FailoverWorkload:
        for name in self._sessions:
            self._acknowledged[name] = self._session.register(name, "integer", encode("integer", 1)).version
        for writer in self._writers:
            writer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for writer in self._writers:
            writer.join()
        newest = dict(self._acknowledged)
        self._follower.wait_for(lambda _: self._reported() == newest, DEADLINE_S)
        self._follower.close()
        for name, version in newest.items():
            versions = self._versions(name)
            if len(versions) != version or versions != [*range(1, version + 1)]:
                self.discrepancies.append(
                    f"the follower received {len(versions)} updates of {name}, which had {version} versions;"
                    f" the last ones: {versions[-9:]}"
                )
        if self._follower.ended is not None:
            self.discrepancies.append(f"the follower ended: {self._follower.ended}")

    def get_on(self, count: int = 20) -> None:
        """Wait until each client has had ``count`` more writes acknowledged.

        Raises:
            AssertionError: a call failed, or a client had fewer writes acknowledged within ``DEADLINE_S``.
        """
        with self._arrived:
            before = dict(self._acknowledged)
            self._arrived.wait_for(lambda: self._failure or self._least(before) >= count, DEADLINE_S)
            least = self._least(before)
        if self._failure is not None:
            raise AssertionError(f"a client failed: {self._failure}")
        if least < count:
            raise AssertionError(
                f"a client had only {least} of {count} writes acknowledged in {DEADLINE_S:g} s"
            )

    def inspect(self, bridge: str, session: Session) -> None:
        """Compare the state of a bridge with the acknowledged writes; add what differs to ``lost``."""
        variables, missing = session.get_many([*self._acknowledged])
        self.lost.extend(f"{name} is gone at {bridge}" for name in missing)
        self.lost.extend(
            f"{name} is not in the answer of a read at {bridge}"
            for name in self._acknowledged.keys() - variables.keys() - {*missing}
        )
        for name in self._acknowledged.keys() & variables.keys():
            variable, expected = variables[name], self._acknowledged[name]
            if (variable.version, read_value(variable)) != (expected, expected):
                self.lost.append(
                    f"{name} holds {read_value(variable)} at version {variable.version} at {bridge},"
                    f" but version {expected} was the last that was acknowledged"
                )
            versions = [entry.version for entry in session.history(name)]
            if versions != [*range(expected, max(0, expected - HISTORY), -1)]:
                self.lost.append(f"the history of {name} at {bridge} has the versions {versions}")

    def _write(self, name: str, session: Session) -> None:
        try:
            while not self._done.is_set():
                wanted = self._acknowledged[name] + 1
                answered = session.set(name, encode("integer", wanted), request_id=f"{name} {wanted}")
                with self._arrived:
                    if answered != wanted:
                        self.lost.append(
                            f"a set of {name} was answered with version {answered} instead of {wanted}"
                        )
                        return
                    self._acknowledged[name] = wanted
                    self._arrived.notify_all()
        except (BridgeError, MalformedReplyError) as error:
            with self._arrived:
                self._failure = error
                self._arrived.notify_all()

    def _least(self, before: dict[str, int]) -> int:
        return min(self._acknowledged[name] - before[name] for name in before)

    def _reported(self) -> dict[str, int]:
        return {u.variable.name: u.variable.version for u in self._follower.updates if u.variable}

    def _versions(self, name: str) -> list[int]:
        variables = (update.variable for update in self._follower.updates)
        return [variable.version for variable in variables if variable and variable.name == name]
