"""The servicer of calls that read and change variables."""

from __future__ import annotations

from varbridge.messages import snakepit_bridge_pb2 as pb

from ..core.changes import ChangeContext
from ..core.errors import InvalidArgumentError
from ..core.limits import Limits
from ..core.sessions import Sessions
from . import codec
from .preparation import PLANS
from .readers import BatchReaders, reader_of


class VariableServicer:
    """A servicer that registers, reads, sets, lists and deletes variables, and returns their history.

    Args:
        sessions: the open sessions.
        max_json_bytes: the maximum size of an array in JSON, in bytes; larger ones are refused.
    """

    def __init__(self, sessions: Sessions, max_json_bytes: int = Limits().json_bytes) -> None:
        self._sessions = sessions
        self._max_json_bytes = max_json_bytes

    def RegisterVariable(
        self, request: pb.RegisterVariableRequest, prefix: str
    ) -> pb.RegisterVariableResponse:
        """Create a variable, and open its session if that is not open."""
        message = request.initial_value if request.HasField("initial_value") else None
        read = reader_of(message, request.initial_binary_value, "initial_value", self._max_json_bytes)
        with self._sessions.opening(request.session_id) as session:
            variable = session.register(
                request.name, request.type, request.constraints_json, read, ChangeContext.of(request.metadata)
            )
        return pb.RegisterVariableResponse(
            success=True, variable_id=variable.id, variable=codec.variable_message(variable, prefix)
        )

    def GetVariable(self, request: pb.GetVariableRequest, prefix: str) -> bytes:
        """Read one variable."""
        session = self._sessions.find(request.session_id)
        return codec.get_reply(session.get(request.variable_identifier), prefix)

    def SetVariable(self, request: pb.SetVariableRequest, prefix: str) -> pb.SetVariableResponse:
        """Set a variable to a new value."""
        session = self._sessions.find(request.session_id)
        message = request.value if request.HasField("value") else None
        expected = request.expected_version if request.HasField("expected_version") else None
        version = session.set(
            request.variable_identifier,
            reader_of(message, request.binary_value, "value", self._max_json_bytes),
            ChangeContext.of(request.metadata, expected),
            request.request_id,
        )
        return pb.SetVariableResponse(success=True, new_version=version)

    def GetVariables(
        self, request: pb.BatchGetVariablesRequest, prefix: str
    ) -> bytes | pb.BatchGetVariablesResponse:
        """Read several variables at the same moment."""
        session = self._sessions.find(request.session_id)
        variables, missing = session.get_many(request.variable_identifiers)
        if request.include_metadata:
            return codec.batch_get_reply(variables, missing, prefix)
        return pb.BatchGetVariablesResponse(
            variables={
                identifier: codec.variable_message(variable, prefix, metadata=False)
                for identifier, variable in variables.items()
            },
            missing_variables=missing,
        )

    def SetVariables(self, request: pb.BatchSetVariablesRequest, prefix: str) -> pb.BatchSetVariablesResponse:
        """Set several variables in one batch; an atomic batch sets all or none."""
        session = self._sessions.find(request.session_id)
        if stray := sorted(request.binary_updates.keys() - request.updates.keys()):
            raise InvalidArgumentError(f"binary_updates: {stray[0]} has bytes and no update")
        versions, errors = session.set_many(
            BatchReaders(request, self._max_json_bytes),
            ChangeContext.of(request.metadata),
            atomic=request.atomic,
            plans=PLANS.get(),
        )
        return pb.BatchSetVariablesResponse(success=not errors, errors=errors, new_versions=versions)

    def ListVariables(self, request: pb.ListVariablesRequest, prefix: str) -> bytes:
        """List the variables that match a pattern, and open the session if it is not open."""
        with self._sessions.opening(request.session_id) as session:
            return codec.list_reply(session.matching(request.pattern), prefix)

    def DeleteVariable(self, request: pb.DeleteVariableRequest, prefix: str) -> pb.DeleteVariableResponse:
        """Remove a variable."""
        session = self._sessions.find(request.session_id)
        session.delete(request.variable_identifier, ChangeContext.of(request.metadata))
        return pb.DeleteVariableResponse(success=True)

    def GetVariableHistory(
        self, request: pb.GetVariableHistoryRequest, prefix: str
    ) -> pb.GetVariableHistoryResponse:
        """Read the retained versions of a variable, newest first."""
        session = self._sessions.find(request.session_id)
        return pb.GetVariableHistoryResponse(
            entries=[
                pb.VariableHistoryEntry(
                    version=change.variable.version,
                    value=codec.any_of(change.variable.value, prefix),
                    timestamp=codec.timestamp(change.at),
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
        """Set a variable to the value of an older version."""
        session = self._sessions.find(request.session_id)
        variable = session.roll_back(
            request.variable_identifier, request.target_version, ChangeContext.of(request.metadata)
        )
        return pb.RollbackVariableResponse(success=True, variable=codec.variable_message(variable, prefix))
