"""The preparation of calls about many variables, in slices between which other calls run.

A call reads or changes its session in one turn of the event loop, so that it shows one moment. What takes
longest of it can be done before: variables are serialized, and their bytes are cached in them; values of a
batch are parsed. The turn itself finds the results.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from ..core.errors import RefusalError, ResourceExhaustedError
from ..core.limits import Limits
from ..core.sessions import Sessions
from ..core.types import PARSED, TYPES, Accepted
from ..core.variables import Variable
from . import codec
from .unread import UnreadBytes

SLICE_S = 0.005
"""The time after which a preparation lets other calls run, and for which it does, in seconds."""

MIN_ITEMS = 100
"""The minimum number of variables of a call that is prepared."""

MAX_PARSED_BYTES = 64 * 2**10
"""The maximum size of a value in JSON that is parsed before its turn; larger ones are fewer in a message."""

Item = TypeVar("Item")

Prepare = Callable[[Any, str], Awaitable[None]]
"""A function that prepares a call: it gets the request, and the prefix of the type URLs in the reply."""


class Preparation:
    """The preparation of calls; a turn of the event loop has one slice, whatever the number of calls.

    Args:
        sessions: the open sessions.
        unread: the number of bytes on their way to readers; too large replies are refused.
        max_variables: the maximum number of variables that one call names; calls with more are refused.
    """

    def __init__(self, sessions: Sessions, unread: UnreadBytes, max_variables: int = Limits().batch) -> None:
        self._sessions = sessions
        self._unread = unread
        self.max_variables = max_variables
        self._turn = asyncio.Lock()
        self._methods: dict[str, Prepare] = {
            "ListVariables": self._session,
            "InitializeSession": self._session,
            "GetVariables": self._read,
            "SetVariables": self._set,
            "GetVariableHistory": self._history,
        }

    def of(self, method: str) -> Prepare | None:
        """Return the function that prepares calls of a method; None if they need no preparation."""
        return self._methods.get(method)

    async def _session(self, request: Any, prefix: str) -> None:
        session = self._sessions.renew(request.session_id)
        if session is not None:
            await self._encode(session.matching(getattr(request, "pattern", "")), prefix)

    async def _history(self, request: Any, prefix: str) -> None:
        session = self._sessions.renew(request.session_id)
        if session is not None:
            changes = session.history(request.variable_identifier, request.limit)
            self._check_size(change.variable for change in changes)

    def _check_size(self, variables: Iterable[Variable]) -> None:
        """Refuse a reply with variables that would be too large, before it is made."""
        self._unread.check(sum(len(variable.data) + len(variable.array) for variable in variables))

    def _check_count(self, count: int, field: str) -> None:
        if count > self.max_variables:
            raise ResourceExhaustedError(
                f"{field}: a call names at most {self.max_variables} variables (--max-batch), not {count}"
            )

    async def _set(self, request: Any, prefix: str) -> None:
        self._check_count(len(request.updates), "updates")
        if len(request.updates) <= MIN_ITEMS:
            return
        parsed: dict[tuple[str, bytes], Accepted] = {}

        def parse(name: str) -> None:
            message = request.updates[name]
            kind = message.type_url.rpartition(".")[2].rpartition("/")[2]
            if kind in TYPES and len(message.value) <= MAX_PARSED_BYTES:
                with suppress(RefusalError):  # it is refused in its turn
                    parsed[kind, message.value] = TYPES[kind].read_json(message.value, name)

        await self.in_slices([*request.updates], parse)
        PARSED.set(parsed)

    async def _read(self, request: Any, prefix: str) -> None:
        self._check_count(len(request.variable_identifiers), "variable_identifiers")
        session = self._sessions.renew(request.session_id)
        if session is not None:
            variables, _ = session.get_many(request.variable_identifiers)
            await self._encode([*variables.values()], prefix)

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
