"""Tests of the invariants across all clients of a scenario and of those of replies."""

from __future__ import annotations

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.conformance.invariant_builders import (
    A_BATCH,
    NEIGHBOUR,
    NOW,
    VALID,
    batch_violations,
    update,
    variable,
)
from varbridge import Variable
from varbridge.conformance.invariants import replies, watches
from varbridge.conformance.invariants.updates import update_violations
from varbridge.conformance.invariants.versions import Versions
from varbridge.messages import snakepit_bridge_pb2 as pb

pytestmark = pytest.mark.usefixtures("fixed_clock")


def test_a_batch_with_few_known_updates_has_no_violations() -> None:
    assert batch_violations({"x": 2, "y": 2}, []) == []
    assert batch_violations({"x": 2, "y": 2}, [A_BATCH[0], NEIGHBOUR]) == []
    # Another variable of that name exists later, so the batch may have set either of them.
    later = update("value_change", 8, 2, "1", "0", name="x")
    later.message.variable_id = later.message.variable.id = "var_x_2"
    assert batch_violations({"x": 2, "y": 2}, [*A_BATCH, NEIGHBOUR, later]) == []


VALUE = variable(1).value


def entry(version: int, value: str = "0.5", changed_by: str = "client") -> pb.VariableHistoryEntry:
    message = pb.VariableHistoryEntry(version=version, changed_by=changed_by)
    message.value.CopyFrom(variable(version, value).value)
    message.timestamp.seconds = NOW
    return message


def violations_of_second_state(**changes: object) -> str:
    versions = Versions()
    assert [*versions.violations_of_state("b", Variable(variable(1)))] == []
    later = variable(1)
    for name, value in changes.items():
        if isinstance(value, dict):
            later.metadata.update(value)
        else:
            setattr(later, name, value)
    assert [*versions.violations_of_state("another bridge", Variable(later))] == []
    return "; ".join(versions.violations_of_state("b", Variable(later)))


def test_one_version_in_two_states_is_a_violation() -> None:
    assert violations_of_second_state() == violations_of_second_state(constraints_json="{}") == ""
    assert "the type 'float'" in violations_of_second_state(type="string")
    assert "the constraints_json ''" in violations_of_second_state(constraints_json='{"min": 1}')
    assert "the source of" in violations_of_second_state(source=pb.Variable.PYTHON)
    assert "with the metadata {} and with {'a': 'b'}" in violations_of_second_state(metadata={"a": "b"})


def test_metadata_that_was_not_requested_may_be_missing() -> None:
    versions = Versions()
    message = variable(1)
    message.metadata["a"] = "b"
    assert [*versions.violations_of_state("b", Variable(message))] == []
    assert [*versions.violations_of_state("b", Variable(variable(1)), metadata=False)] == []


@pytest.mark.parametrize(
    ("wrong", "violation"),
    [
        (entry(1, "0.6"), "has the value b'0.6' in the history"),
        (entry(1, changed_by="Ada"), "as made by 'client' and by 'Ada'"),
    ],
)
def test_a_history_that_contradicts_earlier_replies_is_a_violation(
    wrong: pb.VariableHistoryEntry, violation: str
) -> None:
    versions = Versions()
    request = pb.GetVariableHistoryRequest(session_id="s", variable_identifier="x")
    versions.learn_id("b", "s", Variable(variable(1)))
    assert [*versions.violations_of_state("b", Variable(variable(1)))] == []
    valid = pb.GetVariableHistoryResponse(entries=[entry(1)])
    assert [*versions.violations_of_history("b", request, valid)] == []
    violations = versions.violations_of_history("b", request, pb.GetVariableHistoryResponse(entries=[wrong]))
    assert violation in "; ".join(violations)


def test_a_wrong_previous_value_is_a_violation() -> None:
    versions = Versions()
    versions.violations_of(Variable(variable(2, "0.5")))
    assert versions.violations_of_update("s", VALID[2]) == []
    wrong = update("value_change", 6, 3, "0.6", "0.4")
    assert "with another previous value" in "; ".join(versions.violations_of_update("s", wrong))


@pytest.mark.parametrize(
    ("method", "request_message", "reply", "violation"),
    [
        ("Ping", pb.PingRequest(message="a"), pb.PingResponse(message="b"), "not the message of the request"),
        ("SetVariable", pb.SetVariableRequest(), pb.SetVariableResponse(new_version=2), "success=false"),
        (
            "GetVariable",
            pb.GetVariableRequest(variable_identifier="x"),
            pb.GetVariableResponse(variable=variable(1), from_cache=True),
            "from_cache=true",
        ),
        (
            "GetVariable",
            pb.GetVariableRequest(variable_identifier="y"),
            pb.GetVariableResponse(variable=variable(1)),
            "but 'y' was requested",
        ),
        (
            "GetVariable",
            pb.GetVariableRequest(variable_identifier="x"),
            pb.GetVariableResponse(variable=variable(0)),
            "versions begin with 1",
        ),
        (
            "GetVariable",
            pb.GetVariableRequest(variable_identifier="x"),
            pb.GetVariableResponse(variable=variable(1, "true")),
            "came as true",
        ),
        (
            "GetVariables",
            pb.BatchGetVariablesRequest(variable_identifiers=["x", "y"]),
            pb.BatchGetVariablesResponse(variables={"x": variable(1)}),
            "['x'] found, [] missing of ['x', 'y']",
        ),
        (
            "SetVariables",
            pb.BatchSetVariablesRequest(),
            pb.BatchSetVariablesResponse(success=True, errors={"x": "no"}),
            "success=True with the errors",
        ),
        (
            "RegisterVariable",
            pb.RegisterVariableRequest(),
            pb.RegisterVariableResponse(success=True),
            "no id",
        ),
        ("ExecuteTool", pb.ExecuteToolRequest(), pb.ExecuteToolResponse(), "a failure without a message"),
        (
            "GetVariables",
            pb.BatchGetVariablesRequest(variable_identifiers=["b", "a"]),
            pb.BatchGetVariablesResponse(missing_variables=["a", "b"]),
            "the missing variables ['a', 'b'], not in the order of the request",
        ),
        (
            "ListVariables",
            pb.ListVariablesRequest(pattern="[x]*"),
            pb.ListVariablesResponse(variables=[variable(1)]),
            "'x', which '[x]*' does not match",
        ),
        (
            "SetVariables",
            pb.BatchSetVariablesRequest(updates={"x": VALUE, "y": VALUE}),
            pb.BatchSetVariablesResponse(success=True, new_versions={"x": 2}),
            "no result for ['y']",
        ),
        (
            "GetVariableHistory",
            pb.GetVariableHistoryRequest(limit=1),
            pb.GetVariableHistoryResponse(entries=[entry(3), entry(1)]),
            "the versions [3, 1], not one for each change",
        ),
        (
            "GetVariableHistory",
            pb.GetVariableHistoryRequest(limit=1),
            pb.GetVariableHistoryResponse(entries=[entry(3), entry(2)]),
            "2 entries, but at most 1 were requested",
        ),
        (
            "GetSession",
            pb.GetSessionRequest(),
            pb.GetSessionResponse(created_at=Timestamp(seconds=NOW + 3600)),
            "which differs from the current time",
        ),
        (
            "RollbackVariable",
            pb.RollbackVariableRequest(variable_identifier="x", target_version=2),
            pb.RollbackVariableResponse(success=True, variable=variable(2)),
            "version 2 for a rollback to version 2",
        ),
        (
            "SetVariable",
            pb.SetVariableRequest(),
            pb.SetVariableResponse(success=True, new_version=2, error_message="no"),
            "success=true with the error 'no'",
        ),
    ],
)
def test_a_wrong_reply_is_a_violation(
    method: str, request_message: object, reply: object, violation: str
) -> None:
    assert violation in "; ".join(replies.violations(method, request_message, reply))


def test_a_correct_reply_has_no_violations() -> None:
    request = pb.GetVariableRequest(variable_identifier="var_x")
    assert replies.violations("GetVariable", request, pb.GetVariableResponse(variable=variable(1))) == []


def test_nothing_is_asked_of_the_older_service_that_needs_newer_fields() -> None:
    request = pb.RegisterVariableRequest(name="x", type="float")
    reply = pb.RegisterVariableResponse(success=True, variable_id="var_x")
    assert replies.violations("RegisterVariable", request, reply, current=False) == []
    assert replies.violations("RegisterVariable", request, reply) == [
        "RegisterVariable answered no variable (A1)"
    ]
    changes = [update("value_change", 0, version) for version in (2, 3)]
    assert [fault for change in changes for fault in update_violations(change, current=False)] == []
    assert watches.violations("Ada", changes, current=False) == []
    versions = Versions(current=False)
    assert [fault for change in changes for fault in versions.violations_of_update("s", change)] == []
    (fault,) = watches.violations("Ada", [*changes, changes[0]], current=False)
    assert "version 2 of 'x' right after version 3" in fault


def test_the_history_of_the_older_service_has_no_arrays() -> None:
    array = variable(1)
    array.type, array.binary_value = "tensor", b"\0" * 4
    array.value.type_url = "type.googleapis.com/snakepit.tensor.binary"
    array.value.value = b'{"type": "tensor", "shape": [1], "dtype": "float32", "binary_format": "raw"}'
    in_history = pb.VariableHistoryEntry(version=1, value=array.value, changed_by="client")
    in_history.timestamp.seconds = NOW
    request = pb.GetVariableHistoryRequest(session_id="s", variable_identifier="x")
    answer = pb.GetVariableHistoryResponse(entries=[in_history])
    for current, count in ((True, 1), (False, 0)):
        versions = Versions(current)
        assert [*versions.violations_of_state("b", Variable(array))] == []
        versions.learn_id("b", "s", Variable(array))
        assert len([*versions.violations_of_history("b", request, answer)]) == count
