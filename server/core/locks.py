"""Who optimizes which variable: a lock that one optimizer holds, and that lapses when it falls silent."""

from __future__ import annotations

from dataclasses import dataclass

from .clock import Clock
from .errors import FailedPreconditionError
from .names import check_name
from .variables import Optimization

LOCK_TIMEOUT_S = 300.0
"""Seconds without a set by its holder after which a lock is free."""

LOCKED = "variable_locked_for_optimization"


@dataclass(slots=True)
class _Lock:
    holder: Optimization
    expires: float


class Locks:
    """The locks of one session, by the variables' ids."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._locks: dict[str, _Lock] = {}

    def holder(self, variable_id: str) -> Optimization | None:
        """Who holds a variable; None where nobody does any more."""
        lock = self._locks.get(variable_id)
        if lock is None:
            return None
        if lock.expires <= self._clock.elapsed():
            del self._locks[variable_id]
            return None
        return lock.holder

    def take(self, variable_id: str, name: str, optimizer_id: str, at: int) -> Optimization:
        """Give a variable to an optimizer at a time in ns since the epoch.

        Raises:
            FailedPreconditionError: it is held, be it by the same.
        """
        check_name(optimizer_id, "optimizer_id")
        if (held := self.holder(variable_id)) is not None:
            raise FailedPreconditionError(f"{LOCKED}: {name} is held by {held.optimizer_id}")
        holder = Optimization(optimizer_id, at)
        self._locks[variable_id] = _Lock(holder, self._clock.elapsed() + LOCK_TIMEOUT_S)
        return holder

    def check(self, variable_id: str, name: str, optimizer_id: str) -> None:
        """Refuse a change by anyone but the holder; ``optimizer_id`` is empty for those who are none."""
        held = self.holder(variable_id)
        if held is not None and held.optimizer_id != optimizer_id:
            raise FailedPreconditionError(f"{LOCKED}: {name} is held by {held.optimizer_id}")

    def renew(self, variable_id: str) -> None:
        """Count the time of a lock anew: its holder has made a change."""
        if (lock := self._locks.get(variable_id)) is not None:
            lock.expires = self._clock.elapsed() + LOCK_TIMEOUT_S

    def release(self, variable_id: str, name: str, optimizer_id: str, *, force: bool) -> None:
        """Free a variable.

        Raises:
            FailedPreconditionError: it is not held, or held by another and not forced.
        """
        held = self.holder(variable_id)
        if held is None:
            raise FailedPreconditionError(f"{name} is not being optimized")
        if held.optimizer_id != optimizer_id and not force:
            raise FailedPreconditionError(f"{LOCKED}: {name} is held by {held.optimizer_id}")
        del self._locks[variable_id]

    def restore(self, variable_id: str, holder: Optimization, silent: float) -> None:
        """Hold a variable for an optimizer that has been silent for so many seconds."""
        self._locks[variable_id] = _Lock(holder, self._clock.elapsed() + LOCK_TIMEOUT_S - silent)

    def drop(self, variable_id: str) -> None:
        """Forget a variable that is deleted."""
        self._locks.pop(variable_id, None)
