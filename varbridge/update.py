"""The client's view of an update of a watch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.variable import Variable, time_of


class Update:
    """An update of a watch, which wraps the message from the bridge."""

    def __init__(self, message: pb.VariableUpdate) -> None:
        self.message = message

    @property
    def kind(self) -> str:
        """The kind: initial_value, value_change, registered, deleted, dependency_change or heartbeat."""
        return self.message.update_type

    @property
    def sequence(self) -> int:
        return self.message.sequence

    @property
    def variable_id(self) -> str:
        return self.message.variable_id

    @cached_property
    def variable(self) -> Variable | None:
        """The variable as of this update; None in a heartbeat."""
        return Variable(self.message.variable) if self.message.HasField("variable") else None

    @cached_property
    def previous(self) -> Any:
        """The value before a value_change; None in other updates."""
        if self.variable is None or not self.message.HasField("previous_value"):
            return None
        return self.variable.decode(self.message.previous_value, self.message.previous_binary_value)

    @property
    def source(self) -> str:
        """The client, tool or optimizer that made the change."""
        return self.message.update_source

    @property
    def metadata(self) -> Mapping[str, str]:
        """The metadata of the change."""
        return dict(self.message.update_metadata)

    @property
    def timestamp(self) -> datetime:
        """The time in UTC at which the change was accepted. Raises ``MalformedReplyError``."""
        return time_of(self.message.timestamp)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.sequence} {self.variable!r}>"
