"""The client's view of a variable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from varbridge import values
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.values import Raw


class Variable:
    """A version of a variable, which wraps the message from the bridge."""

    def __init__(self, message: pb.Variable) -> None:
        self.message = message

    @property
    def id(self) -> str:
        return self.message.id

    @property
    def name(self) -> str:
        return self.message.name

    @property
    def type(self) -> str:
        return self.message.type

    @property
    def version(self) -> int:
        return self.message.version

    @cached_property
    def value(self) -> Any:
        """The value in Python; see ``values.decode``. Raises ``MalformedReplyError``."""
        return values.decode(self.type, self.message.value, self.message.binary_value)

    @property
    def raw(self) -> Raw:
        """The value in wire format."""
        return Raw(self.message.value.type_url, self.message.value.value, self.message.binary_value)

    @property
    def constraints(self) -> Any:
        """The constraints as an object; empty if there are none."""
        return json.loads(self.message.constraints_json or "{}")

    @property
    def metadata(self) -> Mapping[str, str]:
        return dict(self.message.metadata)

    @property
    def source(self) -> str:
        """The origin of the version, ELIXIR or PYTHON."""
        return pb.Variable.Source.Name(self.message.source)

    @property
    def updated_at(self) -> datetime:
        """The time in UTC at which the bridge accepted this version."""
        return self.message.last_updated_at.ToDatetime(UTC)

    @property
    def optimizer_id(self) -> str | None:
        """The id of the optimizer that holds the optimization lock; None if the variable is not locked."""
        status = self.message.optimization_status
        return status.optimizer_id if status.optimizing else None

    def __repr__(self) -> str:
        return f"<{self.name} = {self.message.value.value[:60]!r} at version {self.version}>"
