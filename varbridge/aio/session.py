"""The client's view of a session, for asyncio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from varbridge.aio.caller import Caller
from varbridge.aio.tools import SessionTools
from varbridge.aio.watch import OpeningWatch
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.operations import BatchResult, Operations
from varbridge.variable import Variable


class Session(SessionTools):
    """The methods of a session; see ``varbridge.Session``.

    Every method raises ``BridgeError`` if the bridge refuses the call, and takes a ``timeout`` in seconds for
    each call that it makes; without one, the connection's timeout applies.
    """

    def __init__(self, connection: Caller, session_id: str) -> None:
        self.connection = connection
        self.id = session_id
        self._operations = Operations(session_id)

    # The session itself

    async def initialize(
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
        return await self._perform(self._operations.initialize(metadata, ttl_seconds), timeout)

    async def clean_up(
        self,
        *,
        timeout: float | None = None,
    ) -> int:
        """Close the session; return the number of variables, watches and tools that ended with it."""
        return await self._perform(self._operations.clean_up(), timeout)

    async def describe(
        self,
        *,
        timeout: float | None = None,
    ) -> pb.GetSessionResponse:
        """Return the metadata of the session and the numbers of its variables and tools."""
        return await self._perform(self._operations.describe(), timeout)

    async def heartbeat(
        self,
        *,
        timeout: float | None = None,
    ) -> bool:
        """Restart the time to live of the session; return False if it is not open."""
        return await self._perform(self._operations.heartbeat(), timeout)

    # Variables

    async def register(
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

        >>> (await session.register("learning_rate", "float", 0.1, constraints={"min": 0, "max": 1})).version
        1
        """
        return await self._perform(
            self._operations.register(name, kind, value, constraints, metadata), timeout
        )

    async def get(
        self,
        identifier: str,
        *,
        timeout: float | None = None,
    ) -> Variable:
        """Return a variable by id or name.

        >>> (await session.register("temperature", "float", 0.7)).version
        1
        >>> (await session.get("temperature")).value
        0.7
        """
        return await self._perform(self._operations.get(identifier), timeout)

    async def set(
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

        >>> (await session.register("max_tokens", "integer", 100)).version
        1
        >>> await session.set("max_tokens", 200, expected_version=1)
        2
        """
        return await self._perform(
            self._operations.set(identifier, value, kind, metadata, expected_version, request_id), timeout
        )

    async def get_many(
        self,
        identifiers: Sequence[str],
        *,
        metadata: bool = True,
        timeout: float | None = None,
    ) -> tuple[dict[str, Variable], list[str]]:
        """Return variables by identifier, as of one moment, and the missing ones in the requested order."""
        return await self._perform(self._operations.get_many(identifiers, metadata), timeout)

    async def set_many(
        self,
        updates: Mapping[str, Any],
        *,
        atomic: bool = False,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> BatchResult:
        """Set several variables; with ``atomic``, either all of them or none."""
        return await self._perform(self._operations.set_many(updates, atomic, metadata), timeout)

    async def list(
        self,
        pattern: str = "",
        *,
        timeout: float | None = None,
    ) -> Sequence[Variable]:
        """Return the variables whose names match a glob, in order of registration."""
        return await self._perform(self._operations.list(pattern), timeout)

    async def delete(
        self,
        identifier: str,
        *,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> None:
        """Delete a variable."""
        return await self._perform(self._operations.delete(identifier, metadata), timeout)

    async def history(
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
        return await self._perform(self._operations.history(identifier, limit), timeout)

    async def roll_back(
        self,
        identifier: str,
        version: int,
        *,
        metadata: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> Variable:
        """Set a variable to the value of an older version; return the variable at its new version."""
        return await self._perform(self._operations.roll_back(identifier, version, metadata), timeout)

    async def depend(
        self,
        followed: str,
        follower: str,
        dependency_type: str = "",
        *,
        timeout: float | None = None,
    ) -> None:
        """Add a dependency: ``follower`` follows ``followed``, each by id or name."""
        return await self._perform(self._operations.depend(followed, follower, dependency_type), timeout)

    async def start_optimization(
        self,
        identifier: str,
        optimizer_id: str,
        *,
        timeout: float | None = None,
    ) -> str:
        """Lock a variable for one optimizer; return the id of this optimization."""
        return await self._perform(self._operations.start_optimization(identifier, optimizer_id), timeout)

    async def stop_optimization(
        self,
        identifier: str,
        optimizer_id: str,
        *,
        force: bool = False,
        timeout: float | None = None,
    ) -> Any:
        """Release the lock of a variable, with ``force`` even another optimizer's; return its value."""
        return await self._perform(
            self._operations.stop_optimization(identifier, optimizer_id, force), timeout
        )

    def watch(
        self,
        *identifiers: str,
        initial: bool = False,
        resume_after: int | None = None,
        timeout: float = 5.0,
    ) -> OpeningWatch:
        """Open a watch of variables, by default of all, with ``async with`` or ``await``.

        A watch ends when it is closed, or when it is not referred to any more. Updates wait in gRPC's own
        buffers until they are iterated over; when these are full, back-pressure stops the bridge.

        Args:
            identifiers: the ids or names of the variables.
            initial: True if the first updates are the present values of the variables.
            resume_after: the last sequence of an earlier watch, after which to resume.
            timeout: the time in which the bridge must confirm the watch, in seconds.

        >>> (await session.register("batch_size", "integer", 16)).version
        1
        >>> async with session.watch("batch_size", initial=True) as watch:
        ...     async for update in watch:
        ...         print(update.kind, update.variable.value)
        ...         break
        initial_value 16
        """
        request = self._operations.watch_request(identifiers, initial, resume_after)
        return OpeningWatch(self.connection, request, timeout)
