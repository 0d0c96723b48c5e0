"""Tests of the invariants of watches and batches, with correct and wrong updates."""

from __future__ import annotations

from types import SimpleNamespace

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
from varbridge.conformance.invariants import times, updates, watches
from varbridge.conformance.invariants.versions import Versions
from varbridge.messages import snakepit_bridge_pb2 as pb


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the clock to the timestamps of the messages, which are the time of the import."""
    monkeypatch.setattr(times, "time", SimpleNamespace(time_ns=lambda: NOW * 10**9))


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
