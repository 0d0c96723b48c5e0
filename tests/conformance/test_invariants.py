"""Invariants of watches, batches and replies: silent about what is right, and clear about what is wrong."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.conformance.invariant_builders import (
    A_BATCH,
    NEIGHBOUR,
    NOW,
    RIGHT,
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
    """It is the time that these messages tell, however long ago this module was imported."""
    monkeypatch.setattr(times, "time", SimpleNamespace(time_ns=lambda: NOW * 10**9))


def heartbeat(sequence: int) -> Update:
    return Update(pb.VariableUpdate(update_type="heartbeat", sequence=sequence))


def test_a_right_history_has_no_complaints() -> None:
    assert watches.violations("Ada", RIGHT) == []
    assert [complaint for one in RIGHT for complaint in updates.update_violations(one)] == []
    versions = Versions()
    assert [c for one in [*RIGHT, *RIGHT] for c in versions.violations_of_update("s", one)] == []


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ([RIGHT[2], RIGHT[2]], "with sequence 5 after 5"),
        ([RIGHT[4], RIGHT[2]], "with sequence 5 after 9"),
        ([RIGHT[2], update("value_change", 9, 5, "0.7", "0.6")], "version 5 of 'x' right after version 3"),
        (
            [RIGHT[2], update("value_change", 9, 4, "0.7", "0.5")],
            "whose previous value is not that of version 3",
        ),
        ([RIGHT[5], update("value_change", 11, 5, "0.8", "0.7")], "after the variable was deleted"),
        ([RIGHT[4], heartbeat(8)], "a heartbeat with sequence 8 after 9"),
        ([heartbeat(9), RIGHT[4]], "with sequence 9 after 9"),
    ],
)
def test_a_wrong_history_is_named(wrong: list[Update], complaint: str) -> None:
    assert complaint in "; ".join(watches.violations("Ada", wrong))


def test_two_watches_that_disagree_are_named() -> None:
    versions = Versions()
    versions.violations_of_update("s", RIGHT[2])
    (complaint,) = versions.violations_of_update("s", update("value_change", 5, 2, "8", "7", name="y"))
    assert "sequence 5 was sent as" in complaint
    assert versions.violations_of_update("other session", update("value_change", 5, 2, "8", name="y")) == []


def test_one_version_with_two_values_is_named() -> None:
    versions = Versions()
    assert versions.violations_of(Variable(variable(3, "0.5"))) == []
    assert versions.violations_of(Variable(variable(3, "5e-1"))) == []
    assert "a version has one value" in versions.violations_of(Variable(variable(3, "0.6")))[0]


@pytest.mark.parametrize("answered", [{"x": 2, "y": 2}, {"var_y": 2, "x": 2}])
def test_a_batch_with_another_update_in_it_is_named(answered: dict[str, int]) -> None:
    assert batch_violations(answered, [*A_BATCH, NEIGHBOUR]) == []
    apart = [
        A_BATCH[0],
        update("value_change", 6, 2, "1", "0", name="z"),
        update("value_change", 7, 2, name="y"),
    ]
    (complaint,) = batch_violations(answered, apart)
    assert complaint.startswith("value change of 'z' to 1.0 (version 2) was sent between the updates")


def test_what_two_watches_were_told_counts_for_a_batch_together() -> None:
    versions = Versions()
    versions.add_batch("s", {"x": 2, "y": 2})
    told_to_one, told_to_another = A_BATCH[0], update("value_change", 9, 2, name="y")
    versions.violations_of_update("s", told_to_one)
    versions.violations_of_update("s", told_to_another)
    assert versions.violations_of_batches() == []
    versions.violations_of_update("other session", NEIGHBOUR)
    assert versions.violations_of_batches() == []
    versions.violations_of_update("s", NEIGHBOUR)
    assert len(versions.violations_of_batches()) == 1


def test_a_batch_may_bring_dependency_changes() -> None:
    apart = [
        A_BATCH[0],
        update("dependency_change", 6, 1, name="z"),
        update("value_change", 7, 2, "1", "0", name="y"),
    ]
    assert batch_violations({"x": 2, "y": 2}, apart) == []
