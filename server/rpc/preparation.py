"""The preparation of calls about many variables, in slices between which other calls run.

A call reads or changes its session in one turn of the event loop, so that it shows one moment. What takes
longest of it can be done before: variables are serialized, and their bytes are cached in them; the sets of a
batch are planned; the parameters of tools are checked. The turn itself finds the results, and plans again
what has changed meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, TypeVar

from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core.changes import ChangeContext, PlannedSet
from ..core.errors import RefusalError, ResourceExhaustedError
from ..core.limits import Limits
from ..core.parameters import Parameter
from ..core.registered_tools import check_parameter
from ..core.session import Session
from ..core.sessions import Sessions
from ..core.variables import Variable
from . import codec
from .readers import BatchReaders
from .tool_specs import parameter_of
from .unread import UnreadBytes

SLICE_S = 0.005
"""The time after which a preparation lets other calls run, and for which it does, in seconds."""

MIN_ITEMS = 100
"""The minimum number of variables of a call that is prepared."""

MIN_BYTES = 2**16
"""The minimum size of a batch of fewer variables that is prepared."""

PLANS: ContextVar[Mapping[str, PlannedSet]] = ContextVar("plans", default=MappingProxyType({}))
"""The sets of the current call that were planned before its turn, by identifier."""

CHECKED: ContextVar[Collection[Parameter]] = ContextVar("checked", default=frozenset())
"""The parameters of the current call that were checked before its turn, and are valid."""

Item = TypeVar("Item")

Prepare = Callable[[Any, str], AbstractAsyncContextManager[None]]
"""A function that returns a context manager, which prepares a call that is answered within it; the function
gets the request, and the prefix of the type URLs in the reply."""


class Preparation:
    """The preparation of calls; a turn of the event loop has one slice, whatever the number of calls.

    Args:
        sessions: the open sessions.
        unread: the number of bytes on their way to readers; too large replies are refused.
        max_variables: the maximum number of variables that one call names; calls with more are refused.
        max_json_bytes: the maximum size of an array in JSON, in bytes; larger ones are refused.
    """

    def __init__(
        self,
        sessions: Sessions,
        unread: UnreadBytes,
        max_variables: int = Limits().batch,
        max_json_bytes: int = Limits().json_bytes,
    ) -> None:
        self._sessions = sessions
        self._unread = unread
        self.max_variables = max_variables
        self._max_json_bytes = max_json_bytes
        self._turn = asyncio.Lock()
        self._methods: dict[str, Prepare] = {
            "ListVariables": self._session,
            "InitializeSession": self._session,
            "GetVariables": self._read,
            "SetVariables": self._set,
            "GetVariableHistory": self._history,
            "RegisterTools": self._register,
        }

    def of(self, method: str) -> Prepare | None:
        """Return the function that prepares calls of a method; None if they need no preparation."""
        return self._methods.get(method)

    @asynccontextmanager
    async def _session(self, request: Any, prefix: str) -> AsyncIterator[None]:
        session = self._sessions.renew(request.session_id)
        if session is not None:
            await self._encode(session.matching(getattr(request, "pattern", "")), prefix)
        yield

    @asynccontextmanager
    async def _history(self, request: Any, prefix: str) -> AsyncIterator[None]:
        session = self._sessions.renew(request.session_id)
        if session is not None:
            changes = session.history(request.variable_identifier, request.limit)
            self._check_size(change.variable for change in changes)
        yield

    def _check_size(self, variables: Iterable[Variable]) -> None:
        """Refuse a reply with variables that would be too large, before it is made."""
        self._unread.check(sum(len(variable.data) + len(variable.array) for variable in variables))

    def _check_count(self, count: int, field: str) -> None:
        if count > self.max_variables:
            raise ResourceExhaustedError(
                f"{field}: a call has at most {self.max_variables} (--max-batch), not {count}"
            )

    @asynccontextmanager
    async def _set(self, request: Any, prefix: str) -> AsyncIterator[None]:
        self._check_count(len(request.updates), "updates")
        session = self._sessions.renew(request.session_id)
        # A call about a session that is not open is refused in its turn.
        if session is None or (len(request.updates) <= MIN_ITEMS and request.ByteSize() < MIN_BYTES):
            yield
            return
        async with session.large_batches:
            await self._plan(session, request)
            yield

    async def _plan(self, session: Session, request: Any) -> None:
        plans: dict[str, PlannedSet] = {}
        readers, edit = BatchReaders(request, self._max_json_bytes), ChangeContext.of(request.metadata)

        def plan(identifier: str) -> None:
            with suppress(RefusalError):  # it is refused in its turn
                plans[identifier] = session.plan_set(session.get(identifier), readers[identifier], edit)

        await self.in_slices([*request.updates], plan)
        PLANS.set(plans)

    @asynccontextmanager
    async def _read(self, request: Any, prefix: str) -> AsyncIterator[None]:
        self._check_count(len(request.variable_identifiers), "variable_identifiers")
        session = self._sessions.renew(request.session_id)
        if session is not None:
            variables, _ = session.get_many(request.variable_identifiers)
            await self._encode([*variables.values()], prefix)
        yield

    @asynccontextmanager
    async def _register(self, request: Any, prefix: str) -> AsyncIterator[None]:
        parameters = [(tool.name, spec) for tool in request.tools for spec in tool.parameters]
        self._check_count(len(parameters), "tools.parameters")
        checked: set[Parameter] = set()

        def check(named: tuple[str, pb.ParameterSpec]) -> None:
            with suppress(RefusalError):  # it is refused in its turn
                parameter = parameter_of(named[1], named[0])
                check_parameter(parameter, named[0])
                checked.add(parameter)

        await self.in_slices(parameters, check)
        CHECKED.set(checked)
        yield

    async def _encode(self, variables: Sequence[Variable], prefix: str) -> None:
        self._check_size(variables)
        if len(variables) > MIN_ITEMS:
            await self.in_slices(variables, lambda variable: codec.variable_bytes(variable, prefix))

    async def in_slices(self, items: Iterable[Item], work: Callable[[Item], object]) -> None:
        """Do some work for each item, and let other calls run after each slice of time."""
        remaining = iter(items)
        while True:
            async with self._turn:
                until = time.perf_counter() + SLICE_S
                for item in remaining:
                    work(item)
                    if time.perf_counter() > until:
                        break
                else:
                    return
            await asyncio.sleep(SLICE_S)
