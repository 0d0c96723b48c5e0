"""The client's view of a session, with variables as Python values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from varbridge.caller import Caller, perform
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.operations import BatchResult, Operations
from varbridge.tools import SessionTools
from varbridge.update import Update
from varbridge.variable import Variable
from varbridge.watch import BUFFER, OnEnd, Watch


class Session(SessionTools):
    """The methods of a session.

    Every method raises ``BridgeError`` if the bridge refuses the call, and takes a ``timeout`` in seconds for
    each call that it makes; without one, the connection's timeout applies.
    """

    def __init__(self, connection: Caller, session_id: str) -> None:
        self.connection = connection
        self.id = session_id
        self._operations = Operations(session_id)

    # The session itself

    def initialize(
        self,
        metadata: Mapping[str, str] | None = None,
        ttl_seconds: int = 0,
        *,
        timeout: float | None = None,
    ) -> pb.InitializeSessionResponse:
        """Open the session unless it is open already; return its tools and variables.

        Args:
            metadata: the metadata of a new session.
            ttl_seconds: the time to live of a new session, in seconds; 0 for the default of the bridge.
        """
        return perform(self._operations.initialize(metadata, ttl_seconds), self.connection, timeout)

    def clean_up(
        self,
        *,
        timeout: float | None = None,
    ) -> int:
        """Close the session; return the number of variables, watches and tools that ended with it."""
        return perform(self._operations.clean_up(), self.connection, timeout)

    def describe(
        self,
        *,
        timeout: float | None = None,
    ) -> pb.GetSessionResponse:
        """Return the metadata of the session and the numbers of its variables and tools."""
        return perform(self._operations.describe(), self.connection, timeout)

    def heartbeat(
        self,
        *,
        timeout: float | None = None,
    ) -> bool:
        """Restart the time to live of the session; return False if it is not open."""
        return perform(self._operations.heartbeat(), self.connection, timeout)

    # Variables

    def register(
        self,
        name: str,
        kind: str,
        value: Any,
        *,
        constraints: Mapping[str, Any] | str | None = None,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Variable:
        """Create a variable and return it.

        Args:
            name: the name, which is unique in the session.
            kind: one of the eight types.
            value: the initial value; see the module ``values``.
            constraints: the constraints as an object or as JSON text.
            metadata: the metadata of the variable.

        >>> session.register("learning_rate", "float", 0.1, constraints={"min": 0, "max": 1}).version
        1
        """
        return perform(
            self._operations.register(name, kind, value, constraints, metadata), self.connection, timeout
        )

    def get(
        self,
        identifier: str,
        *,
        timeout: float | None = None,
    ) -> Variable:
        """Return a variable by id or name.

        >>> session.register("temperature", "float", 0.7).version
        1
        >>> session.get("temperature").value
        0.7
        """
        return perform(self._operations.get(identifier), self.connection, timeout)

    def set(
        self,
        identifier: str,
        value: Any,
        *,
        kind: str | None = None,
        metadata: Mapping[str, str] | None = None,
        expected_version: int | None = None,
        request_id: str = "",
        timeout: float | None = None,
    ) -> int:
        """Set a variable; return its new version.

        Args:
            identifier: the id or name of the variable.
            value: the new value; see the module ``values``.
            kind: the type of the variable; by default it is looked up.
            metadata: the entries to merge into the variable's metadata.
            expected_version: the version that the variable must have; if it has another one, the call is
                refused as ABORTED.
            request_id: the idempotency key: a repeat with the same id applies only once. A connection with
                ``attempts`` chooses one if there is none.

        >>> session.register("max_tokens", "integer", 100).version
        1
        >>> session.set("max_tokens", 200, expected_version=1)
        2
        """
        return perform(
            self._operations.set(identifier, value, kind, metadata, expected_version, request_id),
            self.connection,
            timeout,
        )

    def get_many(
        self,
        identifiers: Sequence[str],
        *,
        metadata: bool = True,
        timeout: float | None = None,
    ) -> tuple[dict[str, Variable], list[str]]:
        """Return variables by identifier, as of one moment, and the missing ones in the requested order."""
        return perform(self._operations.get_many(identifiers, metadata), self.connection, timeout)

    def set_many(
        self,
        updates: Mapping[str, Any],
        *,
        atomic: bool = False,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> BatchResult:
        """Set several variables; with ``atomic``, either all of them or none."""
        return perform(self._operations.set_many(updates, atomic, metadata), self.connection, timeout)

    def list(
        self,
        pattern: str = "",
        *,
        timeout: float | None = None,
    ) -> Sequence[Variable]:
        """Return the variables whose names match a glob, in order of registration."""
        return perform(self._operations.list(pattern), self.connection, timeout)

    def delete(
        self,
        identifier: str,
        *,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> None:
        """Delete a variable."""
        return perform(self._operations.delete(identifier, metadata), self.connection, timeout)

    def history(
        self,
        identifier: str,
        limit: int = 0,
        *,
        timeout: float | None = None,
    ) -> Sequence[pb.VariableHistoryEntry]:
        """Return at most ``limit`` versions of a variable, newest first; 0 for all that are retained.

        There are no pages: every reply begins with the newest version. It has at most 100 MiB, beyond which
        the call is refused as RESOURCE_EXHAUSTED; of large arrays, ask for fewer versions.
        """
        return perform(self._operations.history(identifier, limit), self.connection, timeout)

    def roll_back(
        self,
        identifier: str,
        version: int,
        *,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Variable:
        """Set a variable to the value of an older version; return the variable at its new version."""
        return perform(self._operations.roll_back(identifier, version, metadata), self.connection, timeout)

    def depend(
        self,
        followed: str,
        follower: str,
        dependency_type: str = "",
        *,
        timeout: float | None = None,
    ) -> None:
        """Add a dependency: ``follower`` follows ``followed``, each by id or name."""
        return perform(self._operations.depend(followed, follower, dependency_type), self.connection, timeout)

    def start_optimization(
        self,
        identifier: str,
        optimizer_id: str,
        *,
        timeout: float | None = None,
    ) -> str:
        """Lock a variable for one optimizer; return the id of this optimization."""
        return perform(
            self._operations.start_optimization(identifier, optimizer_id), self.connection, timeout
        )

    def stop_optimization(
        self,
        identifier: str,
        optimizer_id: str,
        *,
        force: bool = False,
        timeout: float | None = None,
    ) -> Any:
        """Release the lock of a variable, with ``force`` even another optimizer's; return its value."""
        return perform(
            self._operations.stop_optimization(identifier, optimizer_id, force), self.connection, timeout
        )

    def watch(
        self,
        *identifiers: str,
        initial: bool = False,
        resume_after: int | None = None,
        on_update: Callable[[Update], object] | None = None,
        on_end: OnEnd | None = None,
        timeout: float = 5.0,
        buffer: int = BUFFER,
    ) -> Watch:
        """Open a watch of variables, by default of all; the bridge has confirmed it when this returns.

        A watch ends when it is closed, or when it is not referred to any more. One with ``on_update`` goes on
        until it is closed, or its connection is.

        Args:
            identifiers: the ids or names of the variables.
            initial: True if the first updates are the present values of the variables.
            resume_after: the last sequence of an earlier watch, after which to resume.
            on_update: the function that is called for each update, on the thread that reads the watch.
            on_end: the function that is called once when a watch with ``on_update`` ends; see ``Watch``.
            timeout: the time in which the bridge must confirm the watch, in seconds.
            buffer: the maximum number of updates that wait to be iterated over; then back-pressure stops the
                bridge.

        >>> session.register("batch_size", "integer", 16).version
        1
        >>> with session.watch("batch_size", initial=True) as watch:
        ...     for update in watch:
        ...         print(update.kind, update.variable.value)
        ...         break
        initial_value 16
        """
        request = self._operations.watch_request(identifiers, initial, resume_after)
        stream = self.connection.stream("WatchVariables", request)
        return Watch(stream, on_update, on_end, timeout, buffer)
