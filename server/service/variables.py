"""The calls that read and change variables."""

from __future__ import annotations

from google.protobuf.any_pb2 import Any as AnyMessage

from proto import snakepit_bridge_pb2 as pb
from server.constraints import Constraints
from server.edits import Edit, ReadValue
from server.errors import InvalidArgument
from server.service import wire
from server.sessions import Sessions
from server.types import VariableType
from server.values import Value, read_value


class VariableCalls:
    """Registering, reading, setting, listing and deleting variables; their history."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def RegisterVariable(
        self, request: pb.RegisterVariableRequest, prefix: str
    ) -> pb.RegisterVariableResponse:
        """Create a variable, and its session where that is not open."""
        given = request.initial_value if request.HasField("initial_value") else None
        read = _reader(given, request.initial_binary_value, "initial_value")
        with self._sessions.opening(request.session_id) as session:
            variable = session.register(
                request.name, request.type, request.constraints_json, read, Edit.of(request.metadata)
            )
        return pb.RegisterVariableResponse(
            success=True, variable_id=variable.id, variable=wire.variable_message(variable, prefix)
        )

    def GetVariable(self, request: pb.GetVariableRequest, prefix: str) -> bytes:
        """Read one variable."""
        session = self._sessions.find(request.session_id)
        return wire.get_reply(session.get(request.variable_identifier), prefix)

    def SetVariable(self, request: pb.SetVariableRequest, prefix: str) -> pb.SetVariableResponse:
        """Give a variable a new value."""
        session = self._sessions.find(request.session_id)
        given = request.value if request.HasField("value") else None
        expected = request.expected_version if request.HasField("expected_version") else None
        version = session.set(
            request.variable_identifier,
            _reader(given, request.binary_value, "value"),
            Edit.of(request.metadata, expected),
            request.request_id,
        )
        return pb.SetVariableResponse(success=True, new_version=version)

    def GetVariables(
        self, request: pb.BatchGetVariablesRequest, prefix: str
    ) -> bytes | pb.BatchGetVariablesResponse:
        """Read several variables as of one moment."""
        session = self._sessions.find(request.session_id)
        found, missing = session.get_many(request.variable_identifiers)
        if request.include_metadata:
            return wire.batch_get_reply(found, missing, prefix)
        return pb.BatchGetVariablesResponse(
            variables={
                identifier: wire.variable_message(variable, prefix, metadata=False)
                for identifier, variable in found.items()
            },
            missing_variables=missing,
        )

    def SetVariables(self, request: pb.BatchSetVariablesRequest, prefix: str) -> pb.BatchSetVariablesResponse:
        """Set several variables."""
        session = self._sessions.find(request.session_id)
        if stray := sorted(request.binary_updates.keys() - request.updates.keys()):
            raise InvalidArgument(f"binary_updates: {stray[0]} has bytes and no update")
        readers = {
            identifier: _reader(given, request.binary_updates.get(identifier, b""), identifier)
            for identifier, given in request.updates.items()
        }
        versions, errors = session.set_many(readers, Edit.of(request.metadata), atomic=request.atomic)
        return pb.BatchSetVariablesResponse(success=not errors, errors=errors, new_versions=versions)

    def ListVariables(self, request: pb.ListVariablesRequest, prefix: str) -> bytes:
        """List the variables that match, and open the session where it is not open."""
        with self._sessions.opening(request.session_id) as session:
            return wire.list_reply(session.matching(request.pattern), prefix)

    def DeleteVariable(self, request: pb.DeleteVariableRequest, prefix: str) -> pb.DeleteVariableResponse:
        """Remove a variable."""
        session = self._sessions.find(request.session_id)
        session.delete(request.variable_identifier, Edit.of(request.metadata))
        return pb.DeleteVariableResponse(success=True)

    def GetVariableHistory(
        self, request: pb.GetVariableHistoryRequest, prefix: str
    ) -> pb.GetVariableHistoryResponse:
        """Read the accepted changes, newest first."""
        session = self._sessions.find(request.session_id)
        return pb.GetVariableHistoryResponse(
            entries=[
                pb.VariableHistoryEntry(
                    version=change.variable.version,
                    value=wire.any_of(change.variable.value, prefix),
                    timestamp=wire.timestamp(change.at),
                    changed_by=change.changed_by,
                    metadata=change.metadata,
                    binary_value=change.variable.value.array,
                )
                for change in session.history(request.variable_identifier, request.limit)
            ]
        )

    def RollbackVariable(
        self, request: pb.RollbackVariableRequest, prefix: str
    ) -> pb.RollbackVariableResponse:
        """Write an old value again."""
        session = self._sessions.find(request.session_id)
        variable = session.roll_back(
            request.variable_identifier, request.target_version, Edit.of(request.metadata)
        )
        return pb.RollbackVariableResponse(success=True, variable=wire.variable_message(variable, prefix))


def _reader(given: AnyMessage | None, array: bytes, field: str) -> ReadValue:
    def read(kind: VariableType, constraints: Constraints) -> Value:
        return read_value(given, array, kind, constraints, field)

    return read
