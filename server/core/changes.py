"""The context of a change, which has its author, metadata and expected version, and the plan of a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from .change_log import Change
from .constraints import Constraints
from .errors import RefusalError
from .types import VariableType
from .values import Value
from .variables import Variable

CLIENT = "client"

NO_METADATA: Mapping[str, str] = MappingProxyType({})
"""The shared empty metadata of changes that have none."""

ReadValue = Callable[[VariableType, Constraints], Value]
"""A function that checks a request's value against a type and constraints.

It raises ``InvalidArgumentError``. The session calls it, because only the session knows the variable's type.
"""


class ChangeContext(NamedTuple):
    """The author, metadata and condition of a change.

    Attributes:
        metadata: the entries to merge into the variable's metadata; the bridge reads ``source``,
            ``changed_by`` and ``optimizer_id``.
        expected_version: the version that the variable must have; None for any.
        made_by: the author if the metadata has no ``changed_by``.
    """

    metadata: Mapping[str, str] = NO_METADATA
    expected_version: int | None = None
    made_by: str = CLIENT

    @classmethod
    def of(cls, metadata: Mapping[str, str], expected_version: int | None = None) -> ChangeContext:
        """Return a context with a copy of a request's metadata."""
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


class PlannedSet(NamedTuple):
    """A set of a batch that was planned before the batch is applied.

    Attributes:
        before: the variable that is set. The plan holds as long as the session has this very object.
        outcome: the change, whose sequence and time are assigned when it is applied; or the refusal.
    """

    before: Variable
    outcome: Change | RefusalError
