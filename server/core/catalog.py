"""The current variables of a session, by id and by name."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator

from .names import MAX_LENGTH, check_name, random_hex
from .variables import Variable

_ID = re.compile(r"var_.*_[0-9a-f]{16}", re.DOTALL)
_ASTERISKS = re.compile(r"\*+")


def new_id(name: str) -> str:
    """Return a new unique id for a variable. It contains the name, which ``_name_of`` extracts."""
    return f"var_{name}_{random_hex()}"


def _name_of(variable_id: str) -> str:
    return variable_id[len("var_") : -len("_0123456789abcdef")]


def check_identifier(identifier: str, field: str) -> str:
    """Return ``identifier`` if it is valid as a name or an id; see ``check_name``."""
    check_name(_name_of(identifier) if _ID.fullmatch(identifier) else identifier, field)
    return identifier


class Catalog:
    """The variables of a session, in order of registration.

    They are indexed by name only: an id contains the variable's name, and an index by id would take as much
    memory as that by name.
    """

    def __init__(self, variables: Iterable[Variable] = ()) -> None:
        self._variables = {variable.name: variable for variable in variables}

    def __len__(self) -> int:
        return len(self._variables)

    def __iter__(self) -> Iterator[Variable]:
        """Iterate over a copy, so that variables may be put during the iteration."""
        return iter([*self._variables.values()])

    def __contains__(self, name: str) -> bool:
        """Return True if a variable has this name."""
        return name in self._variables

    def has(self, variable: Variable) -> bool:
        """Return True if this version of a variable is the current one."""
        return self._variables.get(variable.name) is variable

    def by_id(self, variable_id: str) -> Variable | None:
        """Find a variable by its id, not by its name."""
        variable = self._variables.get(_name_of(variable_id))
        return variable if variable is not None and variable.id == variable_id else None

    def find(self, identifier: str) -> Variable | None:
        """Find a variable by id or name; an id wins over an equal name."""
        return self.by_id(identifier) or self._variables.get(identifier)

    def matching(self, pattern: str) -> Iterator[Variable]:
        """Return the variables whose whole name matches a glob (``*``, ``?``); all if the glob is empty."""
        if not pattern or pattern == "*":
            return iter(self)
        if len(pattern) - pattern.count("*") > MAX_LENGTH:
            return iter(())  # longer than any name
        pattern = _ASTERISKS.sub("*", pattern)
        # The pattern of fnmatch does not backtrack over several *, which could take exponential time.
        glob = re.compile(fnmatch.translate(pattern.replace("[", "[[]")))
        return (variable for variable in self if glob.match(variable.name))

    def put(self, variable: Variable) -> Variable | None:
        """Add a variable, or replace it by its newest version; return the version before it."""
        before = self._variables.get(variable.name)
        self._variables[variable.name] = variable
        return before

    def remove(self, variable: Variable) -> None:
        """Remove a variable; another one with its name may be put."""
        del self._variables[variable.name]

    def clear(self) -> None:
        """Remove all variables."""
        self._variables.clear()
