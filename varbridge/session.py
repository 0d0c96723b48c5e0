"""A session of a bridge, with its variables as Python values."""

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
    """What became of a batch of sets: versions and errors by the identifier asked for."""

    success: bool
    versions: Mapping[str, int]
    errors: Mapping[str, str]


class Session(SessionTools):
    """What can be done in one session. Every method raises ``BridgeError`` where the bridge refuses."""

    def __init__(self, connection: Caller, session_id: str) -> None:
        self.connection = connection
        self.id = session_id
        self._types: dict[str, str] = {}

    # The session itself

    def initialize(
        self, metadata: Mapping[str, str] | None = None, ttl_seconds: int = 0
    ) -> pb.InitializeSessionResponse:
        """Open the session, or learn what the open one holds."""
        reply: pb.InitializeSessionResponse = self.connection.call(
            "InitializeSession",
            pb.InitializeSessionRequest(
                session_id=self.id, metadata=metadata, config=pb.SessionConfig(ttl_seconds=ttl_seconds)
            ),
        )
        return reply

    def clean_up(self) -> int:
        """End the session; return how many variables, watches and tools ended with it."""
        reply: pb.CleanupSessionResponse = self.connection.call(
            "CleanupSession", pb.CleanupSessionRequest(session_id=self.id)
        )
        return reply.resources_cleaned

    def describe(self) -> pb.GetSessionResponse:
        """What the session was opened with, and how much it holds."""
        reply: pb.GetSessionResponse = self.connection.call(
            "GetSession", pb.GetSessionRequest(session_id=self.id)
        )
        return reply

    def heartbeat(self) -> bool:
        """Renew the session; return whether it is open."""
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
            name: unique in the session.
            kind: one of the eight types.
            value: see ``values.encode``.
            constraints: an object, or the JSON text itself.
            metadata: kept with the variable.
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
        if not reply.HasField("variable"):  # an older bridge answers the id alone
            return self.get(reply.variable_id)
        return self._learn(Variable(reply.variable))

    def get(self, identifier: str) -> Variable:
        """Read a variable by id or name."""
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
        """Give a variable a new value; return its new version.

        Args:
            identifier: id or name.
            value: see ``values.encode``.
            kind: the type to encode it as; looked up where it is neither given nor known.
            metadata: merged into the variable's.
            expected_version: set only at this version, else ABORTED.
            request_id: a repeat with the same id applies once.
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
        """Read several as of one moment: those found by identifier, and the missing in the order asked."""
        reply: pb.BatchGetVariablesResponse = self.connection.call(
            "GetVariables",
            pb.BatchGetVariablesRequest(
                session_id=self.id, variable_identifiers=identifiers, include_metadata=metadata
            ),
        )
        found = {name: self._learn(Variable(message)) for name, message in reply.variables.items()}
        return found, list(reply.missing_variables)

    def set_many(
        self,
        updates: Mapping[str, Any],
        *,
        atomic: bool = False,
        metadata: Mapping[str, str] | None = None,
    ) -> BatchResult:
        """Set several; all or nothing where ``atomic``."""
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
        """The variables whose name matches a glob, in order of registration."""
        reply: pb.ListVariablesResponse = self.connection.call(
            "ListVariables", pb.ListVariablesRequest(session_id=self.id, pattern=pattern)
        )
        return [self._learn(Variable(message)) for message in reply.variables]

    def delete(self, identifier: str, *, metadata: Mapping[str, str] | None = None) -> None:
        """Remove a variable."""
        self.connection.call(
            "DeleteVariable",
            pb.DeleteVariableRequest(session_id=self.id, variable_identifier=identifier, metadata=metadata),
        )
        self._types.clear()  # the name may come back with another type

    def history(self, identifier: str, limit: int = 0) -> Sequence[pb.VariableHistoryEntry]:
        """The accepted changes, newest first; ``limit`` 0 for all that is kept."""
        reply: pb.GetVariableHistoryResponse = self.connection.call(
            "GetVariableHistory",
            pb.GetVariableHistoryRequest(session_id=self.id, variable_identifier=identifier, limit=limit),
        )
        return reply.entries

    def roll_back(
        self, identifier: str, version: int, *, metadata: Mapping[str, str] | None = None
    ) -> Variable:
        """Write the value of an older version as a new one."""
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
        """Record that ``follower`` follows ``followed``, each by id or name."""
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
        """Give a variable to one optimizer; return the id of this optimization."""
        reply: pb.StartOptimizationResponse = self.connection.call(
            "StartOptimization",
            pb.StartOptimizationRequest(
                session_id=self.id, variable_identifier=identifier, optimizer_id=optimizer_id
            ),
        )
        return reply.optimization_id

    def stop_optimization(self, identifier: str, optimizer_id: str, *, force: bool = False) -> Any:
        """Free a variable from its optimizer, from another's with ``force``; return its final value."""
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
        """Watch variables, all of them where none is named; the watch is in place when this returns.

        Args:
            identifiers: ids or names.
            initial: whether the present values come first.
            resume_after: the last sequence seen, to go on after it.
            on_update: called for each update, on the reader's thread.
            timeout: seconds that the bridge has to put the watch in place.
            buffer: how many updates that are not iterated over are kept at most; 0 keeps all there are.
        """
        request = pb.WatchVariablesRequest(
            session_id=self.id,
            variable_identifiers=identifiers,
            include_initial_values=initial,
            resume_after=resume_after,
        )
        return Watch(self.connection.stream("WatchVariables", request), on_update, timeout, buffer)

    # Within

    def _learn(self, variable: Variable) -> Variable:
        self._types[variable.id] = self._types[variable.name] = variable.type
        return variable

    def _type_of(self, identifier: str, value: Any) -> str:
        if isinstance(value, Raw):
            return ""
        if identifier not in self._types:
            try:
                self.get(identifier)
            except BridgeError:
                return values.kind_of(value)  # the call itself will tell what is wrong
        return self._types[identifier]
