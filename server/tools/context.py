"""The session as a tool sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage

from ..core.changes import ChangeContext
from ..core.errors import FailedPreconditionError
from ..core.session import Session
from ..core.values import PREFIX, Value, read_value
from .results import result_of


class SessionCall:
    """One call of a tool in a session: ``varbridge.ToolCall``, until the call ends.

    Args:
        session: that it runs in.
        tool: its name, for the history.
        metadata: of the request; the tool speaks for the optimizer named there.
    """

    def __init__(self, session: Session, tool: str, metadata: Mapping[str, str]) -> None:
        self._session = session
        self._edit = ChangeContext(
            {key: text for key, text in metadata.items() if key == "optimizer_id"}, made_by=f"tool:{tool}"
        )
        self._open = True

    def get(self, name: str) -> Any:
        """The value of a variable."""
        return self.value(name).native()

    def set(self, name: str, value: Any) -> None:
        """Set a variable, through the same checks as any client."""
        self.write(name, result_of(value).data)

    def value(self, name: str) -> Value:
        """The value of a variable as it is kept."""
        self._check_open()
        return self._session.get(name).value

    def write(self, name: str, data: bytes) -> None:
        """Set a variable to a value in JSON."""
        self._check_open()
        self._session.set(
            name,
            lambda kind, constraints: read_value(
                AnyMessage(type_url=PREFIX + kind.name, value=data), b"", kind, constraints, name
            ),
            self._edit,
        )

    def close(self) -> None:
        """End it: a tool that goes on after its call was cut reads and writes no more."""
        self._open = False

    def _check_open(self) -> None:
        if not self._open:
            raise FailedPreconditionError("the call that this tool ran for has ended")
