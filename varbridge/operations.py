"""The operations of a session without their I/O, which the synchronous and the asyncio sessions perform.

An operation is a generator: it yields each call that is to be made, gets the reply, and returns its result.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from varbridge import tool_values, values
from varbridge.errors import BridgeError, ToolFailedError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.variable import Variable
from varbridge.wire import Raw, to_any


class Call(NamedTuple):
    """A call that an operation makes."""

    method: str
    request: Any


class BatchResult(NamedTuple):
    """The result of a batch of sets: new versions and error messages, by the requested identifier."""

    success: bool
    versions: Mapping[str, int]
    errors: Mapping[str, str]


T = TypeVar("T")
Operation = Generator[Call, Any, T]
Texts = Mapping[str, str]


class Operations:
    """The operations of a session, and the types of its variables as far as they are known."""

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self._types: dict[str, str] = {}

    # The session itself

    def initialize(self, metadata: Texts | None, ttl_seconds: int) -> Operation[pb.InitializeSessionResponse]:
        reply: pb.InitializeSessionResponse = yield Call(
            "InitializeSession",
            pb.InitializeSessionRequest(
                session_id=self.session_id,
                metadata=metadata,
                config=pb.SessionConfig(ttl_seconds=ttl_seconds),
            ),
        )
        return reply

    def clean_up(self) -> Operation[int]:
        reply = yield Call("CleanupSession", pb.CleanupSessionRequest(session_id=self.session_id))
        self._types.clear()
        return int(reply.resources_cleaned)

    def describe(self) -> Operation[pb.GetSessionResponse]:
        reply: pb.GetSessionResponse = yield Call(
            "GetSession", pb.GetSessionRequest(session_id=self.session_id)
        )
        return reply

    def heartbeat(self) -> Operation[bool]:
        reply = yield Call("Heartbeat", pb.HeartbeatRequest(session_id=self.session_id))
        return bool(reply.session_valid)

    # Variables

    def register(
        self,
        name: str,
        kind: str,
        value: Any,
        constraints: Mapping[str, Any] | str | None,
        metadata: Texts | None,
    ) -> Operation[Variable]:
        raw = values.encode(kind, value, name)
        if not isinstance(constraints, str):
            constraints = json.dumps(constraints) if constraints else ""
        reply = yield Call(
            "RegisterVariable",
            pb.RegisterVariableRequest(
                session_id=self.session_id,
                name=name,
                type=kind,
                initial_value=to_any(raw),
                initial_binary_value=raw.array,
                constraints_json=constraints,
                metadata=metadata,
            ),
        )
        if not reply.HasField("variable"):  # an older bridge answers only the id
            return (yield from self.get(reply.variable_id))
        return self._learn(Variable(reply.variable))

    def get(self, identifier: str) -> Operation[Variable]:
        reply = yield Call(
            "GetVariable",
            pb.GetVariableRequest(session_id=self.session_id, variable_identifier=identifier),
        )
        return self._learn(Variable(reply.variable))

    def set(
        self,
        identifier: str,
        value: Any,
        kind: str | None,
        metadata: Texts | None,
        expected_version: int | None,
        request_id: str,
    ) -> Operation[int]:
        if kind is None:
            kind = yield from self._type_of(identifier, value)
        raw = values.encode(kind, value, identifier)
        reply = yield Call(
            "SetVariable",
            pb.SetVariableRequest(
                session_id=self.session_id,
                variable_identifier=identifier,
                value=to_any(raw),
                binary_value=raw.array,
                metadata=metadata,
                expected_version=expected_version,
                request_id=request_id,
            ),
        )
        return int(reply.new_version)

    def get_many(
        self, identifiers: Sequence[str], metadata: bool
    ) -> Operation[tuple[dict[str, Variable], list[str]]]:
        reply = yield Call(
            "GetVariables",
            pb.BatchGetVariablesRequest(
                session_id=self.session_id, variable_identifiers=identifiers, include_metadata=metadata
            ),
        )
        variables = {name: self._learn(Variable(message)) for name, message in reply.variables.items()}
        return variables, [*reply.missing_variables]

    def set_many(
        self, updates: Mapping[str, Any], atomic: bool, metadata: Texts | None
    ) -> Operation[BatchResult]:
        raws: dict[str, Raw] = {}
        for name, value in updates.items():
            kind = yield from self._type_of(name, value)
            raws[name] = values.encode(kind, value, name)
        reply = yield Call(
            "SetVariables",
            pb.BatchSetVariablesRequest(
                session_id=self.session_id,
                updates={name: to_any(raw) for name, raw in raws.items()},
                binary_updates={name: raw.array for name, raw in raws.items() if raw.array},
                atomic=atomic,
                metadata=metadata,
            ),
        )
        return BatchResult(reply.success, dict(reply.new_versions), dict(reply.errors))

    def list(self, pattern: str) -> Operation[Sequence[Variable]]:
        reply = yield Call(
            "ListVariables", pb.ListVariablesRequest(session_id=self.session_id, pattern=pattern)
        )
        return [self._learn(Variable(message)) for message in reply.variables]

    def delete(self, identifier: str, metadata: Texts | None) -> Operation[None]:
        yield Call(
            "DeleteVariable",
            pb.DeleteVariableRequest(
                session_id=self.session_id, variable_identifier=identifier, metadata=metadata
            ),
        )
        self._types.clear()  # the name may be registered again with another type

    def history(self, identifier: str, limit: int) -> Operation[Sequence[pb.VariableHistoryEntry]]:
        reply = yield Call(
            "GetVariableHistory",
            pb.GetVariableHistoryRequest(
                session_id=self.session_id, variable_identifier=identifier, limit=limit
            ),
        )
        entries: Sequence[pb.VariableHistoryEntry] = reply.entries
        return entries

    def roll_back(self, identifier: str, version: int, metadata: Texts | None) -> Operation[Variable]:
        reply = yield Call(
            "RollbackVariable",
            pb.RollbackVariableRequest(
                session_id=self.session_id,
                variable_identifier=identifier,
                target_version=version,
                metadata=metadata,
            ),
        )
        return Variable(reply.variable)

    def depend(self, followed: str, follower: str, dependency_type: str) -> Operation[None]:
        yield Call(
            "AddDependency",
            pb.AddDependencyRequest(
                session_id=self.session_id,
                from_variable=followed,
                to_variable=follower,
                dependency_type=dependency_type,
            ),
        )

    def start_optimization(self, identifier: str, optimizer_id: str) -> Operation[str]:
        reply = yield Call(
            "StartOptimization",
            pb.StartOptimizationRequest(
                session_id=self.session_id, variable_identifier=identifier, optimizer_id=optimizer_id
            ),
        )
        return str(reply.optimization_id)

    def stop_optimization(self, identifier: str, optimizer_id: str, force: bool) -> Operation[Any]:
        reply = yield Call(
            "StopOptimization",
            pb.StopOptimizationRequest(
                session_id=self.session_id,
                variable_identifier=identifier,
                optimizer_id=optimizer_id,
                force=force,
            ),
        )
        return values.decode_any(reply.final_value, reply.final_binary_value)

    def watch_request(
        self, identifiers: Sequence[str], initial: bool, resume_after: int | None
    ) -> pb.WatchVariablesRequest:
        """Return the request that opens a watch."""
        return pb.WatchVariablesRequest(
            session_id=self.session_id,
            variable_identifiers=identifiers,
            include_initial_values=initial,
            resume_after=resume_after,
        )

    # Tools

    def execute(
        self, tool: str, parameters: Mapping[str, Any] | None, metadata: Texts | None
    ) -> Operation[Any]:
        reply = yield Call("ExecuteTool", self.tool_request(tool, parameters, metadata))
        return _result(reply)

    def register_tools(self, tools: Sequence[pb.ToolRegistration], host: str) -> Operation[Texts]:
        reply = yield Call(
            "RegisterTools",
            pb.RegisterToolsRequest(session_id=self.session_id, tools=tools, worker_id=host),
        )
        return dict(reply.tool_ids)

    def registered_tools(self) -> Operation[Sequence[pb.ToolSpec]]:
        reply = yield Call(
            "GetExposedElixirTools", pb.GetExposedElixirToolsRequest(session_id=self.session_id)
        )
        specs: Sequence[pb.ToolSpec] = reply.tools
        return specs

    def execute_registered(
        self, tool: str, parameters: Mapping[str, Any] | None, metadata: Texts | None
    ) -> Operation[Any]:
        reply = yield Call(
            "ExecuteElixirTool",
            pb.ExecuteElixirToolRequest(
                session_id=self.session_id,
                tool_name=tool,
                parameters={
                    name: to_any(tool_values.encode(value, name, as_json=True))
                    for name, value in (parameters or {}).items()
                },
                metadata=metadata,
            ),
        )
        return _result(reply)

    def tool_request(
        self, tool: str, parameters: Mapping[str, Any] | None, metadata: Texts | None
    ) -> pb.ExecuteToolRequest:
        """Return the request that runs a tool, or a streaming one."""
        opaque: dict[str, bytes] = {}
        raws: dict[str, Raw] = {}
        for name, value in (parameters or {}).items():
            if isinstance(value, bytes | bytearray | memoryview):
                opaque[name] = bytes(value)
            else:
                raws[name] = tool_values.encode(value, name)
        return pb.ExecuteToolRequest(
            session_id=self.session_id,
            tool_name=tool,
            parameters={name: to_any(raw) for name, raw in raws.items()},
            binary_parameters={name: raw.array for name, raw in raws.items() if raw.array} | opaque,
            metadata=metadata,
        )

    # Types of variables

    def _learn(self, variable: Variable) -> Variable:
        self._types[variable.id] = self._types[variable.name] = variable.type
        return variable

    def _type_of(self, identifier: str, value: Any) -> Operation[str]:
        if isinstance(value, Raw):
            return ""
        if identifier not in self._types:
            try:
                variable = yield from self.get(identifier)
            except BridgeError:
                return values.kind_of(value)  # the call itself will report the error
            return variable.type
        return self._types[identifier]


def _result(reply: pb.ExecuteToolResponse | pb.ExecuteElixirToolResponse) -> Any:
    if not reply.success:
        raise ToolFailedError(reply.error_message)
    return tool_values.decode(reply.result)
