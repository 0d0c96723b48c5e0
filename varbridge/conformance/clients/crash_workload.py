"""A workload of clients that write until their bridge is killed, and checks of the state after a restart."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

from varbridge import BridgeError, Connection, Session, Update
from varbridge.conformance.clients.collected_watch import CollectedWatch, collect
from varbridge.conformance.vocabulary.encoding import encode, read_value
from varbridge.errors import MalformedReplyError
from varbridge.process import ServerProcess

DEADLINE_S = 30.0
"""The time in which enough writes must be acknowledged before the bridge is killed, in seconds."""


class CrashWorkload:
    """A workload in which each client sets its own variables repeatedly, to the number of the new version.

    Args:
        session_id: the id of the session.
        clients: the number of clients that write concurrently.
        size: the number of variables that each client sets at a time; more than one as an atomic batch.

    Attributes:
        lost: sentences about acknowledged writes that are missing or have another value.
        torn: sentences about batches that are only partly present.
        discrepancies: sentences about wrong or missing updates of a watch, over all crashes.
    """

    def __init__(self, session_id: str, clients: int, size: int) -> None:
        self.lost: list[str] = []
        self.torn: list[str] = []
        self.discrepancies: list[str] = []
        self._session_id = session_id
        self._names = [[f"client_{n}_{m}" for m in range(size)] for n in range(clients)]
        self._acknowledged = dict.fromkeys((name for names in self._names for name in names), 0)
        self._arrived = threading.Condition()
        self._count = 0
        self._seen: list[Update] = []

    def run(self, connect: Callable[[], Connection], process: ServerProcess, acknowledged: int) -> None:
        """Write until so many writes are acknowledged; then kill the process, and wait for its end."""
        self._count = 0
        sessions = [connect().session(self._session_id) for _ in self._names]
        witness = connect().session(self._session_id)
        witness.initialize()
        with self._watch(witness) as watch:
            if not self._seen:
                for name in self._acknowledged:
                    self._acknowledge({name: witness.register(name, "integer", encode("integer", 1)).version})
            writers = [
                threading.Thread(target=self._write, args=(session, names))
                for session, names in zip(sessions, self._names, strict=True)
            ]
            for writer in writers:
                writer.start()
            with self._arrived:
                self._arrived.wait_for(lambda: self._count >= acknowledged, DEADLINE_S)
            process.kill()
            for writer in writers:
                writer.join()
            process.wait_ended(DEADLINE_S)
            watch.wait_until_over(DEADLINE_S)
            self._seen.extend(update for update in watch.updates if update.variable is not None)

    def inspect(self, session: Session) -> None:
        """Compare the bridge's state with acknowledged writes and received updates; record what differs."""
        seen = {update.variable.name: update.variable.version for update in self._seen if update.variable}
        variables, missing = session.get_many([*self._acknowledged])
        self.lost.extend(f"{name} is gone" for name in missing)
        for name in self._acknowledged.keys() - variables.keys() - {*missing}:
            self.lost.append(f"{name} is not in the answer of a read")
        for name in self._acknowledged.keys() & variables.keys():
            variable = variables[name]
            at_least, version = self._acknowledged[name], variable.version
            if version < at_least:
                self.lost.append(f"{name} is at version {version}, but {at_least} was acknowledged")
            if version < seen.get(name, 0):
                self.discrepancies.append(
                    f"{name} is at version {version}, but a watch received {seen[name]}"
                )
            if version > at_least + 1:
                self.lost.append(f"{name} is at version {version}, but at most {at_least + 1} was written")
            if read_value(variable) != version:
                self.lost.append(f"{name} holds {read_value(variable)} at version {version}")
            self._acknowledged[name] = version
        for names in self._names:
            versions = {variables[name].version for name in names if name in variables}
            if len(versions) > 1:
                self.torn.append(f"{names} were set in atomic batches, but are at the versions {versions}")

    def inspect_watch(self, session: Session) -> None:
        """Check that the watch received each version exactly once, over all crashes; record what differs."""
        with self._watch(session) as watch:
            # Updates that are still missing come before the update of this marker.
            marker = session.register("marker", "boolean", encode("boolean", True))
            rest = watch.wait_for(
                lambda updates: any(update.variable_id == marker.id for update in updates), DEADLINE_S
            )
        self._seen.extend(update for update in rest if update.variable is not None)
        for name, version in self._acknowledged.items():
            versions = [u.variable.version for u in self._seen if u.variable and u.variable.name == name]
            if len(versions) != version or versions != [*range(1, version + 1)]:
                self.discrepancies.append(
                    f"a watch of {name} received {_shorten(versions)} although there were {version} versions"
                )

    def _watch(self, session: Session) -> CollectedWatch:
        """Watch all variables; resume after the last update that was received."""
        return collect(session, resume_after=self._seen[-1].sequence if self._seen else None)

    def _write(self, session: Session, names: Sequence[str]) -> None:
        try:
            while True:
                version = self._acknowledged[names[0]] + 1
                if len(names) == 1:
                    self._acknowledge({names[0]: session.set(names[0], encode("integer", version))})
                else:
                    answer = session.set_many(dict.fromkeys(names, encode("integer", version)), atomic=True)
                    self._acknowledge(answer.versions)
        except (BridgeError, MalformedReplyError):
            pass  # the bridge was killed, or an invariant reports its reply

    def _acknowledge(self, versions: Mapping[str, int]) -> None:
        with self._arrived:
            self._acknowledged.update(versions)
            self._count += 1
            self._arrived.notify_all()


def _shorten(versions: Sequence[int]) -> str:
    gap = next((n for n, version in enumerate(versions, 1) if version != n), len(versions))
    return f"{len(versions)} updates, in order up to version {gap - 1},"
