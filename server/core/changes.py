"""What a request says of a change beside the value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from .constraints import Constraints
from .types import VariableType
from .values import Value

CLIENT = "client"

NO_METADATA: Mapping[str, str] = MappingProxyType({})
"""One for all changes without."""

ReadValue = Callable[[VariableType, Constraints], Value]
"""Checks a value that a request gave against a type and constraints; raises ``InvalidArgumentError``.

The session calls it, since a set names a variable, and only the session knows that variable's type.
"""


class ChangeContext(NamedTuple):
    """Who makes a change, why, and on what condition.

    Attributes:
        metadata: merged into the variable's; ``source``, ``changed_by``, ``optimizer_id`` have a meaning.
        expected_version: the version that the variable must be at; None for any.
        made_by: who makes the change where the metadata does not say.
    """

    metadata: Mapping[str, str] = NO_METADATA
    expected_version: int | None = None
    made_by: str = CLIENT

    @classmethod
    def of(cls, metadata: Mapping[str, str], expected_version: int | None = None) -> ChangeContext:
        """An edit with a request's metadata, which is copied."""
        return cls(dict(metadata) if metadata else NO_METADATA, expected_version)

    @property
    def changed_by(self) -> str:
        return self.metadata.get("changed_by") or self.made_by

    @property
    def optimizer_id(self) -> str:
        return self.metadata.get("optimizer_id", "")

    @property
    def from_elixir(self) -> bool:
        return self.metadata.get("source") == "elixir"
