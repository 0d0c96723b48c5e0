"""The variables of a session as they are now, by id and by name."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator

from .names import MAX_LENGTH, random_hex
from .variables import Variable


def new_id(name: str) -> str:
    """An id that no variable has or had; ``_name_of`` reads the name in it."""
    return f"var_{name}_{random_hex()}"


def _name_of(variable_id: str) -> str:
    return variable_id[len("var_") : -len("_0123456789abcdef")]


class Catalog:
    """Variables in order of registration.

    By name alone: an id has the name in it, and a second table would take as much memory as the first.
    """

    def __init__(self, variables: Iterable[Variable] = ()) -> None:
        self._variables = {variable.name: variable for variable in variables}

    def __len__(self) -> int:
        return len(self._variables)

    def __iter__(self) -> Iterator[Variable]:
        """A copy, so that variables may be put while they are gone through."""
        return iter([*self._variables.values()])

    def __contains__(self, name: str) -> bool:
        """Whether a name is taken."""
        return name in self._variables

    def by_id(self, variable_id: str) -> Variable | None:
        """Find a variable by its id alone."""
        found = self._variables.get(_name_of(variable_id))
        return found if found is not None and found.id == variable_id else None

    def find(self, identifier: str) -> Variable | None:
        """Find a variable by id or name; an id wins over an equal name."""
        return self.by_id(identifier) or self._variables.get(identifier)

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
        self._variables[variable.name] = variable

    def remove(self, variable: Variable) -> None:
        """Take a variable out; its name is free again."""
        del self._variables[variable.name]

    def clear(self) -> None:
        """Take all of them out."""
        self._variables.clear()
