"""Invariants across all clients of a scenario: versions, histories, and values that never change."""

from __future__ import annotations

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.conformance.invariant_builders import (
    A_BATCH,
    NEIGHBOUR,
    NOW,
    RIGHT,
    batch_violations,
    update,
    variable,
)
from varbridge import Variable
from varbridge.conformance.invariants import replies
from varbridge.conformance.invariants.versions import Versions
from varbridge.messages import snakepit_bridge_pb2 as pb


def test_a_batch_of_which_little_was_told_has_no_complaints() -> None:
    assert batch_violations({"x": 2, "y": 2}, []) == []
    assert batch_violations({"x": 2, "y": 2}, [A_BATCH[0], NEIGHBOUR]) == []
    # Another variable of that name came later: which of the two the batch set, nobody can tell.
    later = update("value_change", 8, 2, "1", "0", name="x")
    later.message.variable_id = later.message.variable.id = "var_x_2"
    assert batch_violations({"x": 2, "y": 2}, [*A_BATCH, NEIGHBOUR, later]) == []


VALUE = variable(1).value


def entry(version: int, value: str = "0.5", changed_by: str = "client") -> pb.VariableHistoryEntry:
    message = pb.VariableHistoryEntry(version=version, changed_by=changed_by)
    message.value.CopyFrom(variable(version, value).value)
    message.timestamp.seconds = NOW
    return message


def told_otherwise(**other: object) -> str:
    versions = Versions()
    assert [*versions.violations_of_state("b", Variable(variable(1)))] == []
    later = variable(1)
    for name, value in other.items():
        if isinstance(value, dict):
            later.metadata.update(value)
        else:
            setattr(later, name, value)
    assert [*versions.violations_of_state("another bridge", Variable(later))] == []
    return "; ".join(versions.violations_of_state("b", Variable(later)))


def test_one_version_in_two_states_is_named() -> None:
    assert told_otherwise() == told_otherwise(constraints_json="{}") == ""
    assert "the type 'float'" in told_otherwise(type="string")
    assert "the constraints_json ''" in told_otherwise(constraints_json='{"min": 1}')
    assert "the source of" in told_otherwise(source=pb.Variable.PYTHON)
    assert "with the metadata {} and with {'a': 'b'}" in told_otherwise(metadata={"a": "b"})


def test_metadata_that_was_not_asked_for_is_not_missed() -> None:
    versions = Versions()
    told = variable(1)
    told.metadata["a"] = "b"
    assert [*versions.violations_of_state("b", Variable(told))] == []
    assert [*versions.violations_of_state("b", Variable(variable(1)), metadata=False)] == []


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (entry(1, "0.6"), "has the value b'0.6' in the history"),
        (entry(1, changed_by="Ada"), "as made by 'client' and by 'Ada'"),
    ],
)
def test_a_history_that_contradicts_what_was_told_is_named(
    wrong: pb.VariableHistoryEntry, complaint: str
) -> None:
    versions = Versions()
    asked = pb.GetVariableHistoryRequest(session_id="s", variable_identifier="x")
    versions.learn_id("b", "s", Variable(variable(1)))
    assert [*versions.violations_of_state("b", Variable(variable(1)))] == []
    right = pb.GetVariableHistoryResponse(entries=[entry(1)])
    assert [*versions.violations_of_history("b", asked, right)] == []
    told = versions.violations_of_history("b", asked, pb.GetVariableHistoryResponse(entries=[wrong]))
    assert complaint in "; ".join(told)


def test_a_previous_value_that_was_never_held_is_named() -> None:
    versions = Versions()
    versions.violations_of(Variable(variable(2, "0.5")))
    assert versions.violations_of_update("s", RIGHT[2]) == []
    wrong = update("value_change", 6, 3, "0.6", "0.4")
    assert "with another previous value" in "; ".join(versions.violations_of_update("s", wrong))


@pytest.mark.parametrize(
    ("method", "request_message", "reply", "complaint"),
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
def test_a_wrong_reply_is_named(method: str, request_message: object, reply: object, complaint: str) -> None:
    assert complaint in "; ".join(replies.violations(method, request_message, reply))


def test_a_right_reply_has_no_complaints() -> None:
    request = pb.GetVariableRequest(variable_identifier="var_x")
    assert replies.violations("GetVariable", request, pb.GetVariableResponse(variable=variable(1))) == []
