"""A variable at one version. Variables are not modified: a change creates a new object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple

from .constraints import Constraints
from .types import VariableType, type_named
from .values import Value

MAX_SHARED_CHARACTERS = 1000
"""The maximum length of a constraints_json whose parsed rules are shared by all variables that have it.

Longer texts are rare, and caching them would take too much memory.
"""


class Rules(NamedTuple):
    """The type and constraints of a variable, set at registration. Equal rules are one shared object."""

    type: VariableType
    constraints: Constraints
    constraints_json: str


def rules_of(type_name: str, constraints_json: str) -> Rules:
    """Return the rules for a type's name and constraints, or raise an ``InvalidArgumentError``."""
    if len(constraints_json) > MAX_SHARED_CHARACTERS:
        return _read_rules(type_name, constraints_json)
    return _shared_rules(type_name, constraints_json)


def _read_rules(type_name: str, constraints_json: str) -> Rules:
    kind = type_named(type_name)
    return Rules(kind, kind.parse_constraints(constraints_json), constraints_json)


_shared_rules = lru_cache(1000)(_read_rules)


class Optimization(NamedTuple):
    """The optimizer that holds a variable's lock, and its start time (ns since the epoch, UTC)."""

    optimizer_id: str
    started_at: int


@dataclass(slots=True)
class Variable:
    """One version of one variable. Only the cached serializations are set after its creation.

    Attributes:
        updated_at: the time at which the version was accepted, in ns since the epoch, UTC.
        version: the number of the version, 1 at registration.
        encoded: the serialized variable, which the RPC layer caches here.
        encoded_legacy: the serialized variable in the format of the older clients.
    """

    # Not frozen and without nested objects, to be fast and small: there may be a million of them.
    id: str
    name: str
    rules: Rules
    kind: str  # kind, data and array are the value
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
        """Return the version after this one; ``at`` is the time of its acceptance, in ns since the epoch,
        UTC."""
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
        """Return this version with another holder of its lock; this object if the holder is the same."""
        if self.optimization == holder:
            return self
        return replace(self, optimization=holder, encoded=b"", encoded_legacy=b"")
