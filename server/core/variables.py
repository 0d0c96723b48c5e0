"""A variable as of one version. Nothing here changes in place: a change makes a new object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from .constraints import Constraints
from .types import VariableType, type_named
from .values import Value

SHARED = 1000
"""Characters of constraints up to which variables share them: a few long ones are not worth the memory."""


class Rules(NamedTuple):
    """What registration fixed of a variable's values. Variables with the same rules share one object."""

    type: VariableType
    constraints: Constraints
    constraints_json: str


def rules_of(type_name: str, constraints_json: str) -> Rules:
    """Read a type's name and constraints, or refuse them."""
    if len(constraints_json) > SHARED:
        return _read_rules(type_name, constraints_json)
    return _shared_rules(type_name, constraints_json)


def _read_rules(type_name: str, constraints_json: str) -> Rules:
    kind = type_named(type_name)
    return Rules(kind, kind.parse_constraints(constraints_json), constraints_json)


_shared_rules = lru_cache(1000)(_read_rules)


class Optimization(NamedTuple):
    """Who optimizes a variable, and since when (ns since the epoch, UTC)."""

    optimizer_id: str
    started_at: int


@dataclass(slots=True)
class Variable:
    """One version of one variable. Only the bytes that the edge keeps with it come later.

    Attributes:
        updated_at: when it was accepted, ns since the epoch, UTC.
        version: 1 at registration.
        encoded: a place for the edge to keep the bytes that it serialized.
        encoded_legacy: the same in the form of the older clients.
    """

    # Not frozen, and flat: there are a million of them.
    id: str
    name: str
    rules: Rules
    kind: str  # these three are the value
    data: bytes
    array: bytes
    metadata: Mapping[str, str]
    from_elixir: bool
    updated_at: int
    version: int
    optimization: Optimization | None = None
    encoded: bytes = field(default=b"", compare=False, repr=False)
    encoded_legacy: bytes = field(default=b"", compare=False, repr=False)

    @property
    def value(self) -> Value:
        return Value(self.kind, self.data, self.array)

    def next_version(
        self, value: Value, metadata: Mapping[str, str], *, from_elixir: bool, at: int
    ) -> Variable:
        """The version after this one, accepted at a time in ns since the epoch."""
        return Variable(
            id=self.id,
            name=self.name,
            rules=self.rules,
            kind=value.kind,
            data=value.data,
            array=value.array,
            metadata=metadata,
            from_elixir=from_elixir,
            updated_at=at,
            version=self.version + 1,
            optimization=self.optimization,
        )

    def held_by(self, holder: Optimization | None) -> Variable:
        """The same version with this holder: the same object where it has it already."""
        if self.optimization == holder:
            return self
        return replace(self, optimization=holder, encoded=b"", encoded_legacy=b"")
