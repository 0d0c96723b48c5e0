"""What every reply of every scenario is held to, whatever the scenario itself looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from client import Update, Variable
from client.errors import MalformedReply
from proto import snakepit_bridge_pb2 as pb

TYPES = ("float", "integer", "string", "boolean", "choice", "module", "embedding", "tensor")

# Methods whose success says something else than that the call was accepted.
_OWN_SUCCESS = {"SetVariables", "ExecuteTool", "ExecuteElixirTool"}


def complaints(method: str, request: Any, reply: Any) -> list[str]:
    """Say what no bridge may answer; empty where the reply is well-formed."""
    return [f"{method} answered {text}" for text in _faults(method, request, reply)]


def variables_in(method: str, reply: Any) -> list[Variable]:
    """The variables that a reply tells of."""
    if method in ("RegisterVariable", "GetVariable", "RollbackVariable"):
        return [Variable(reply.variable)] if reply.HasField("variable") else []
    if method == "GetVariables":
        return [Variable(message) for message in reply.variables.values()]
    if method == "ListVariables":
        return [Variable(message) for message in reply.variables]
    return []


def update_complaints(update: Update) -> list[str]:
    """Say what no bridge may send to a watch."""
    if update.kind == "heartbeat":
        return []
    found = []
    if not update.message.HasField("timestamp"):
        found.append(f"a watch received a {update.kind} without a timestamp")
    if update.variable is None:
        return [*found, f"a watch received a {update.kind} without its variable"]
    if update.variable_id != update.variable.id:
        found.append(f"a watch received a {update.kind} of {update.variable_id} with {update.variable!r}")
    return found + [f"a watch received {text}" for text in _variable_faults(update.message.variable)]


def _faults(method: str, request: Any, reply: Any) -> Iterator[str]:
    if method not in _OWN_SUCCESS and not getattr(reply, "success", True):
        yield f"success=false under the status OK: {getattr(reply, 'error_message', '')!r}"
    yield from _CHECKS.get(method, lambda *_: iter(()))(request, reply)


def _variable_faults(variable: pb.Variable) -> Iterator[str]:
    told = Variable(variable)
    if not variable.id or not variable.name:
        yield f"a variable without an id or a name: {told!r}"
    if variable.type not in TYPES:
        yield f"a variable of the type {variable.type!r}"
    if variable.version < 1:
        yield f"{told!r}, but versions begin with 1"
    if variable.last_updated_at.ToNanoseconds() <= 0:
        yield f"{told!r} without last_updated_at"
    try:
        _ = told.value
    except MalformedReply as error:
        yield f"{told!r}: {error}"


def _ping(request: pb.PingRequest, reply: pb.PingResponse) -> Iterator[str]:
    if reply.message != request.message:
        yield f"{reply.message!r}, not the message that it got"
    if not reply.HasField("server_time"):
        yield "no server_time"


def _heartbeat(request: pb.HeartbeatRequest, reply: pb.HeartbeatResponse) -> Iterator[str]:
    if not reply.HasField("server_time"):
        yield "no server_time"


def _initialize(request: pb.InitializeSessionRequest, reply: pb.InitializeSessionResponse) -> Iterator[str]:
    for name, variable in reply.initial_variables.items():
        if variable.name != name:
            yield f"the variable {variable.name!r} under the name {name!r}"
        yield from _variable_faults(variable)
    for name, tool in reply.available_tools.items():
        if tool.name != name:
            yield f"the tool {tool.name!r} under the name {name!r}"
        for parameter in tool.parameters:
            if parameter.type not in (*TYPES, "any"):
                yield f"a tool with a parameter of the type {parameter.type!r}"


def _get_session(request: pb.GetSessionRequest, reply: pb.GetSessionResponse) -> Iterator[str]:
    if reply.session_id != request.session_id:
        yield f"the session {reply.session_id!r}"
    if reply.created_at.ToNanoseconds() <= 0:
        yield "no created_at"


def _register(request: pb.RegisterVariableRequest, reply: pb.RegisterVariableResponse) -> Iterator[str]:
    if not reply.variable_id:
        yield "no id"
    if not reply.HasField("variable"):
        yield "no variable (A1)"
        return
    if reply.variable.id != reply.variable_id:
        yield f"the id {reply.variable_id} with the variable {reply.variable.id}"
    if (reply.variable.name, reply.variable.type, reply.variable.version) != (request.name, request.type, 1):
        yield f"{Variable(reply.variable)!r} for the {request.type} {request.name!r} (A1)"
    yield from _variable_faults(reply.variable)


def _get(request: pb.GetVariableRequest, reply: pb.GetVariableResponse) -> Iterator[str]:
    if reply.from_cache:
        yield "from_cache=true"
    if request.variable_identifier not in (reply.variable.id, reply.variable.name):
        yield f"{Variable(reply.variable)!r} where {request.variable_identifier!r} was asked for"
    yield from _variable_faults(reply.variable)


def _get_many(request: pb.BatchGetVariablesRequest, reply: pb.BatchGetVariablesResponse) -> Iterator[str]:
    asked = set(request.variable_identifiers)
    if asked != set(reply.variables) | set(reply.missing_variables):
        yield f"{sorted(reply.variables)} found, {sorted(reply.missing_variables)} missing of {sorted(asked)}"
    for identifier, variable in reply.variables.items():
        if identifier not in (variable.id, variable.name):
            yield f"{Variable(variable)!r} under {identifier!r} (A7)"
        yield from _variable_faults(variable)


def _list(request: pb.ListVariablesRequest, reply: pb.ListVariablesResponse) -> Iterator[str]:
    if len({variable.id for variable in reply.variables}) < len(reply.variables):
        yield "one variable twice"
    for variable in reply.variables:
        yield from _variable_faults(variable)


def _set_many(request: pb.BatchSetVariablesRequest, reply: pb.BatchSetVariablesResponse) -> Iterator[str]:
    if reply.success == bool(reply.errors):
        yield f"success={reply.success} with the errors {dict(reply.errors)} (A8)"
    if strangers := sorted({*reply.errors, *reply.new_versions} - {*request.updates}):
        yield f"of {strangers}, which nobody set (A8)"


def _execute(
    request: pb.ExecuteToolRequest | pb.ExecuteElixirToolRequest,
    reply: pb.ExecuteToolResponse | pb.ExecuteElixirToolResponse,
) -> Iterator[str]:
    if not reply.success and not reply.error_message:
        yield "a failure without a message (X2)"
    if reply.success and not reply.HasField("result"):
        yield "no result (X2)"


def _register_tools(request: pb.RegisterToolsRequest, reply: pb.RegisterToolsResponse) -> Iterator[str]:
    if {*reply.tool_ids} != {tool.name for tool in request.tools}:
        yield f"ids of {sorted(reply.tool_ids)} for {[tool.name for tool in request.tools]}"


def _history(request: pb.GetVariableHistoryRequest, reply: pb.GetVariableHistoryResponse) -> Iterator[str]:
    for entry in reply.entries:
        if entry.version < 1 or not entry.changed_by or entry.timestamp.ToNanoseconds() <= 0:
            yield f"an entry that lacks a part: {entry}"


def _roll_back(request: pb.RollbackVariableRequest, reply: pb.RollbackVariableResponse) -> Iterator[str]:
    yield from _variable_faults(reply.variable)


_CHECKS: dict[str, Callable[[Any, Any], Iterator[str]]] = {
    "Ping": _ping,
    "Heartbeat": _heartbeat,
    "InitializeSession": _initialize,
    "GetSession": _get_session,
    "RegisterVariable": _register,
    "GetVariable": _get,
    "GetVariables": _get_many,
    "ListVariables": _list,
    "SetVariables": _set_many,
    "ExecuteTool": _execute,
    "ExecuteElixirTool": _execute,
    "RegisterTools": _register_tools,
    "GetVariableHistory": _history,
    "RollbackVariable": _roll_back,
}
