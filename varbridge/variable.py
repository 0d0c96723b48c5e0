"""The client's view of a variable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.timestamp_pb2 import Timestamp

from varbridge import values
from varbridge.errors import MalformedReplyError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.wire import Raw


def time_of(timestamp: Timestamp) -> datetime:
    """Return a time in UTC.

    Raises:
        MalformedReplyError: the timestamp is not a valid one.
    """
    try:
        return timestamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise MalformedReplyError(
            f"a time came as {timestamp.seconds} s and {timestamp.nanos} ns since the epoch"
        ) from None


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
        """The value in Python; see the module ``values``. Raises ``MalformedReplyError``."""
        return self.decode(self.message.value, self.message.binary_value)

    def decode(self, message: AnyMessage, array: bytes = b"") -> Any:
        """Return a value of this variable, such as an earlier one. Raises ``MalformedReplyError``."""
        dtype = None
        if self.type == "tensor" and isinstance(self.constraints, dict):
            dtype = self.constraints.get("dtype")
        return values.decode(self.type, message, array, dtype)

    @property
    def raw(self) -> Raw:
        """The value in wire format."""
        return Raw(self.message.value.type_url, self.message.value.value, self.message.binary_value)

    @property
    def constraints(self) -> Any:
        """The constraints as an object; empty if there are none. Raises ``MalformedReplyError``."""
        try:
            return json.loads(self.message.constraints_json or "{}")
        except (ValueError, RecursionError):
            raise MalformedReplyError(f"{self!r} came with constraints that are not JSON") from None

    @property
    def metadata(self) -> Mapping[str, str]:
        return dict(self.message.metadata)

    @property
    def source(self) -> str:
        """The origin of the version, ELIXIR or PYTHON. Raises ``MalformedReplyError``."""
        try:
            return pb.Variable.Source.Name(self.message.source)
        except ValueError:
            raise MalformedReplyError(f"{self!r} came with the source {self.message.source}") from None

    @property
    def updated_at(self) -> datetime:
        """The time in UTC at which the bridge accepted this version. Raises ``MalformedReplyError``."""
        return time_of(self.message.last_updated_at)

    @property
    def optimizer_id(self) -> str | None:
        """The id of the optimizer that holds the optimization lock; None if the variable is not locked."""
        status = self.message.optimization_status
        return status.optimizer_id if status.optimizing else None

    def __repr__(self) -> str:
        return f"<{self.name} = {self.message.value.value[:60]!r} at version {self.version}>"
