"""Tests of invariants that a bridge with many defects violates: each history here was once accepted."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.conformance.invariant_builders import NOW, VALID, update, variable
from varbridge import Update, Variable
from varbridge.conformance.events import Event
from varbridge.conformance.invariants import replies, watches
from varbridge.conformance.invariants.updates import update_violations
from varbridge.conformance.invariants.versions import Versions
from varbridge.conformance.target.recorder import Recorder
from varbridge.conformance.vocabulary.literals import same
from varbridge.messages import snakepit_bridge_pb2 as pb

pytestmark = pytest.mark.usefixtures("fixed_clock")


def changed(original: Update, **fields: Any) -> Update:
    """Return a copy of an update with other fields; ``seconds`` is added to its timestamp."""
    message = pb.VariableUpdate()
    message.CopyFrom(original.message)
    message.timestamp.seconds += fields.pop("seconds", 0)
    for name, value in fields.items():
        if isinstance(value, dict):
            getattr(message, name).update(value)
        else:
            setattr(message, name, value)
    return Update(message)


CAUSED = changed(
    update("dependency_change", 6, 1, name="y"),
    update_metadata={"cause": "x", "cause_id": "var_x", "cause_version": "2", "dependency_type": "scaled"},
)


def test_correct_updates_have_no_violations() -> None:
    assert update_violations(CAUSED) == []
    assert watches.violations("Ada", [VALID[2], CAUSED]) == []


@pytest.mark.parametrize(
    ("wrong", "violation"),
    [
        (changed(VALID[2], update_source=""), "a value_change of"),
        (changed(update("registered", 5, 1), update_source=""), "without an author (W3)"),
        (changed(VALID[5], update_source=""), "without an author (W3)"),
        (changed(VALID[2], seconds=5), "at another time than its last_updated_at (A14)"),
        (changed(VALID[2], seconds=-5), "at another time than its last_updated_at (A14)"),
        (changed(CAUSED, update_metadata={"cause_version": "1"}), "with cause_version '1'"),
        (changed(CAUSED, update_metadata={"cause_version": "two"}), "with cause_version 'two'"),
        (changed(CAUSED, update_metadata={"cause_id": "var_y"}), "with itself as its cause (D1)"),
    ],
)
def test_a_wrong_update_is_a_violation(wrong: Update, violation: str) -> None:
    assert violation in "; ".join(update_violations(wrong))


def test_the_times_of_updates_never_decrease() -> None:
    first, second = changed(VALID[2], seconds=1), VALID[3]
    assert watches.violations("Ada", [VALID[2], VALID[3]]) == []
    assert "times never decrease (A14)" in "; ".join(watches.violations("Ada", [first, second]))
    initial = changed(VALID[0], seconds=9)  # its time may be that of the watch
    assert watches.violations("Ada", [initial, VALID[2]]) == []


def test_an_initial_value_may_not_follow_a_change_with_a_later_sequence() -> None:
    late = update("initial_value", 4, 1, name="z")
    assert "initial values come first (W2)" in "; ".join(watches.violations("Ada", [VALID[2], late]))


def with_metadata(message: pb.Variable, **metadata: str) -> pb.Variable:
    message.metadata.update(metadata)
    return message


def versions_after_a_read(**metadata: str) -> Versions:
    versions = Versions()
    read = with_metadata(variable(3, "0.6"), **metadata)
    assert [*versions.violations_of_state("", Variable(read))] == []
    return versions


def test_an_update_has_all_metadata_of_the_variable() -> None:
    versions = versions_after_a_read(reason="tuning")
    (violation,) = versions.violations_of_update("s", VALID[2])
    assert violation.endswith("lacks the metadata reason of a read (A1)")
    whole = changed(VALID[2])
    whole.message.variable.metadata["reason"] = "tuning"
    assert versions_after_a_read(reason="tuning").violations_of_update("s", whole) == []


def test_a_read_without_metadata_does_not_contradict_an_update() -> None:
    versions = Versions()
    assert [*versions.violations_of_state("", Variable(variable(3, "0.6")), metadata=False)] == []
    whole = changed(VALID[2])
    whole.message.variable.metadata["reason"] = "tuning"
    assert versions.violations_of_update("s", whole) == []


def test_an_update_has_the_constraints_of_the_variable() -> None:
    versions = Versions()
    read = variable(3, "0.6")
    read.constraints_json = '{"min": 0}'
    assert [*versions.violations_of_state("", Variable(read))] == []
    (violation,) = versions.violations_of_update("s", VALID[2])
    assert "has the constraints_json '', but a read has" in violation


def entry(version: int, **metadata: str) -> pb.VariableHistoryEntry:
    message = pb.VariableHistoryEntry(version=version, changed_by="client", metadata=metadata)
    message.value.CopyFrom(variable(version, "0.6").value)
    message.timestamp.seconds = NOW
    return message


@pytest.mark.parametrize(
    ("sent", "in_history", "count"),
    [
        ({"run": "12"}, {"run": "12"}, 0),
        ({"run": "12", "reason": "tuning"}, {"run": "12"}, 1),  # merged with that of an earlier change
        ({"run": "12"}, {"run": "12", "reason": "tuning"}, 1),
        ({}, {"run": "12"}, 1),
        ({"run": "12", "node": "a"}, {"run": "12"}, 0),  # an entry of the bridge's own
        ({"run": "12", "changed_by": "client"}, {"run": "12"}, 0),  # a key that the bridge reads
    ],
)
def test_the_metadata_of_a_change_is_that_in_the_history(
    sent: dict[str, str], in_history: dict[str, str], count: int
) -> None:
    versions = versions_after_a_read(run="12", reason="tuning", changed_by="client")
    versions.learn_id("", "s", Variable(variable(3)))
    received = changed(VALID[2], update_metadata=sent)
    received.message.variable.metadata.update({"run": "12", "reason": "tuning", "changed_by": "client"})
    assert versions.violations_of_update("s", received) == []
    request = pb.GetVariableHistoryRequest(session_id="s", variable_identifier="x")
    reply = pb.GetVariableHistoryResponse(entries=[entry(3, **in_history)])
    sentences = [*versions.violations_of_history("", request, reply)]
    assert len(sentences) == count
    assert all("with and without" in sentence for sentence in sentences)


def test_an_id_is_that_of_one_registration() -> None:
    recorder = Recorder()

    def register(address: str, session_id: str) -> list[str]:
        del recorder.violations[:]
        request = pb.RegisterVariableRequest(session_id=session_id, name="x", type="float")
        reply = pb.RegisterVariableResponse(success=True, variable_id="var_x", variable=variable(1))
        now = time.monotonic()
        recorder.add(Event("call", "client", address, "RegisterVariable", now, now, request, reply, "OK", ""))
        return recorder.violations

    assert register("a:1", "s") == []
    assert register("a:1", "other session") == []
    assert register("another bridge:1", "s") == []
    assert register("a:1", "s") == ["two registrations were answered the id 'var_x' (A5)"]


@pytest.mark.parametrize(
    ("method", "request_message", "reply", "violation"),
    [
        (
            "RegisterTools",
            pb.RegisterToolsRequest(tools=[pb.ToolRegistration(name="a"), pb.ToolRegistration(name="b")]),
            pb.RegisterToolsResponse(success=True, tool_ids={"a": "1", "b": "1"}),
            "one id for several tools (X1)",
        ),
        (
            "GetVariables",
            pb.BatchGetVariablesRequest(variable_identifiers=["x"]),
            pb.BatchGetVariablesResponse(variables={"x": variable(1)}, missing_variables=["x"]),
            "['x'] as found and as missing (A7)",
        ),
        (
            "ListVariables",
            pb.ListVariablesRequest(),
            pb.ListVariablesResponse(variables=[variable(1), variable(1)]),
            "the same variable twice (A9)",
        ),
        (
            "ListVariables",
            pb.ListVariablesRequest(),
            pb.ListVariablesResponse(variables=[variable(1), pb.Variable(id="var_other", name="x")]),
            "two variables of one name (A1)",
        ),
        (
            "InitializeSession",
            pb.InitializeSessionRequest(),
            pb.InitializeSessionResponse(
                success=True, initial_variables={"x": variable(1), "y": variable(1)}
            ),
            "one id for several variables (A1)",
        ),
        (
            "GetExposedElixirTools",
            pb.GetExposedElixirToolsRequest(),
            pb.GetExposedElixirToolsResponse(tools=[pb.ToolSpec(name="a"), pb.ToolSpec(name="a")]),
            "the same tool twice (X7)",
        ),
        (
            "ExecuteTool",
            pb.ExecuteToolRequest(),
            pb.ExecuteToolResponse(success=False, error_message="no", execution_time_ms=-1),
            "execution_time_ms=-1 (X2)",
        ),
    ],
)
def test_a_reply_that_no_bridge_may_give(
    method: str, request_message: object, reply: object, violation: str
) -> None:
    assert violation in "; ".join(replies.violations(method, request_message, reply))


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("x", "x", True),
        ("x", "xx", False),
        ("xx", "x", False),
        ("?", "🚀", True),
        ("a*b", "a\u2028/b", True),
        ("a*b*", "ab", True),
        ("a*b", "abc", False),
        ("**?", "a", True),
        ("[a]", "a", False),
        ("a*" * 30 + "b", "a" * 60, False),  # at once
    ],
)
def test_the_judge_reads_patterns_as_the_contract_says(pattern: str, name: str, expected: bool) -> None:
    request = pb.ListVariablesRequest(pattern=pattern)
    reply = pb.ListVariablesResponse(variables=[variable(1, name=name)])
    sentences = replies.violations("ListVariables", request, reply)
    assert any("does not match (A9)" in sentence for sentence in sentences) == (not expected)


@pytest.mark.parametrize("number", [10**400, -(10**400), 2**1024])
def test_numbers_beyond_a_double_are_compared(number: int) -> None:
    assert not same(number, 1.0)
    assert not same(1.0, number, exact=False)
    assert same(number, number)
    assert not same([number], [float("inf")])
