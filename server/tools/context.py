"""The access of a tool to its session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage

from ..core.changes import ChangeContext
from ..core.errors import FailedPreconditionError, UnavailableError
from ..core.session import Session
from ..core.values import PREFIX, Value, read_value
from .results import value_of

UNSAVED = UnavailableError(
    "not all changes that this call made or read could be saved: read the variables again"
)
"""The refusal of a call that lasts, in which some changes may be saved and others not."""


class SessionCall:
    """An implementation of ``varbridge.ToolCall``, valid until the call ends.

    Args:
        session: the session of the call.
        tool: the name of the tool, which the history shows as the source of its changes.
        metadata: the metadata of the request; the tool acts for the optimizer that it names.
    """

    def __init__(self, session: Session, tool: str, metadata: Mapping[str, str]) -> None:
        self.session_id = session.id
        self._session = session
        self._edit = ChangeContext(
            {key: text for key, text in metadata.items() if key == "optimizer_id"}, made_by=f"tool:{tool}"
        )
        self._open = True
        self._undone: int | None = None  # ``session.undone`` when the tool first used the session

    def get(self, name: str) -> Any:
        """Return the value of a variable as a Python object."""
        return self.value(name).native()

    def set(self, name: str, value: Any) -> None:
        """Set a variable, with the same checks as for any client."""
        self.write(name, value_of(value).data)

    def value(self, name: str) -> Value:
        """Return the value of a variable."""
        self._check()
        return self._session.get(name).value

    def write(self, name: str, data: bytes) -> None:
        """Set a variable to a value in JSON."""
        self._check()
        self._session.set(
            name,
            lambda kind, constraints: read_value(
                AnyMessage(type_url=PREFIX + kind.name, value=data), b"", kind, constraints, name
            ),
            self._edit,
        )

    def close(self) -> None:
        """End the call: a tool that still runs after this cannot read or write variables."""
        self._open = False

    def check_saved(self) -> None:
        """Raise an ``UnavailableError`` if what the tool has read or changed was undone since."""
        if self._undone not in (None, self._session.undone):
            raise UNSAVED.copy()

    def _check(self) -> None:
        if not self._open:
            raise FailedPreconditionError("the call of this tool has ended")
        self.check_saved()
        self._undone = self._session.undone
