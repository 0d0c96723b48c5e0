"""The content of a session: its variables, their history, and the log that its watches read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Self

from ..storage.memory import MEMORY
from ..storage.records import Opened, SessionState
from ..storage.store import Store
from .catalog import Catalog, check_identifier
from .change_log import Change, ChangeLog, Watch
from .clock import Clock
from .dependencies import Dependencies
from .errors import NotFoundError, RefusalError, ResourceExhaustedError
from .history import Histories
from .journal import Journal
from .limits import Limits
from .locks import Locks
from .registered_tools import RegisteredTools
from .retention import (
    DEPENDENCY_BYTES,
    REQUEST_ID_BYTES,
    SESSION_BYTES,
    RetainedBytes,
    SessionBytes,
    bytes_of,
    constraint_bytes,
    tool_bytes,
    version_bytes,
    watch_bytes,
)
from .variables import Optimization, Variable


class SessionContent:
    """The content of one session, to be read and watched; ``core.session`` changes it."""

    def __init__(
        self,
        opened: Opened,
        clock: Clock,
        limits: Limits,
        store: Store = MEMORY,
        retained: RetainedBytes | None = None,
    ) -> None:
        """Create an empty session, which the first change or ``open`` writes to the store.

        It counts towards the bytes that the bridge retains once it is opened.
        """
        self._retained = SessionBytes(retained or RetainedBytes(limits.bytes))
        self.id = opened.session_id
        self.metadata = opened.metadata
        self.created_at = opened.created_at
        self.start_sequence = opened.start_sequence
        self._journal = Journal(opened, store, limits, self._retained)
        self._clock = clock
        self._limits = limits
        self._latest = self.created_at
        self._variables = Catalog()
        self._histories = Histories(limits.history)
        self._answers: dict[str, int] = {}
        self._readers: set[Watch] = set()  # the watches whose calls run, those that have ended included
        self._ended: RefusalError | None = None
        self.undone = 0
        """The number of times that the last changes were undone, because the store could not persist them."""
        self.large_batches = asyncio.Lock()
        """The lock of a large batch from its plans to its changes: another one would invalidate the plans."""
        self._dependencies = Dependencies(limits.dependencies, limits.followers)
        self._locks = Locks(clock)
        self.tools = RegisteredTools(limits.tools)
        self._journal.follow(self._histories)

    @classmethod
    def recovered(
        cls, state: SessionState, clock: Clock, limits: Limits, store: Store, retained: RetainedBytes
    ) -> Self:
        """Return a session with the state that a store has persisted."""
        session = cls(state.opened, clock, limits, store, retained)
        # The histories come before the log, which may drop changes at once whose versions they need.
        session.restore(state)
        session._journal.recover(state.log)
        return session

    def restore(self, state: SessionState) -> None:
        """Reset the session to its persisted state. The log is unchanged: it has only persisted changes."""
        self._ended = None
        self.undone += 1
        self._journal.rollback_uncommitted()
        self._variables = Catalog(variable for variable, _ in state.variables)
        self._histories = Histories(self._limits.history)
        self._dependencies = Dependencies(self._limits.dependencies, self._limits.followers)
        self._locks = Locks(self._clock)
        self._answers = dict(state.answers)
        self._latest = self.created_at
        for variable, changes in state.variables:
            self._latest = max(self._latest, variable.updated_at)
            self._histories.restore(changes)
            if (holder := variable.optimization) is not None:
                idle_ns = self._clock.utc() - max(holder.started_at, variable.updated_at)
                self._locks.restore(variable.id, holder, max(0.0, idle_ns / 1e9))
        for followed, follower, dependency_type in state.dependencies:
            self._dependencies.restore(followed, follower, dependency_type)
        self.tools = RegisteredTools(self._limits.tools, state.tools)
        self._journal.follow(self._histories)
        self.count_retained()

    def count_retained(self) -> None:
        """Count the bytes that the session retains, which ``core.session`` then keeps up to date."""
        self._retained.begin()
        versions = (
            change.variable for variable in self._variables for change in self._histories.retained(variable)
        )
        self._retained.add(
            SESSION_BYTES
            + bytes_of(self.metadata)
            + self.log.size
            + sum(map(version_bytes, versions))
            + sum(map(constraint_bytes, self._variables))
            + sum(REQUEST_ID_BYTES + len(request_id) for request_id in self._answers)
            + DEPENDENCY_BYTES * len(self._dependencies)
            + tool_bytes(self.tools)
            + self._watch_bytes()
        )

    def _watch_bytes(self) -> int:
        return sum(watch.size for watch in self._readers)

    # Reading

    @property
    def sequence(self) -> int:
        """The sequence of the newest change, even if it is not persisted yet."""
        return self._journal.sequence

    @property
    def log(self) -> ChangeLog:
        """The change log that the watches read."""
        return self._journal.log

    def __len__(self) -> int:
        return len(self._variables)

    def get(self, identifier: str) -> Variable:
        """Find a variable by id or name; an id wins over an equal name."""
        variable = self._find(identifier)
        if variable is None:
            check_identifier(identifier, "variable_identifier")
            raise self._ended.copy() if self._ended else NotFoundError(f"Variable not found: {identifier}")
        return variable

    def get_many(self, identifiers: Iterable[str]) -> tuple[dict[str, Variable], list[str]]:
        """Return the existing variables, by requested identifier, and the identifiers without a variable."""
        variables: dict[str, Variable] = {}
        missing: list[str] = []
        for identifier in dict.fromkeys(identifiers):
            variable = self._find(identifier)
            if variable is None:
                missing.append(check_identifier(identifier, "variable_identifiers"))
            else:
                variables[identifier] = variable
        return variables, missing

    def matching(self, pattern: str = "") -> list[Variable]:
        """Return the variables whose whole name matches a glob (``*``, ``?``), in order of registration."""
        return [self._with_present_lock(variable) for variable in self._variables.matching(pattern)]

    def history(self, identifier: str, limit: int = 0) -> list[Change]:
        """Return at most ``limit`` retained changes of a variable, newest first; 0 for all."""
        return self._histories.newest(self.get(identifier), limit)

    # Watching

    def watch(
        self, identifiers: Sequence[str], wake: Callable[[], object], resume_after: int | None = None
    ) -> tuple[Watch, list[Variable]]:
        """Open a watch; return it and a snapshot of the watched variables, in request order.

        Args:
            identifiers: the ids or names of the variables; empty for every variable.
            wake: the callback that is called when there are changes that the watch can take.
            resume_after: the sequence after which to resume; None to begin now.
        """
        after = self._journal.sequence
        if resume_after is not None:
            after = resume_after
            self.log.check_resume(after)
        if not identifiers:
            watched = [*self._variables]
        elif resume_after is None:
            watched = [self.get(identifier) for identifier in identifiers]
        else:
            watched = self._get_since(identifiers, after)
        watched = [*{variable.id: variable for variable in watched}.values()]
        if len(self.log.watches) >= self._limits.watches:
            raise ResourceExhaustedError(f"watches: a session has at most {self._limits.watches}")
        size = watch_bytes(identifiers)
        self._retained.check(size)
        ids = {variable.id for variable in watched} if identifiers else None
        watch = Watch(self.log, ids, after, wake, size, self._close_watch)
        self._readers.add(watch)
        self._retained.add(size)
        return watch, watched

    def _close_watch(self, watch: Watch) -> None:
        if watch not in self._readers:
            return
        self._readers.remove(watch)
        self._retained.add(-watch.size)
        if self._ended is not None and not self._readers:
            self._retained.end()

    def end_watches(self, reason: RefusalError) -> int:
        """End all watches with an error as the reason; return their number."""
        watches = [*self.log.watches]
        for watch in watches:
            watch.end(reason)
        if self._ended is not None:
            self._journal.detach()
        return len(watches)

    def close(self, reason: RefusalError) -> int:
        """Close the session, but not its watches; return the number of its variables, watches and tools.

        The gets and sets of a tool that still runs in the session fail with the reason.
        """
        ended = len(self._variables) + len(self.log.watches) + len(self.tools)
        self._ended = reason
        if not self._readers:
            self._retained.end()
        elif not any(watch.initial for watch in self._readers):
            # They can still take the changes of the log. With initial values, they may need any value.
            self._retained.begin()
            self._retained.add(self.log.size + self._watch_bytes())
        self._variables.clear()
        self.tools.clear()
        return ended

    def lose(self, reason: RefusalError) -> None:
        """Close the session and end its watches, since its last changes may not be persisted."""
        self.undone += 1
        self.close(reason)
        self.end_watches(reason)

    # Lookup

    def _find(self, identifier: str) -> Variable | None:
        variable = self._variables.find(identifier)
        return variable and self._with_present_lock(variable)

    def _with_present_lock(self, variable: Variable) -> Variable:
        """Return the variable with its current lock, since the one that it had may have expired."""
        held = variable.optimization and self._locks.holder(variable.id)
        return variable if held == variable.optimization else self._mark(variable, held)

    def _mark(self, variable: Variable, holder: Optimization | None) -> Variable:
        marked = variable.held_by(holder)
        self._variables.put(marked)
        return marked

    def _get_since(self, identifiers: Iterable[str], sequence: int) -> list[Variable]:
        """Find variables by the names that they had at a sequence, including variables deleted since."""
        after = [change.variable for change in reversed([*self.log.after(sequence)])]
        # The first change after the sequence shows which variable had a name; an id wins over an equal name.
        since = {variable.name: variable for variable in after} | {
            variable.id: variable for variable in after
        }
        return [
            self._variables.by_id(identifier) or since.get(identifier) or self.get(identifier)
            for identifier in identifiers
        ]
