"""What every reply of every scenario is held to, whatever the scenario itself looks at."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from varbridge import Update, Variable
from varbridge.conformance.vocabulary.updates import KINDS
from varbridge.errors import MalformedReplyError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages.traits import traits_of

TYPES = ("float", "integer", "string", "boolean", "choice", "module", "embedding", "tensor")

CHANGES = ("registered", "value_change")
"""The kinds of updates that tell of a version when it is made."""

CLOCKS = 600
"""Seconds by which the clocks of two machines may differ, and a scenario take. Time zones differ by more."""

_CAUSES = {"cause", "cause_id", "cause_version", "dependency_type"}
_SECOND = 1_000_000_000


def violations(method: str, request: Any, reply: Any) -> list[str]:
    """Say what no bridge may answer; empty where the reply is well-formed."""
    return [f"{method} answered {text}" for text in _faults(method, request, reply)]


def variables_in(method: str, reply: Any) -> list[Variable]:
    """The variables that a reply tells of."""
    if method in ("RegisterVariable", "GetVariable", "RollbackVariable"):
        return [Variable(reply.variable)] if reply.HasField("variable") else []
    if method == "GetVariables":
        return [Variable(message) for message in reply.variables.values()]
    if method == "InitializeSession":
        return [Variable(message) for message in reply.initial_variables.values()]
    if method == "ListVariables":
        return [Variable(message) for message in reply.variables]
    return []


def update_violations(update: Update) -> list[str]:
    """Say what no bridge may send to a watch."""
    return [f"a watch received {text}" for text in _update_faults(update)]


def _update_faults(update: Update) -> Iterator[str]:
    if update.kind == "heartbeat":
        if update.variable is not None or update.variable_id:
            yield f"a heartbeat with a variable: {update.variable_id or update.variable!r} (W10)"
        return
    if update.kind not in KINDS.values():
        yield f"an update of the kind {update.kind!r}"
    if not update.message.HasField("timestamp"):
        yield f"a {update.kind} without a timestamp"
    yield from (f"a {update.kind} with {text}" for text in _off("timestamp", update.message.timestamp))
    if update.variable is None:
        yield f"a {update.kind} without its variable"
        return
    if update.variable_id != update.variable.id:
        yield f"a {update.kind} of {update.variable_id} with {update.variable!r}"
    if update.kind == "initial_value" and update.metadata.get("initial") != "true":
        yield f"an initial value of {update.variable!r} without the metadata initial=true (W2)"
    if update.kind == "value_change" and not update.message.HasField("previous_value"):
        yield f"a value_change of {update.variable!r} without the previous value (W3)"
    if update.kind == "dependency_change" and (lacking := sorted(_CAUSES - update.metadata.keys())):
        yield f"a dependency_change of {update.variable!r} that does not tell {' and '.join(lacking)} (D1)"
    yield from _variable_faults(update.message.variable)


def _off(what: str, given: Timestamp) -> Iterator[str]:
    """Say that a time which the bridge told is not about the time that it is."""
    told = nanoseconds(given)
    if told and abs(told - time.time_ns()) > CLOCKS * _SECOND:
        yield f"{what} {in_words(given)}, which is not the time that it is, UTC (A14)"


def nanoseconds(given: Timestamp) -> int:
    """A time in ns since the epoch, also one that no Timestamp may be: that must be told, not raised."""
    return given.seconds * _SECOND + given.nanos


def in_words(given: Timestamp) -> str:
    """A time as people write it, or as seconds where it is none."""
    try:
        return str(given.ToJsonString())
    except ValueError:
        return f"{given.seconds} s and {given.nanos} ns"


def at_once(one: Timestamp, other: Timestamp) -> bool:
    """Whether two times of one change are the same, as far as clocks and stores of seconds can tell."""
    return abs(nanoseconds(one) - nanoseconds(other)) <= _SECOND


def _faults(method: str, request: Any, reply: Any) -> Iterator[str]:
    if traits_of(method).outcome_field != "success" and not getattr(reply, "success", True):
        yield f"success=false under the status OK: {getattr(reply, 'error_message', '')!r}"
    if getattr(reply, "success", False) and getattr(reply, "error_message", ""):
        yield f"success=true with the error {reply.error_message!r}"
    yield from _CHECKS.get(method, lambda *_: iter(()))(request, reply)


def _variable_faults(variable: pb.Variable) -> Iterator[str]:
    told = Variable(variable)
    if not variable.id or not variable.name:
        yield f"a variable without an id or a name: {told!r}"
    if variable.type not in TYPES:
        yield f"a variable of the type {variable.type!r}"
    if variable.version < 1:
        yield f"{told!r}, but versions begin with 1"
    if nanoseconds(variable.last_updated_at) <= 0:
        yield f"{told!r} without last_updated_at"
    else:
        yield from (f"{told!r} with {text}" for text in _off("last_updated_at", variable.last_updated_at))
    try:
        _ = told.value
    except MalformedReplyError as error:
        yield f"{told!r}: {error}"
    if not _is_object(variable.constraints_json or "{}"):
        yield f"{told!r} with the constraints {variable.constraints_json!r}, which are no JSON object"
    held = variable.optimization_status
    if held.optimizing:
        if not held.optimizer_id or not held.HasField("started_at"):
            yield f"{told!r}, which is being optimized, but not by whom and since when (D2)"
        yield from (f"{told!r} with {text}" for text in _off("started_at", held.started_at))


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _ping(request: pb.PingRequest, reply: pb.PingResponse) -> Iterator[str]:
    if reply.message != request.message:
        yield f"{reply.message!r}, not the message that it got"
    if not reply.HasField("server_time"):
        yield "no server_time"
    yield from _off("server_time", reply.server_time)


def _heartbeat(request: pb.HeartbeatRequest, reply: pb.HeartbeatResponse) -> Iterator[str]:
    if not reply.HasField("server_time"):
        yield "no server_time"
    yield from _off("server_time", reply.server_time)


def _initialize(request: pb.InitializeSessionRequest, reply: pb.InitializeSessionResponse) -> Iterator[str]:
    for name, variable in reply.initial_variables.items():
        if variable.name != name:
            yield f"the variable {variable.name!r} under the name {name!r}"
        yield from _variable_faults(variable)
    for name, tool in reply.available_tools.items():
        if tool.name != name:
            yield f"the tool {tool.name!r} under the name {name!r}"
        yield from _tool_faults(tool)


def _tool_faults(tool: pb.ToolSpec) -> Iterator[str]:
    for parameter in tool.parameters:
        if not parameter.name or parameter.type not in (*TYPES, "any"):
            yield f"the tool {tool.name!r} with a parameter {parameter.name!r} of the type {parameter.type!r}"


def _get_session(request: pb.GetSessionRequest, reply: pb.GetSessionResponse) -> Iterator[str]:
    if reply.session_id != request.session_id:
        yield f"the session {reply.session_id!r}"
    if not reply.HasField("created_at"):
        yield "no created_at"
    yield from _off("created_at", reply.created_at)


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
        if variable.metadata and not request.include_metadata:
            yield f"the metadata of {identifier!r}, which was not asked for"
    missing = [one for one in dict.fromkeys(request.variable_identifiers) if one in reply.missing_variables]
    if [*dict.fromkeys(reply.missing_variables)] != missing:
        yield f"the missing as {[*reply.missing_variables]}, not in the order asked (A7)"


def _list(request: pb.ListVariablesRequest, reply: pb.ListVariablesResponse) -> Iterator[str]:
    if len({variable.id for variable in reply.variables}) < len(reply.variables):
        yield "one variable twice"
    for variable in reply.variables:
        yield from _variable_faults(variable)
        if request.pattern and not _matches(request.pattern, variable.name):
            yield f"{variable.name!r}, which {request.pattern!r} does not match (A9)"


def _matches(pattern: str, name: str) -> bool:
    glob = "".join({"*": ".*", "?": "."}.get(sign) or re.escape(sign) for sign in pattern)
    return re.fullmatch(glob, name, re.DOTALL) is not None


def _set(request: pb.SetVariableRequest, reply: pb.SetVariableResponse) -> Iterator[str]:
    if reply.new_version < 2:
        yield f"version {reply.new_version}, but the first set makes 2 (A3)"


def _set_many(request: pb.BatchSetVariablesRequest, reply: pb.BatchSetVariablesResponse) -> Iterator[str]:
    if reply.success == bool(reply.errors):
        yield f"success={reply.success} with the errors {dict(reply.errors)} (A8)"
    if strangers := sorted({*reply.errors, *reply.new_versions} - {*request.updates}):
        yield f"of {strangers}, which nobody set (A8)"
    if twice := sorted({*reply.errors} & {*reply.new_versions}):
        yield f"both an error and a version for {twice} (A8)"
    if request.atomic and reply.errors and reply.new_versions:
        yield f"the versions {dict(reply.new_versions)} of an atomic batch that failed (A8)"
    told = {*reply.errors, *reply.new_versions}
    if not (request.atomic and reply.errors) and (untold := sorted({*request.updates} - told)):
        yield f"nothing of {untold} (A8)"


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
    if "" in reply.tool_ids.values():
        yield "an empty id"


def _history(request: pb.GetVariableHistoryRequest, reply: pb.GetVariableHistoryResponse) -> Iterator[str]:
    versions = [entry.version for entry in reply.entries]
    if versions and versions != [*range(versions[0], versions[0] - len(versions), -1)]:
        yield f"the versions {versions}, not one for each change and the newest first (A11)"
    if 0 < request.limit < len(versions):
        yield f"{len(versions)} entries where at most {request.limit} were asked for (A11)"
    times = [nanoseconds(entry.timestamp) for entry in reply.entries]
    if times != sorted(times, reverse=True):
        yield "times that go backwards (A14)"
    for entry in reply.entries:
        if entry.version < 1 or not entry.changed_by or not entry.HasField("timestamp"):
            yield f"an entry that lacks a part: {entry}"
        yield from _off("timestamp", entry.timestamp)


def _roll_back(request: pb.RollbackVariableRequest, reply: pb.RollbackVariableResponse) -> Iterator[str]:
    if request.variable_identifier not in (reply.variable.id, reply.variable.name):
        yield f"{Variable(reply.variable)!r} where {request.variable_identifier!r} was rolled back"
    if reply.variable.version <= request.target_version:
        yield f"version {reply.variable.version}, after version {request.target_version} (A12)"
    yield from _variable_faults(reply.variable)


def _stop(request: pb.StopOptimizationRequest, reply: pb.StopOptimizationResponse) -> Iterator[str]:
    if not reply.HasField("final_value"):
        yield "no final value (D3)"


def _exposed(
    request: pb.GetExposedElixirToolsRequest, reply: pb.GetExposedElixirToolsResponse
) -> Iterator[str]:
    for tool in reply.tools:
        yield from _tool_faults(tool)


_CHECKS: dict[str, Callable[[Any, Any], Iterator[str]]] = {
    "Ping": _ping,
    "Heartbeat": _heartbeat,
    "InitializeSession": _initialize,
    "GetSession": _get_session,
    "RegisterVariable": _register,
    "GetVariable": _get,
    "GetVariables": _get_many,
    "ListVariables": _list,
    "SetVariable": _set,
    "SetVariables": _set_many,
    "ExecuteTool": _execute,
    "ExecuteElixirTool": _execute,
    "RegisterTools": _register_tools,
    "GetVariableHistory": _history,
    "RollbackVariable": _roll_back,
    "StopOptimization": _stop,
    "GetExposedElixirTools": _exposed,
}
