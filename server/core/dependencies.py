"""The dependencies between variables: an acyclic graph of their ids."""

from __future__ import annotations

from collections.abc import Mapping

from .errors import FailedPreconditionError, ResourceExhaustedError
from .limits import Limits


class Dependencies:
    """The dependencies of one session.

    Args:
        limit: the maximum number of dependencies; further ones are refused.
        max_followers: the maximum number of followers of one variable.
    """

    def __init__(self, limit: int, max_followers: int = Limits().followers) -> None:
        self._limit = limit
        self._max_followers = max_followers
        self._count = 0
        self._followers: dict[str, dict[str, str]] = {}  # followed id -> follower id -> dependency_type
        self._followed: dict[str, set[str]] = {}

    def add(self, followed: str, follower: str, dependency_type: str) -> None:
        """Record that ``follower`` follows ``followed``, each an id; a repeat replaces the type.

        Raises:
            FailedPreconditionError: the dependency would create a cycle.
            ResourceExhaustedError: the maximum number of dependencies is reached.
        """
        if followed == follower or self._reaches(follower, followed):
            raise FailedPreconditionError("this dependency would create a cycle")
        if follower not in self.followers(followed):
            if self._count >= self._limit:
                raise ResourceExhaustedError(f"dependencies: a session has at most {self._limit}")
            if len(self.followers(followed)) >= self._max_followers:
                raise ResourceExhaustedError(
                    f"dependencies: a variable has at most {self._max_followers} followers (--max-followers)"
                )
            self._count += 1
        self._followers.setdefault(followed, {})[follower] = dependency_type
        self._followed.setdefault(follower, set()).add(followed)

    def __len__(self) -> int:
        """Return the number of dependencies."""
        return self._count

    def count_of(self, variable_id: str) -> int:
        """Return the number of dependencies from or to a variable."""
        return len(self._followers.get(variable_id, ())) + len(self._followed.get(variable_id, ()))

    def restore(self, followed: str, follower: str, dependency_type: str) -> None:
        """Add a dependency that was accepted before, whatever the limits are now."""
        self._followers.setdefault(followed, {})[follower] = dependency_type
        self._followed.setdefault(follower, set()).add(followed)
        self._count += 1

    def followers(self, variable_id: str) -> Mapping[str, str]:
        """Return the direct followers of a variable, with the type of each dependency."""
        return self._followers.get(variable_id, {})

    def drop(self, variable_id: str) -> None:
        """Remove all dependencies from or to a variable."""
        for follower in self._followers.pop(variable_id, {}):
            self._followed[follower].discard(variable_id)
            self._count -= 1
        for followed in self._followed.pop(variable_id, ()):
            del self._followers[followed][variable_id]
            self._count -= 1

    def _reaches(self, start: str, goal: str) -> bool:
        seen = {start}
        pending = [start]
        while pending:
            for follower in self.followers(pending.pop()):
                if follower == goal:
                    return True
                if follower not in seen:
                    seen.add(follower)
                    pending.append(follower)
        return False
