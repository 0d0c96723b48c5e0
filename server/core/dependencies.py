"""Which variables follow which: a graph without cycles, by the variables' ids."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import FailedPreconditionError, ResourceExhaustedError


class Dependencies:
    """The dependencies of one session.

    Args:
        limit: how many are kept at most.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._count = 0
        self._followers: dict[str, dict[str, str]] = {}  # followed id -> follower id -> dependency_type
        self._followed: dict[str, set[str]] = {}

    def add(self, followed: str, follower: str, dependency_type: str) -> None:
        """Record that one variable follows another; a repeat replaces the type.

        Raises:
            FailedPreconditionError: it would create a cycle.
            ResourceExhaustedError: no more are kept.
        """
        if followed == follower or self._reaches(follower, followed):
            raise FailedPreconditionError("this dependency would create a cycle")
        if follower not in self.followers(followed):
            if self._count >= self._limit:
                raise ResourceExhaustedError(f"dependencies: a session has at most {self._limit}")
            self._count += 1
        self._followers.setdefault(followed, {})[follower] = dependency_type
        self._followed.setdefault(follower, set()).add(followed)

    def followers(self, variable_id: str) -> Mapping[str, str]:
        """The direct followers of a variable, and the type of each dependency."""
        return self._followers.get(variable_id, {})

    def drop(self, variable_id: str) -> None:
        """Forget a variable, on either side."""
        for follower in self._followers.pop(variable_id, {}):
            self._followed[follower].discard(variable_id)
            self._count -= 1
        for followed in self._followed.pop(variable_id, ()):
            del self._followers[followed][variable_id]
            self._count -= 1

    def _reaches(self, start: str, goal: str) -> bool:
        seen = {start}
        rest = [start]
        while rest:
            for follower in self.followers(rest.pop()):
                if follower == goal:
                    return True
                if follower not in seen:
                    seen.add(follower)
                    rest.append(follower)
        return False
