"""Tests of the interface: fresh stubs, comments for every part, and compatibility with older clients."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FieldDescriptor, ServiceDescriptor
from google.protobuf.message import Message

from varbridge.messages.snakepit_bridge_pb2 import DESCRIPTOR

# The module is loaded from its path because `proto` is also the name of a package of Google.
_SPEC = importlib.util.spec_from_file_location(
    "generate_stubs", Path(__file__).resolve().parents[2] / "proto" / "generate.py"
)
assert _SPEC is not None
assert _SPEC.loader is not None
generate = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(generate)
BASELINE, INTERNAL, ROOT, SOURCE = generate.BASELINE, generate.INTERNAL, generate.ROOT, generate.SOURCE
ToolError, buf, protoc, write_stubs = generate.ToolError, generate.buf, generate.protoc, generate.write_stubs

STUBS = {
    f"varbridge/messages/snakepit_bridge_{kind}"
    for kind in ("pb2.py", "pb2.pyi", "pb2_grpc.py", "pb2_grpc.pyi")
} | {f"{source.with_suffix('').as_posix()}_{kind}" for source in INTERNAL for kind in ("pb2.py", "pb2.pyi")}

# The methods that SnakepitBridge, the older of the two services, does not have.
LATER_METHODS = {"GetSession", "Heartbeat", "RegisterTools", "GetExposedElixirTools", "ExecuteElixirTool"}

# Fields with this number or a higher one are additions of this project; the original fields are below.
FIRST_ADDED_NUMBER = 100

# The messages of the original, releases 0.4.0 to 0.4.3. The fields of each message are numbered from 1
# without gaps.
ORIGINAL = {
    "PingRequest": "string message",
    "PingResponse": "string message, Timestamp server_time",
    "InitializeSessionRequest": "string session_id, map<string,string> metadata, SessionConfig config",
    "SessionConfig": "bool enable_caching, int32 cache_ttl_seconds, bool enable_telemetry",
    "InitializeSessionResponse": "bool success, string error_message, "
    "map<string,ToolSpec> available_tools, map<string,Variable> initial_variables",
    "CleanupSessionRequest": "string session_id, bool force",
    "CleanupSessionResponse": "bool success, int32 resources_cleaned",
    "GetSessionRequest": "string session_id",
    "GetSessionResponse": "string session_id, map<string,string> metadata, Timestamp created_at, "
    "int32 variable_count, int32 tool_count",
    "HeartbeatRequest": "string session_id, Timestamp client_time",
    "HeartbeatResponse": "Timestamp server_time, bool session_valid",
    "Variable": "string id, string name, string type, Any value, string constraints_json, "
    "map<string,string> metadata, Source source, Timestamp last_updated_at, int32 version, "
    "string access_control_json, OptimizationStatus optimization_status, bytes binary_value",
    "OptimizationStatus": "bool optimizing, string optimizer_id, Timestamp started_at",
    "RegisterVariableRequest": "string session_id, string name, string type, Any initial_value, "
    "string constraints_json, map<string,string> metadata, bytes initial_binary_value",
    "RegisterVariableResponse": "bool success, string variable_id, string error_message",
    "GetVariableRequest": "string session_id, string variable_identifier, bool bypass_cache",
    "GetVariableResponse": "Variable variable, bool from_cache",
    "SetVariableRequest": "string session_id, string variable_identifier, Any value, "
    "map<string,string> metadata, int32 expected_version, bytes binary_value",
    "SetVariableResponse": "bool success, string error_message, int32 new_version",
    "BatchGetVariablesRequest": "string session_id, repeated string variable_identifiers, "
    "bool include_metadata, bool bypass_cache",
    "BatchGetVariablesResponse": "map<string,Variable> variables, repeated string missing_variables",
    "BatchSetVariablesRequest": "string session_id, map<string,Any> updates, map<string,string> metadata, "
    "bool atomic, map<string,bytes> binary_updates",
    "BatchSetVariablesResponse": "bool success, map<string,string> errors, map<string,int32> new_versions",
    "ListVariablesRequest": "string session_id, string pattern",
    "ListVariablesResponse": "repeated Variable variables",
    "DeleteVariableRequest": "string session_id, string variable_identifier",
    "DeleteVariableResponse": "bool success, string error_message",
    "WatchVariablesRequest": "string session_id, repeated string variable_identifiers, "
    "bool include_initial_values",
    "VariableUpdate": "string variable_id, Variable variable, string update_source, "
    "map<string,string> update_metadata, Timestamp timestamp, string update_type",
    "ToolSpec": "string name, string description, repeated ParameterSpec parameters, "
    "map<string,string> metadata, bool supports_streaming, repeated string required_variables",
    "ParameterSpec": "string name, string type, string description, bool required, Any default_value, "
    "string validation_json",
    "ToolRegistration": "string name, string description, repeated ParameterSpec parameters, "
    "map<string,string> metadata, bool supports_streaming",
    "ExecuteToolRequest": "string session_id, string tool_name, map<string,Any> parameters, "
    "map<string,string> metadata, bool stream, map<string,bytes> binary_parameters",
    "ExecuteToolResponse": "bool success, Any result, string error_message, map<string,string> metadata, "
    "int64 execution_time_ms",
    "ToolChunk": "string chunk_id, bytes data, bool is_final, map<string,string> metadata",
    "RegisterToolsRequest": "string session_id, repeated ToolRegistration tools, string worker_id",
    "RegisterToolsResponse": "bool success, map<string,string> tool_ids, string error_message",
    "GetExposedElixirToolsRequest": "string session_id",
    "GetExposedElixirToolsResponse": "repeated ToolSpec tools",
    "ExecuteElixirToolRequest": "string session_id, string tool_name, map<string,Any> parameters, "
    "map<string,string> metadata",
    "ExecuteElixirToolResponse": "bool success, Any result, string error_message, "
    "map<string,string> metadata, int64 execution_time_ms",
    "AddDependencyRequest": "string session_id, string from_variable, string to_variable, "
    "string dependency_type",
    "AddDependencyResponse": "bool success, string error_message",
    "StartOptimizationRequest": "string session_id, string variable_identifier, string optimizer_id, "
    "map<string,string> optimizer_config",
    "StartOptimizationResponse": "bool success, string error_message, string optimization_id",
    "StopOptimizationRequest": "string session_id, string variable_identifier, bool force",
    "StopOptimizationResponse": "bool success, Any final_value",
    "GetVariableHistoryRequest": "string session_id, string variable_identifier, int32 limit",
    "GetVariableHistoryResponse": "repeated VariableHistoryEntry entries",
    "VariableHistoryEntry": "int32 version, Any value, Timestamp timestamp, string changed_by, "
    "map<string,string> metadata",
    "RollbackVariableRequest": "string session_id, string variable_identifier, int32 target_version",
    "RollbackVariableResponse": "bool success, Variable variable, string error_message",
}


def test_the_stubs_are_up_to_date(tmp_path: Path) -> None:
    write_stubs(tmp_path)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    fresh = {file.relative_to(tmp_path).as_posix(): file.read_bytes() for file in files}
    assert fresh.keys() == STUBS
    stale = [name for name in sorted(fresh) if fresh[name] != (ROOT / name).read_bytes()]
    assert stale == [], "generate them again: python proto/generate.py"


def test_the_interface_passes_buf_lint() -> None:
    buf("lint")


def test_the_interface_is_compatible_with_its_baseline() -> None:
    buf("breaking", "--against", BASELINE.as_posix())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("int32 new_version = 3;", "int32 new_version = 4;", id="another number"),
        pytest.param("int32 new_version = 3;", "string new_version = 3;", id="another type"),
        pytest.param("int32 new_version = 3;", "int32 version_made = 3;", id="another name"),
        pytest.param(
            "rpc CleanupSession(CleanupSessionRequest) returns (CleanupSessionResponse);", "", id="no method"
        ),
        pytest.param("service SnakepitBridge {", "service OldBridge {", id="no service"),
    ],
)
def test_the_compatibility_check_refuses_an_incompatible_change(
    tmp_path: Path, before: str, after: str
) -> None:
    shutil.copy(ROOT / "buf.yaml", tmp_path)
    text = (ROOT / SOURCE).read_text(encoding="utf-8")
    assert before in text
    broken = tmp_path / SOURCE
    broken.parent.mkdir()
    broken.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(ToolError, match=r"snakepit_bridge\.proto:\d+:\d+:"):
        buf("breaking", str(tmp_path), "--against", BASELINE.as_posix())


def test_every_declaration_has_a_comment(tmp_path: Path) -> None:
    compiled = tmp_path / "interface.binpb"
    protoc("--include_source_info", f"--descriptor_set_out={compiled}")
    (file,) = descriptor_pb2.FileDescriptorSet.FromString(compiled.read_bytes()).file
    comments = {
        tuple(location.path): location.leading_comments.strip() for location in file.source_code_info.location
    }
    declared = dict(_declarations(file))
    # One declaration of each kind, to notice if the search misses a kind.
    assert {
        "BridgeService",
        "BridgeService.Ping",
        "Variable",
        "Variable.id",
        "Variable.Source",
        "Variable.Source.PYTHON",
    } <= declared.keys()
    assert [name for name, path in declared.items() if not comments.get(path)] == []


def test_the_older_service_is_the_newer_one_without_five_methods() -> None:
    services = DESCRIPTOR.services_by_name
    newer, older = _methods(services["BridgeService"]), _methods(services["SnakepitBridge"])
    assert len(newer) == 23
    assert newer.keys() >= LATER_METHODS
    assert older == {name: types for name, types in newer.items() if name not in LATER_METHODS}


@pytest.mark.parametrize("message", ORIGINAL)
def test_every_field_of_the_original_is_unchanged(message: str) -> None:
    original = dict(enumerate(ORIGINAL[message].split(", "), start=1))
    fields = DESCRIPTOR.message_types_by_name[message].fields
    assert {
        field.number: f"{_type(field)} {field.name}" for field in fields if field.number < FIRST_ADDED_NUMBER
    } == original


def test_the_sources_of_a_variable_are_unchanged() -> None:
    sources = DESCRIPTOR.message_types_by_name["Variable"].enum_types_by_name["Source"]
    assert {value.name: value.number for value in sources.values} == {"ELIXIR": 0, "PYTHON": 1}


# The fields that contain the declarations inside each kind of declaration.
_INSIDE: dict[type[Message], tuple[str, ...]] = {
    descriptor_pb2.FileDescriptorProto: ("message_type", "enum_type", "service"),
    descriptor_pb2.DescriptorProto: ("field", "nested_type", "enum_type"),
    descriptor_pb2.EnumDescriptorProto: ("value",),
    descriptor_pb2.ServiceDescriptorProto: ("method",),
}


def _declarations(
    outer: Message, path: tuple[int, ...] = (), prefix: str = ""
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the dotted name of each declaration in ``outer`` and its path, as descriptor.proto defines it."""
    for part in _INSIDE.get(type(outer), ()):
        number = outer.DESCRIPTOR.fields_by_name[part].number
        for index, inner in enumerate(getattr(outer, part)):
            if part == "nested_type" and inner.options.map_entry:
                continue  # protoc generates this type for a map field
            inner_path = (*path, number, index)
            yield prefix + inner.name, inner_path
            yield from _declarations(inner, inner_path, f"{prefix}{inner.name}.")


def _methods(service: ServiceDescriptor) -> dict[str, tuple[str, bool, str, bool]]:
    """Return the request and the reply of each method, by name, and if they are streams."""
    return {
        method.name: (
            method.input_type.full_name,
            method.client_streaming,
            method.output_type.full_name,
            method.server_streaming,
        )
        for method in service.methods
    }


def _type(field: FieldDescriptor) -> str:
    """Return the type of a field as in the .proto file, without packages."""
    message = field.message_type
    if message is not None and message.GetOptions().map_entry:
        return f"map<{_type(message.fields_by_name['key'])},{_type(message.fields_by_name['value'])}>"
    named = message or field.enum_type
    if named is not None:
        kind = named.name
    else:
        kind = descriptor_pb2.FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    return f"repeated {kind}" if field.is_repeated else kind
