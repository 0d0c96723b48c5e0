"""A variable as of one version. Nothing here changes in place: a change makes a new object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from server.constraints import Constraints
from server.types import VariableType
from server.values import Value


@dataclass(frozen=True, slots=True)
class Definition:
    """What registration fixed: it never changes, and every version shares it."""

    id: str
    name: str
    type: VariableType
    constraints: Constraints
    constraints_json: str


@dataclass(frozen=True, slots=True)
class Optimization:
    """Who optimizes a variable, and since when (ns since the epoch, UTC)."""

    optimizer_id: str
    started_at: int


@dataclass(frozen=True, slots=True)
class Variable:
    """One version of one variable.

    Attributes:
        updated_at: when it was accepted, ns since the epoch, UTC.
        version: 1 at registration.
        encoded: a place for the edge to keep the bytes that it serialized.
    """

    definition: Definition
    value: Value
    metadata: Mapping[str, str]
    from_elixir: bool
    updated_at: int
    version: int
    optimization: Optimization | None = None
    encoded: list[tuple[str, bytes]] = field(default_factory=list, compare=False, repr=False)

    @property
    def id(self) -> str:
        return self.definition.id

    @property
    def name(self) -> str:
        return self.definition.name
