"""Optimization locks: the exclusive right of one optimizer to set a variable, which expires without a set."""

from __future__ import annotations

from typing import NamedTuple

from .clock import Clock
from .errors import FailedPreconditionError
from .names import check_name
from .variables import Optimization

LOCK_TIMEOUT_S = 300.0
"""The time without a set by its holder after which a lock expires, in seconds."""

LOCKED = "variable_locked_for_optimization"


class _Lock(NamedTuple):
    holder: Optimization
    expires: float


class Locks:
    """The optimization locks of one session, by variable id."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._locks: dict[str, _Lock] = {}

    def holder(self, variable_id: str) -> Optimization | None:
        """Return the holder of a variable's lock; None if it is free or has expired."""
        lock = self._locks.get(variable_id)
        if lock is None:
            return None
        if lock.expires <= self._clock.elapsed():
            del self._locks[variable_id]
            return None
        return lock.holder

    def take(self, variable_id: str, name: str, optimizer_id: str, at: int) -> Optimization:
        """Lock a variable for an optimizer; ``at`` is the time in ns since the epoch.

        Raises:
            FailedPreconditionError: the variable is locked already, by another or by the same optimizer.
        """
        check_name(optimizer_id, "optimizer_id")
        if (held := self.holder(variable_id)) is not None:
            raise FailedPreconditionError(f"{LOCKED}: {name} is held by {held.optimizer_id}")
        holder = Optimization(optimizer_id, at)
        self._locks[variable_id] = _Lock(holder, self._clock.elapsed() + LOCK_TIMEOUT_S)
        return holder

    def check(self, variable_id: str, name: str, optimizer_id: str) -> None:
        """Refuse a change of a locked variable unless ``optimizer_id`` (empty for none) holds the lock."""
        held = self.holder(variable_id)
        if held is not None and held.optimizer_id != optimizer_id:
            raise FailedPreconditionError(f"{LOCKED}: {name} is held by {held.optimizer_id}")

    def renew(self, variable_id: str) -> None:
        """Restart the timeout of a lock, after its holder has made a change."""
        if (lock := self._locks.get(variable_id)) is not None:
            self._locks[variable_id] = _Lock(lock.holder, self._clock.elapsed() + LOCK_TIMEOUT_S)

    def release(self, variable_id: str, name: str, optimizer_id: str, *, force: bool) -> None:
        """Release the lock of a variable.

        Raises:
            FailedPreconditionError: the variable is not locked, or another optimizer has locked it and
                ``force`` is False.
        """
        held = self.holder(variable_id)
        if held is None:
            raise FailedPreconditionError(f"{name} is not being optimized")
        if held.optimizer_id != optimizer_id and not force:
            raise FailedPreconditionError(f"{LOCKED}: {name} is held by {held.optimizer_id}")
        del self._locks[variable_id]

    def restore(self, variable_id: str, holder: Optimization, idle_s: float) -> None:
        """Lock a variable for an optimizer that made its last set ``idle_s`` seconds ago."""
        self._locks[variable_id] = _Lock(holder, self._clock.elapsed() + LOCK_TIMEOUT_S - idle_s)

    def drop(self, variable_id: str) -> None:
        """Remove the lock of a deleted variable."""
        self._locks.pop(variable_id, None)
