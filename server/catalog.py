"""The variables of a session as they are now, by id and by name."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator

from server.names import MAX_LENGTH
from server.variables import Variable


class Catalog:
    """Variables in order of registration."""

    def __init__(self, variables: Iterable[Variable] = ()) -> None:
        self._variables = {variable.id: variable for variable in variables}
        self._ids = {variable.name: variable.id for variable in self._variables.values()}

    def __len__(self) -> int:
        return len(self._variables)

    def __iter__(self) -> Iterator[Variable]:
        """A copy, so that variables may be put while they are gone through."""
        return iter([*self._variables.values()])

    def __contains__(self, name: str) -> bool:
        """Whether a name is taken."""
        return name in self._ids

    def by_id(self, variable_id: str) -> Variable | None:
        """Find a variable by its id alone."""
        return self._variables.get(variable_id)

    def find(self, identifier: str) -> Variable | None:
        """Find a variable by id or name; an id wins over an equal name."""
        return self._variables.get(identifier) or self._variables.get(self._ids.get(identifier, ""))

    def matching(self, pattern: str) -> Iterator[Variable]:
        """Those whose whole name matches a glob (``*``, ``?``); all where it is empty."""
        if not pattern or pattern == "*":
            return iter(self)
        if len(pattern) - pattern.count("*") > MAX_LENGTH:
            return iter(())  # longer than any name
        # What fnmatch makes does not try one * after another, which takes for ever where there are many.
        glob = re.compile(fnmatch.translate(pattern.replace("[", "[[]")))
        return (variable for variable in self if glob.match(variable.name))

    def put(self, variable: Variable) -> None:
        """Add a variable, or the newest version of one."""
        self._variables[variable.id] = variable
        self._ids[variable.name] = variable.id

    def remove(self, variable: Variable) -> None:
        """Take a variable out; its name is free again."""
        del self._variables[variable.id], self._ids[variable.name]

    def clear(self) -> None:
        """Take all of them out."""
        self._variables.clear()
        self._ids.clear()
