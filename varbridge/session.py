"""The client's view of a session, with variables as Python values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from varbridge import values
from varbridge.caller import Caller
from varbridge.errors import BridgeError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.tools import SessionTools
from varbridge.values import Raw, to_any
from varbridge.variable import Variable
from varbridge.watch import Update, Watch


class BatchResult(NamedTuple):
    """The result of a batch of sets: new versions and error messages, by the requested identifier."""

    success: bool
    versions: Mapping[str, int]
    errors: Mapping[str, str]


class Session(SessionTools):
    """The methods of a session. Every method raises ``BridgeError`` if the bridge refuses the call."""

    def __init__(self, connection: Caller, session_id: str) -> None:
        self.connection = connection
        self.id = session_id
        self._types: dict[str, str] = {}

    # The session itself

    def initialize(
        self, metadata: Mapping[str, str] | None = None, ttl_seconds: int = 0
    ) -> pb.InitializeSessionResponse:
        """Open the session unless it is open already; return its tools and variables.

        Args:
            metadata: the metadata of a new session.
            ttl_seconds: the time to live of a new session, in seconds; 0 for the default of the bridge.
        """
        reply: pb.InitializeSessionResponse = self.connection.call(
            "InitializeSession",
            pb.InitializeSessionRequest(
                session_id=self.id, metadata=metadata, config=pb.SessionConfig(ttl_seconds=ttl_seconds)
            ),
        )
        return reply

    def clean_up(self) -> int:
        """Close the session; return the number of variables, watches and tools that ended with it."""
        reply: pb.CleanupSessionResponse = self.connection.call(
            "CleanupSession", pb.CleanupSessionRequest(session_id=self.id)
        )
        return reply.resources_cleaned

    def describe(self) -> pb.GetSessionResponse:
        """Return the metadata of the session and the numbers of its variables and tools."""
        reply: pb.GetSessionResponse = self.connection.call(
            "GetSession", pb.GetSessionRequest(session_id=self.id)
        )
        return reply

    def heartbeat(self) -> bool:
        """Restart the time to live of the session; return False if it is not open."""
        reply: pb.HeartbeatResponse = self.connection.call(
            "Heartbeat", pb.HeartbeatRequest(session_id=self.id)
        )
        return reply.session_valid

    # Variables

    def register(
        self,
        name: str,
        kind: str,
        value: Any,
        *,
        constraints: Mapping[str, Any] | str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Variable:
        """Create a variable and return it.

        Args:
            name: the name, which is unique in the session.
            kind: one of the eight types.
            value: the initial value; see ``values.encode``.
            constraints: the constraints as an object or as JSON text.
            metadata: the metadata of the variable.
        """
        raw = values.encode(kind, value)
        if not isinstance(constraints, str):
            constraints = json.dumps(constraints) if constraints else ""
        reply: pb.RegisterVariableResponse = self.connection.call(
            "RegisterVariable",
            pb.RegisterVariableRequest(
                session_id=self.id,
                name=name,
                type=kind,
                initial_value=to_any(raw),
                initial_binary_value=raw.array,
                constraints_json=constraints,
                metadata=metadata,
            ),
        )
        if not reply.HasField("variable"):  # an older bridge answers only the id
            return self.get(reply.variable_id)
        return self._learn(Variable(reply.variable))

    def get(self, identifier: str) -> Variable:
        """Return a variable by id or name."""
        reply: pb.GetVariableResponse = self.connection.call(
            "GetVariable", pb.GetVariableRequest(session_id=self.id, variable_identifier=identifier)
        )
        return self._learn(Variable(reply.variable))

    def set(
        self,
        identifier: str,
        value: Any,
        *,
        kind: str | None = None,
        metadata: Mapping[str, str] | None = None,
        expected_version: int | None = None,
        request_id: str = "",
    ) -> int:
        """Set a variable; return its new version.

        Args:
            identifier: the id or name of the variable.
            value: the new value; see ``values.encode``.
            kind: the type of the variable; by default it is looked up.
            metadata: the entries to merge into the variable's metadata.
            expected_version: the version that the variable must have; if it has another one, the call is
                refused as ABORTED.
            request_id: the idempotency key: a repeat with the same id applies only once.
        """
        raw = values.encode(kind or self._type_of(identifier, value), value)
        reply: pb.SetVariableResponse = self.connection.call(
            "SetVariable",
            pb.SetVariableRequest(
                session_id=self.id,
                variable_identifier=identifier,
                value=to_any(raw),
                binary_value=raw.array,
                metadata=metadata,
                expected_version=expected_version,
                request_id=request_id,
            ),
        )
        return reply.new_version

    def get_many(
        self, identifiers: Sequence[str], *, metadata: bool = True
    ) -> tuple[dict[str, Variable], list[str]]:
        """Return variables by identifier, as of one moment, and the missing ones in the requested order."""
        reply: pb.BatchGetVariablesResponse = self.connection.call(
            "GetVariables",
            pb.BatchGetVariablesRequest(
                session_id=self.id, variable_identifiers=identifiers, include_metadata=metadata
            ),
        )
        variables = {name: self._learn(Variable(message)) for name, message in reply.variables.items()}
        return variables, list(reply.missing_variables)

    def set_many(
        self,
        updates: Mapping[str, Any],
        *,
        atomic: bool = False,
        metadata: Mapping[str, str] | None = None,
    ) -> BatchResult:
        """Set several variables; with ``atomic``, either all of them or none."""
        raws = {name: values.encode(self._type_of(name, value), value) for name, value in updates.items()}
        reply: pb.BatchSetVariablesResponse = self.connection.call(
            "SetVariables",
            pb.BatchSetVariablesRequest(
                session_id=self.id,
                updates={name: to_any(raw) for name, raw in raws.items()},
                binary_updates={name: raw.array for name, raw in raws.items() if raw.array},
                atomic=atomic,
                metadata=metadata,
            ),
        )
        return BatchResult(reply.success, dict(reply.new_versions), dict(reply.errors))

    def list(self, pattern: str = "") -> Sequence[Variable]:
        """Return the variables whose names match a glob, in order of registration."""
        reply: pb.ListVariablesResponse = self.connection.call(
            "ListVariables", pb.ListVariablesRequest(session_id=self.id, pattern=pattern)
        )
        return [self._learn(Variable(message)) for message in reply.variables]

    def delete(self, identifier: str, *, metadata: Mapping[str, str] | None = None) -> None:
        """Delete a variable."""
        self.connection.call(
            "DeleteVariable",
            pb.DeleteVariableRequest(session_id=self.id, variable_identifier=identifier, metadata=metadata),
        )
        self._types.clear()  # the name may be registered again with another type

    def history(self, identifier: str, limit: int = 0) -> Sequence[pb.VariableHistoryEntry]:
        """Return at most ``limit`` versions of a variable, newest first; 0 for all that are retained."""
        reply: pb.GetVariableHistoryResponse = self.connection.call(
            "GetVariableHistory",
            pb.GetVariableHistoryRequest(session_id=self.id, variable_identifier=identifier, limit=limit),
        )
        return reply.entries

    def roll_back(
        self, identifier: str, version: int, *, metadata: Mapping[str, str] | None = None
    ) -> Variable:
        """Set a variable to the value of an older version; return the variable at its new version."""
        reply: pb.RollbackVariableResponse = self.connection.call(
            "RollbackVariable",
            pb.RollbackVariableRequest(
                session_id=self.id,
                variable_identifier=identifier,
                target_version=version,
                metadata=metadata,
            ),
        )
        return Variable(reply.variable)

    def depend(self, followed: str, follower: str, dependency_type: str = "") -> None:
        """Add a dependency: ``follower`` follows ``followed``, each by id or name."""
        self.connection.call(
            "AddDependency",
            pb.AddDependencyRequest(
                session_id=self.id,
                from_variable=followed,
                to_variable=follower,
                dependency_type=dependency_type,
            ),
        )

    def start_optimization(self, identifier: str, optimizer_id: str) -> str:
        """Lock a variable for one optimizer; return the id of this optimization."""
        reply: pb.StartOptimizationResponse = self.connection.call(
            "StartOptimization",
            pb.StartOptimizationRequest(
                session_id=self.id, variable_identifier=identifier, optimizer_id=optimizer_id
            ),
        )
        return reply.optimization_id

    def stop_optimization(self, identifier: str, optimizer_id: str, *, force: bool = False) -> Any:
        """Release the lock of a variable, with ``force`` even another optimizer's; return its value."""
        reply: pb.StopOptimizationResponse = self.connection.call(
            "StopOptimization",
            pb.StopOptimizationRequest(
                session_id=self.id, variable_identifier=identifier, optimizer_id=optimizer_id, force=force
            ),
        )
        kind, _ = values.split_url(reply.final_value.type_url)
        return values.decode(kind, reply.final_value, reply.final_binary_value)

    def watch(
        self,
        *identifiers: str,
        initial: bool = False,
        resume_after: int | None = None,
        on_update: Callable[[Update], object] | None = None,
        timeout: float = 5.0,
        buffer: int = 0,
    ) -> Watch:
        """Open a watch of variables, by default of all; the bridge has confirmed it when this returns.

        Args:
            identifiers: the ids or names of the variables.
            initial: True if the first updates are the present values of the variables.
            resume_after: the last sequence of an earlier watch, after which to resume.
            on_update: the function that is called for each update, on the thread that reads the watch.
            timeout: the time in which the bridge must confirm the watch, in seconds.
            buffer: the maximum number of updates that wait to be iterated over; then back-pressure stops the
                bridge. 0 retains all updates.
        """
        request = pb.WatchVariablesRequest(
            session_id=self.id,
            variable_identifiers=identifiers,
            include_initial_values=initial,
            resume_after=resume_after,
        )
        return Watch(self.connection.stream("WatchVariables", request), on_update, timeout, buffer)

    # Types of variables

    def _learn(self, variable: Variable) -> Variable:
        self._types[variable.id] = self._types[variable.name] = variable.type
        return variable

    def _type_of(self, identifier: str, value: Any) -> str:
        if isinstance(value, Raw):
            return ""
        if identifier not in self._types:
            try:
                return self.get(identifier).type
            except BridgeError:
                return values.kind_of(value)  # the call itself will report the error
        return self._types[identifier]
