"""The content of a session: its variables, their history, and the log that watches read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Self

from ..storage.memory import MEMORY
from ..storage.records import Opened, SessionState
from ..storage.store import Store
from .catalog import Catalog
from .change_log import Change, ChangeLog, Watch
from .clock import Clock
from .dependencies import Dependencies
from .errors import NotFoundError, RefusalError, ResourceExhaustedError
from .history import Histories
from .journal import Journal
from .limits import Limits
from .locks import Locks
from .names import check_name
from .registered_tools import RegisteredTools
from .variables import Optimization, Variable


class SessionContent:
    """The content of one session, as it is read and watched; ``core.session`` changes it."""

    def __init__(self, opened: Opened, clock: Clock, limits: Limits, store: Store = MEMORY) -> None:
        """Make an empty session, of which the store is told with its first change or by ``open``."""
        self.id = opened.session_id
        self.metadata = opened.metadata
        self.created_at = opened.created_at
        self.start_sequence = opened.start_sequence
        self._journal = Journal(opened, store, limits)
        self._clock = clock
        self._limits = limits
        self._latest = self.created_at
        self._variables = Catalog()
        self._histories = Histories(limits.history)
        self._answers: dict[str, int] = {}
        self._ended: RefusalError | None = None
        self._dependencies = Dependencies(limits.dependencies)
        self._locks = Locks(clock)
        self.tools = RegisteredTools(limits.tools)
        self._journal.follow(self._histories)

    @classmethod
    def recovered(cls, state: SessionState, clock: Clock, limits: Limits, store: Store) -> Self:
        """A session as a store has kept it."""
        session = cls(state.opened, clock, limits, store)
        session._journal.recover(state.log)
        session.restore(state)
        return session

    def restore(self, state: SessionState) -> None:
        """Be again as a store has kept it. The log stays as it is: it has nothing that is not kept."""
        self._ended = None
        self._journal.rollback_uncommitted()
        self._variables = Catalog(variable for variable, _ in state.variables)
        self._histories = Histories(self._limits.history)
        self._dependencies = Dependencies(self._limits.dependencies)
        self._locks = Locks(self._clock)
        self._answers = dict(state.answers)
        self._latest = self.created_at
        for variable, changes in state.variables:
            self._latest = max(self._latest, variable.updated_at)
            self._histories.restore(changes)
            if (holder := variable.optimization) is not None:
                silent = self._clock.utc() - max(holder.started_at, variable.updated_at)
                self._locks.restore(variable.id, holder, max(0.0, silent / 1e9))
        for followed, follower, dependency_type in state.dependencies:
            self._dependencies.add(followed, follower, dependency_type)
        self.tools = RegisteredTools(self._limits.tools, state.tools)
        self._journal.follow(self._histories)

    # Reading

    @property
    def sequence(self) -> int:
        """The sequence of the newest change, also while the store does not have it yet."""
        return self._journal.sequence

    @property
    def log(self) -> ChangeLog:
        """The log that the watches read."""
        return self._journal.log

    def __len__(self) -> int:
        return len(self._variables)

    def get(self, identifier: str) -> Variable:
        """Find a variable by id or name; an id wins over an equal name."""
        found = self._find(identifier)
        if found is None:
            check_name(identifier, "variable_identifier")
            raise self._ended.copy() if self._ended else NotFoundError(f"Variable not found: {identifier}")
        return found

    def get_many(self, identifiers: Iterable[str]) -> tuple[dict[str, Variable], list[str]]:
        """Find several: those found by the identifier asked for, and the missing in the order asked."""
        found: dict[str, Variable] = {}
        missing: list[str] = []
        for identifier in dict.fromkeys(identifiers):
            variable = self._find(identifier)
            if variable is None:
                missing.append(check_name(identifier, "variable_identifiers"))
            else:
                found[identifier] = variable
        return found, missing

    def matching(self, pattern: str = "") -> list[Variable]:
        """The variables whose whole name matches a glob (``*``, ``?``), in order of registration."""
        return [self._with_present_lock(variable) for variable in self._variables.matching(pattern)]

    def history(self, identifier: str, limit: int = 0) -> list[Change]:
        """The accepted changes of a variable that are kept, newest first; 0 for all."""
        return self._histories.newest(self.get(identifier), limit)

    # Watching

    def watch(
        self, identifiers: Sequence[str], wake: Callable[[], object], resume_after: int | None = None
    ) -> tuple[Watch, list[Variable]]:
        """Place a watch; return it and the variables watched, as of the same moment, in the order asked.

        Args:
            identifiers: ids or names, or none for every variable.
            wake: called when the watch has something to take.
            resume_after: the sequence after which to go on, rather than from now.
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
        ids = {variable.id for variable in watched} if identifiers else None
        return Watch(self.log, ids, after, wake), watched

    def end_watches(self, reason: RefusalError) -> int:
        """End all watches with a reason; return how many there were."""
        watches = [*self.log.watches]
        for watch in watches:
            watch.end(reason)
        if self._ended is not None:
            self._journal.detach()
        return len(watches)

    def close(self, reason: RefusalError) -> int:
        """End the session but for its watches; return how many variables, watches and tools there were.

        A tool that still runs in it finds no variable any more, and is told the reason.
        """
        ended = len(self._variables) + len(self.log.watches) + len(self.tools)
        self._ended = reason
        self._variables.clear()
        self.tools.clear()
        return ended

    # Within

    def _find(self, identifier: str) -> Variable | None:
        found = self._variables.find(identifier)
        return found and self._with_present_lock(found)

    def _with_present_lock(self, variable: Variable) -> Variable:
        """The variable as it is now, where the lock that it had may have lapsed."""
        held = variable.optimization and self._locks.holder(variable.id)
        return variable if held == variable.optimization else self._mark(variable, held)

    def _mark(self, variable: Variable, holder: Optimization | None) -> Variable:
        marked = variable.held_by(holder)
        self._variables.put(marked)
        return marked

    def _get_since(self, identifiers: Iterable[str], sequence: int) -> list[Variable]:
        """Find variables under the names that they had at a sequence: their end may be yet to be told."""
        after = [change.variable for change in reversed(self.log.after(sequence))]
        # The first change tells who had a name then; an id wins over an equal name.
        since = {variable.name: variable for variable in after} | {
            variable.id: variable for variable in after
        }
        return [self._variables.by_id(one) or since.get(one) or self.get(one) for one in identifiers]
