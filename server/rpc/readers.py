"""Functions that read the values of a request, once the type and constraints of their variables are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from google.protobuf.any_pb2 import Any as AnyMessage

from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core.changes import ReadValue
from ..core.constraints import Constraints
from ..core.types import VariableType
from ..core.values import Value, read_value


def reader_of(message: AnyMessage | None, array: bytes, field: str, max_json_bytes: int) -> ReadValue:
    """Return the function that reads a value of a request; see ``read_value`` for the arguments."""

    def read(kind: VariableType, constraints: Constraints) -> Value:
        return read_value(message, array, kind, constraints, field, max_json_bytes)

    return read


class BatchReaders(Mapping[str, ReadValue]):
    """The functions that read the values of a batch, by identifier; each is made when it is needed."""

    def __init__(self, request: pb.BatchSetVariablesRequest, max_json_bytes: int) -> None:
        self._updates = request.updates
        self._arrays = request.binary_updates
        self._max_json_bytes = max_json_bytes

    def __getitem__(self, identifier: str) -> ReadValue:
        message = self._updates[identifier]
        return reader_of(message, self._arrays.get(identifier, b""), identifier, self._max_json_bytes)

    def __iter__(self) -> Iterator[str]:
        return iter(self._updates)

    def __len__(self) -> int:
        return len(self._updates)
