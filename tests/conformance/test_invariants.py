"""Tests of the invariants of watches and batches, with correct and wrong updates."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from tests.conformance.invariant_builders import (
    A_BATCH,
    NEIGHBOUR,
    NOW,
    VALID,
    batch_violations,
    update,
    variable,
)
from varbridge import Update, Variable
from varbridge.conformance.invariants import replies, updates, watches
from varbridge.conformance.invariants.variables import variable_faults
from varbridge.conformance.invariants.versions import Versions
from varbridge.conformance.scenario.watchers import Watcher
from varbridge.messages import snakepit_bridge_pb2 as pb

pytestmark = pytest.mark.usefixtures("fixed_clock")


def heartbeat(sequence: int) -> Update:
    return Update(pb.VariableUpdate(update_type="heartbeat", sequence=sequence))


def test_a_correct_history_has_no_violations() -> None:
    assert watches.violations("Ada", VALID) == []
    assert [violation for update in VALID for violation in updates.update_violations(update)] == []
    versions = Versions()
    assert [v for update in [*VALID, *VALID] for v in versions.violations_of_update("s", update)] == []


@pytest.mark.parametrize(
    ("wrong", "violation"),
    [
        ([VALID[2], VALID[2]], "with sequence 5 after 5"),
        ([VALID[4], VALID[2]], "with sequence 5 after 9"),
        ([VALID[2], update("value_change", 9, 5, "0.7", "0.6")], "version 5 of 'x' right after version 3"),
        (
            [VALID[2], update("value_change", 9, 4, "0.7", "0.5")],
            "whose previous value is not that of version 3",
        ),
        ([VALID[5], update("value_change", 11, 5, "0.8", "0.7")], "after the variable was deleted"),
        ([VALID[4], heartbeat(8)], "a heartbeat with sequence 8 after 9"),
        ([heartbeat(9), VALID[4]], "with sequence 9 after 9"),
    ],
)
def test_a_wrong_history_is_a_violation(wrong: list[Update], violation: str) -> None:
    assert violation in "; ".join(watches.violations("Ada", wrong))


@pytest.mark.parametrize(("words", "bytes_"), [("n" * 8192, 8192), ("%" * 2731, 8193), ("🚀" * 683, 8196)])
def test_a_refusal_that_a_client_may_not_accept_is_a_violation(words: str, bytes_: int) -> None:
    assert replies.violations_of_refusal("SetVariable", words) == [
        f"SetVariable answered a message of {bytes_} bytes as a header (S7)"
    ]
    assert replies.violations_of_refusal("SetVariable", words[:-1]) == []


def test_two_watches_that_differ_are_a_violation() -> None:
    versions = Versions()
    versions.violations_of_update("s", VALID[2])
    (violation,) = versions.violations_of_update("s", update("value_change", 5, 2, "8", "7", name="y"))
    assert "sequence 5 was sent as" in violation
    assert versions.violations_of_update("other session", update("value_change", 5, 2, "8", name="y")) == []


def test_one_version_with_two_values_is_a_violation() -> None:
    versions = Versions()
    assert versions.violations_of(Variable(variable(3, "0.5"))) == []
    assert versions.violations_of(Variable(variable(3, "5e-1"))) == []
    assert "a version has one value" in versions.violations_of(Variable(variable(3, "0.6")))[0]


@pytest.mark.parametrize("answered_versions", [{"x": 2, "y": 2}, {"var_y": 2, "x": 2}])
def test_another_update_inside_a_batch_is_a_violation(answered_versions: dict[str, int]) -> None:
    assert batch_violations(answered_versions, [*A_BATCH, NEIGHBOUR]) == []
    apart = [
        A_BATCH[0],
        update("value_change", 6, 2, "1", "0", name="z"),
        update("value_change", 7, 2, name="y"),
    ]
    (violation,) = batch_violations(answered_versions, apart)
    assert violation.startswith("value change of 'z' to 1.0 (version 2) was sent between the updates")


def test_the_updates_of_a_batch_can_come_from_two_watches() -> None:
    versions = Versions()
    versions.add_batch("s", {"x": 2, "y": 2})
    first, second = A_BATCH[0], update("value_change", 9, 2, name="y")
    versions.violations_of_update("s", first)
    versions.violations_of_update("s", second)
    assert versions.violations_of_batches() == []
    versions.violations_of_update("other session", NEIGHBOUR)
    assert versions.violations_of_batches() == []
    versions.violations_of_update("s", NEIGHBOUR)
    assert len(versions.violations_of_batches()) == 1


def test_dependency_changes_may_be_inside_a_batch() -> None:
    apart = [
        A_BATCH[0],
        update("dependency_change", 6, 1, name="z"),
        update("value_change", 7, 2, "1", "0", name="y"),
    ]
    assert batch_violations({"x": 2, "y": 2}, apart) == []


# Sequences of updates that no bridge may send


def later(kind: str, sequence: int, version: int, **fields: Any) -> Update:
    """Return an update whose variable has other fields, and whose times are some seconds later."""
    changed = update(kind, sequence, version, "0.5", "0.5").message
    seconds = fields.pop("seconds", 0)
    changed.timestamp.seconds += seconds
    changed.variable.last_updated_at.seconds += seconds
    for name, value in fields.items():
        setattr(changed.variable, name, value)
    return Update(changed)


@pytest.mark.parametrize(
    ("wrong", "violation"),
    [
        ([update("registered", 5, 5)], "a variable begins with version 1 (W5)"),
        (
            [update("registered", 5, 1), update("registered", 6, 1)],
            "after an update of the same variable (W5)",
        ),
        ([update("value_change", 5, 1, "0.5", "0.4")], "the first change makes version 2 (W3)"),
        (
            [update("initial_value", 4, 1), update("initial_value", 5, 1, name="y")],
            "they are of the same moment (W2)",
        ),
        (
            [update("initial_value", 4, 1), update("initial_value", 4, 1)],
            "each variable has one initial value",
        ),
        (
            [update("value_change", 5, 2, "0.5", "0.4"), update("initial_value", 5, 1, name="y")],
            "initial values come first (W2)",
        ),
        (
            [update("initial_value", 4, 2), update("deleted", 5, 3)],
            "a deletion is sent with the last state (W5)",
        ),
        (
            [later("value_change", 5, 2), later("value_change", 6, 3, name="other")],
            "with the name 'other', after 'x': it never changes (K5)",
        ),
        (
            [
                later("value_change", 5, 2, constraints_json="{}"),
                later("value_change", 6, 3, constraints_json="[]"),
            ],
            "it never changes (K5)",
        ),
        ([later("value_change", 5, 2, seconds=9), later("value_change", 6, 3)], "times never decrease (A14)"),
    ],
)
def test_a_sequence_of_updates_that_no_bridge_may_send(wrong: list[Update], violation: str) -> None:
    assert violation in "; ".join(watches.violations("Ada", wrong))


def test_an_initial_value_is_not_older_than_what_a_client_has_received_before() -> None:
    old = SimpleNamespace(updates=[update("initial_value", 4, 2)])
    session: Any = None
    for known, count in (({"var_x": 3}, 1), ({"var_x": 2}, 0), ({"var_y": 9}, 0)):
        watcher = Watcher(old, session, "", ["x"], {"var_x"}, known)  # type: ignore[arg-type]
        assert len([*watcher.outdated()]) == count


@pytest.mark.parametrize(
    ("change", "violation"),
    [
        ({"source": 1}, "has another source than a read (A14)"),
        ({"seconds": 5}, "has another last_updated_at than a read (A14)"),
    ],
)
def test_an_update_that_differs_from_a_read_is_a_violation(change: dict[str, Any], violation: str) -> None:
    versions = Versions()
    assert [*versions.violations_of_state("", Variable(variable(2)))] == []
    received = later("value_change", 5, 2, **change)
    assert violation in "; ".join(versions.violations_of_update("s", received))


def test_the_newest_version_of_each_variable_is_known() -> None:
    versions = Versions()
    for number in (2, 3, 1):
        assert [*versions.violations_of_state("here", Variable(variable(number)))] == []
    assert versions.newest("here") == {"var_x": 3}
    assert versions.newest("there") == {}


@pytest.mark.parametrize("nanos", [-1, 1_500_000_000])
def test_a_time_with_an_invalid_fraction_is_a_violation(nanos: int) -> None:
    message = variable(2)
    message.last_updated_at.nanos = nanos
    (fault,) = variable_faults(message)
    assert fault.endswith("(A14)")
    assert str(nanos) in fault


def test_an_unknown_source_is_a_violation() -> None:
    message = variable(2)
    message.source = 7  # type: ignore[assignment]
    assert [*variable_faults(message)] == ["a variable with the unknown source 7 (A14)"]


def test_negative_counts_are_a_violation() -> None:
    cleaned = pb.CleanupSessionResponse(success=True, resources_cleaned=-1)
    assert replies.violations("CleanupSession", pb.CleanupSessionRequest(), cleaned) == [
        "CleanupSession answered resources_cleaned=-1 (S4)"
    ]
    described = pb.GetSessionResponse(session_id="s", variable_count=-1)
    described.created_at.seconds = NOW
    (fault,) = replies.violations("GetSession", pb.GetSessionRequest(session_id="s"), described)
    assert "variable_count=-1" in fault
