"""The invariants of single replies, which are checked for every call of every scenario."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from varbridge import Variable
from varbridge.conformance.clauses import with_clause
from varbridge.conformance.invariants.times import clock_faults, nanoseconds
from varbridge.conformance.invariants.variables import variable_faults
from varbridge.conformance.vocabulary.types import TYPES
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages.traits import traits_of

MAX_HEADER_BYTES = 8192
"""The size of headers that every client of gRPC accepts by default, in bytes."""

STACK = re.compile(
    r"Traceback|^\s+at \S+.*[(:]|\.(?:cs|erl|exs?|go|java|js|kt|py|rb|rs|ts):\d+|^goroutine \d+|^\*\* \(",
    re.M,
)
"""The form of stacks of .NET, Elixir, Go, Java, JavaScript, Python and Rust."""


def violations(method: str, request: Any, reply: Any, *, current: bool = True) -> list[str]:
    """Return sentences about a reply that no bridge may give; empty if the reply is well-formed.

    Each ends with the clause that it violates, in parentheses: that of the method unless it is another one.

    Args:
        method: the method that was called.
        request: its request.
        reply: its reply.
        current: True if messages have the fields with numbers from 100, which SnakepitBridge lacks.
    """
    faults = [*_faults(method, request, reply)]
    if method == "RegisterVariable":
        faults += _registration_faults(request, reply, current)
    return [with_clause(f"{method} answered {text}", traits_of(method).clause) for text in faults]


def violations_of_refusal(method: str, words: str) -> list[str]:
    """Return a sentence about a message that is too long for some clients; empty if each accepts it."""
    # gRPC writes other bytes than printable ASCII, and the percent sign, as a percent sign and two digits.
    size = sum(1 if 0x20 <= byte <= 0x7E and byte != 0x25 else 3 for byte in words.encode())
    if size < MAX_HEADER_BYTES:
        return []
    return [with_clause(f"{method} answered a message of {size} bytes as a header", "S7")]


def variables_in(method: str, reply: Any) -> list[Variable]:
    """Return the variables in the reply of a method; none if its replies contain no variables."""
    if method in ("RegisterVariable", "GetVariable", "RollbackVariable"):
        return [Variable(reply.variable)] if reply.HasField("variable") else []
    if method == "GetVariables":
        return [Variable(message) for message in reply.variables.values()]
    if method == "InitializeSession":
        return [Variable(message) for message in reply.initial_variables.values()]
    if method == "ListVariables":
        return [Variable(message) for message in reply.variables]
    return []


def _faults(method: str, request: Any, reply: Any) -> Iterator[str]:
    if traits_of(method).outcome_field != "success" and not getattr(reply, "success", True):
        yield f"success=false under the status OK: {getattr(reply, 'error_message', '')!r}"
    if getattr(reply, "success", False) and getattr(reply, "error_message", ""):
        yield f"success=true with the error {reply.error_message!r}"
    yield from _CHECKS.get(method, lambda *_: iter(()))(request, reply)


def _ping(request: pb.PingRequest, reply: pb.PingResponse) -> Iterator[str]:
    if reply.message != request.message:
        yield f"{reply.message!r}, not the message of the request"
    if not reply.HasField("server_time"):
        yield "no server_time"
    yield from clock_faults("server_time", reply.server_time)


def _heartbeat(request: pb.HeartbeatRequest, reply: pb.HeartbeatResponse) -> Iterator[str]:
    if not reply.HasField("server_time"):
        yield "no server_time"
    yield from clock_faults("server_time", reply.server_time)


def _initialize(request: pb.InitializeSessionRequest, reply: pb.InitializeSessionResponse) -> Iterator[str]:
    if len({variable.id for variable in reply.initial_variables.values()}) < len(reply.initial_variables):
        yield "one id for several variables (A1)"
    for name, variable in reply.initial_variables.items():
        if variable.name != name:
            yield f"the variable {variable.name!r} under the name {name!r}"
        yield from variable_faults(variable)
    for name, tool in reply.available_tools.items():
        if tool.name != name:
            yield f"the tool {tool.name!r} under the name {name!r}"
        yield from _tool_faults(tool)


def _tool_faults(tool: pb.ToolSpec) -> Iterator[str]:
    for parameter in tool.parameters:
        if not parameter.name or parameter.type not in (*TYPES, "any"):
            named = f"a parameter {parameter.name!r} of the type {parameter.type!r}"
            yield f"the tool {tool.name!r} with {named} (X2)"


def _get_session(request: pb.GetSessionRequest, reply: pb.GetSessionResponse) -> Iterator[str]:
    if reply.session_id != request.session_id:
        yield f"the session {reply.session_id!r}"
    if not reply.HasField("created_at"):
        yield "no created_at"
    yield from clock_faults("created_at", reply.created_at)
    if reply.variable_count < 0 or reply.tool_count < 0:
        yield f"variable_count={reply.variable_count} and tool_count={reply.tool_count}"


def _clean_up(request: pb.CleanupSessionRequest, reply: pb.CleanupSessionResponse) -> Iterator[str]:
    if reply.resources_cleaned < 0:
        yield f"resources_cleaned={reply.resources_cleaned}"


def _registration_faults(
    request: pb.RegisterVariableRequest, reply: pb.RegisterVariableResponse, current: bool
) -> Iterator[str]:
    if not reply.variable_id:
        yield "no id"
    if not reply.HasField("variable"):
        if current:
            yield "no variable (A1)"
        return
    if reply.variable.id != reply.variable_id:
        yield f"the id {reply.variable_id} with the variable {reply.variable.id}"
    if (reply.variable.name, reply.variable.type, reply.variable.version) != (request.name, request.type, 1):
        yield f"{Variable(reply.variable)!r} for the {request.type} {request.name!r} (A1)"
    yield from variable_faults(reply.variable)


def _get(request: pb.GetVariableRequest, reply: pb.GetVariableResponse) -> Iterator[str]:
    if reply.from_cache:
        yield "from_cache=true"
    if request.variable_identifier not in (reply.variable.id, reply.variable.name):
        yield f"{Variable(reply.variable)!r}, but {request.variable_identifier!r} was requested"
    yield from variable_faults(reply.variable)


def _get_many(request: pb.BatchGetVariablesRequest, reply: pb.BatchGetVariablesResponse) -> Iterator[str]:
    asked = set(request.variable_identifiers)
    if asked != set(reply.variables) | set(reply.missing_variables):
        yield f"{sorted(reply.variables)} found, {sorted(reply.missing_variables)} missing of {sorted(asked)}"
    if both := sorted({*reply.variables} & {*reply.missing_variables}):
        yield f"{both} as found and as missing (A7)"
    for identifier, variable in reply.variables.items():
        if identifier not in (variable.id, variable.name):
            yield f"{Variable(variable)!r} under {identifier!r} (A7)"
        yield from variable_faults(variable)
        if variable.metadata and not request.include_metadata:
            yield f"the metadata of {identifier!r}, which was not requested"
    identifiers = dict.fromkeys(request.variable_identifiers)
    missing = [identifier for identifier in identifiers if identifier in reply.missing_variables]
    if [*dict.fromkeys(reply.missing_variables)] != missing:
        yield f"the missing variables {[*reply.missing_variables]}, not in the order of the request (A7)"


def _list(request: pb.ListVariablesRequest, reply: pb.ListVariablesResponse) -> Iterator[str]:
    if len({variable.id for variable in reply.variables}) < len(reply.variables):
        yield "the same variable twice"
    if len({variable.name for variable in reply.variables}) < len(reply.variables):
        yield "two variables of one name (A1)"
    for variable in reply.variables:
        yield from variable_faults(variable)
        if request.pattern and not _matches(request.pattern, variable.name):
            yield f"{variable.name!r}, which {request.pattern!r} does not match (A9)"


def _matches(pattern: str, name: str) -> bool:
    """Return True if a glob matches a whole name. The time is bounded, as a bridge may answer anything."""
    places = {0}  # in the name, which the pattern so far can reach
    for sign in pattern:
        if sign == "*":
            places = {*range(min(places, default=len(name) + 1), len(name) + 1)}
        else:
            places = {place + 1 for place in places if name[place : place + 1] == sign or sign == "?"}
            places -= {len(name) + 1}
    return len(name) in places


def _set(request: pb.SetVariableRequest, reply: pb.SetVariableResponse) -> Iterator[str]:
    if reply.new_version < 2:
        yield f"version {reply.new_version}, but the first set makes 2 (A3)"


def _set_many(request: pb.BatchSetVariablesRequest, reply: pb.BatchSetVariablesResponse) -> Iterator[str]:
    if reply.success == bool(reply.errors):
        yield f"success={reply.success} with the errors {dict(reply.errors)} (A8)"
    if unexpected := sorted({*reply.errors, *reply.new_versions} - {*request.updates}):
        yield f"a result for {unexpected}, which the request did not set (A8)"
    if twice := sorted({*reply.errors} & {*reply.new_versions}):
        yield f"both an error and a version for {twice} (A8)"
    if request.atomic and reply.errors and reply.new_versions:
        yield f"the versions {dict(reply.new_versions)} of an atomic batch that failed (A8)"
    results = {*reply.errors, *reply.new_versions}
    if not (request.atomic and reply.errors) and (absent := sorted({*request.updates} - results)):
        yield f"no result for {absent} (A8)"


def _execute(
    request: pb.ExecuteToolRequest | pb.ExecuteElixirToolRequest,
    reply: pb.ExecuteToolResponse | pb.ExecuteElixirToolResponse,
) -> Iterator[str]:
    if not reply.success and not reply.error_message:
        yield "a failure without a message (X2)"
    if any(map(STACK.search, reply.metadata.values())):
        yield f"the metadata {dict(reply.metadata)}, with a stack (X2)"
    if reply.execution_time_ms < 0:
        yield f"execution_time_ms={reply.execution_time_ms}"
    if reply.success and not reply.HasField("result"):
        yield "no result (X2)"


def _register_tools(request: pb.RegisterToolsRequest, reply: pb.RegisterToolsResponse) -> Iterator[str]:
    if {*reply.tool_ids} != {tool.name for tool in request.tools}:
        yield f"ids for the tools {sorted(reply.tool_ids)}, not for {[tool.name for tool in request.tools]}"
    if "" in reply.tool_ids.values():
        yield "an empty id"
    if len({*reply.tool_ids.values()}) < len(reply.tool_ids):
        yield "one id for several tools"


def _history(request: pb.GetVariableHistoryRequest, reply: pb.GetVariableHistoryResponse) -> Iterator[str]:
    versions = [entry.version for entry in reply.entries]
    if versions and versions != [*range(versions[0], versions[0] - len(versions), -1)]:
        yield f"the versions {versions}, not one for each change and the newest first (A11)"
    if 0 < request.limit < len(versions):
        yield f"{len(versions)} entries, but at most {request.limit} were requested (A11)"
    times = [nanoseconds(entry.timestamp) for entry in reply.entries]
    if times != sorted(times, reverse=True):
        yield "entries whose times are not in order (A14)"
    for entry in reply.entries:
        if entry.version < 1 or not entry.changed_by or not entry.HasField("timestamp"):
            yield f"an incomplete entry: {entry}"
        yield from clock_faults("timestamp", entry.timestamp)


def _roll_back(request: pb.RollbackVariableRequest, reply: pb.RollbackVariableResponse) -> Iterator[str]:
    if request.variable_identifier not in (reply.variable.id, reply.variable.name):
        yield f"{Variable(reply.variable)!r}, but {request.variable_identifier!r} was rolled back"
    if reply.variable.version <= request.target_version:
        yield f"version {reply.variable.version} for a rollback to version {request.target_version} (A12)"
    yield from variable_faults(reply.variable)


def _stop(request: pb.StopOptimizationRequest, reply: pb.StopOptimizationResponse) -> Iterator[str]:
    if not reply.HasField("final_value"):
        yield "no final value (D3)"


def _exposed(
    request: pb.GetExposedElixirToolsRequest, reply: pb.GetExposedElixirToolsResponse
) -> Iterator[str]:
    if len({tool.name for tool in reply.tools}) < len(reply.tools):
        yield "the same tool twice"
    for tool in reply.tools:
        yield from _tool_faults(tool)


_CHECKS: dict[str, Callable[[Any, Any], Iterator[str]]] = {
    "Ping": _ping,
    "Heartbeat": _heartbeat,
    "InitializeSession": _initialize,
    "CleanupSession": _clean_up,
    "GetSession": _get_session,
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
