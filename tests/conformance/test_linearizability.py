"""Tests of the check of linearizability, with histories that are linearizable and some that are not."""

from __future__ import annotations

import pytest

from varbridge.conformance.invariants.linearizability import Operation, violations


def write(version: int, value: float, started: float, ended: float) -> Operation:
    return Operation("Ada", True, version, value, started, ended)


def read(version: int, value: float, started: float, ended: float) -> Operation:
    return Operation("Ben", False, version, value, started, ended)


def test_sequential_operations_are_linearizable() -> None:
    assert violations([read(1, 0, 0, 1), write(2, 5, 2, 3), read(2, 5, 4, 5)], 1, 0) == []


def test_a_read_during_a_write_may_return_either_version() -> None:
    for operation in (read(1, 0, 0, 9), read(2, 5, 0, 9), read(2, 5, 1.5, 1.6), read(1, 0, 1.5, 1.6)):
        assert violations([write(2, 5, 1, 2), operation], 1, 0) == []


def test_concurrent_writes_can_have_either_order() -> None:
    assert violations([write(3, 5, 0, 9), write(2, 6, 1, 8)], 1, 0) == []


@pytest.mark.parametrize(
    ("history", "violation"),
    [
        ([write(2, 5, 0, 1), write(2, 6, 2, 3)], "two writes made version 2"),
        ([write(2, 5, 0, 1), write(4, 6, 2, 3)], "not one each from 2 to 3"),
        ([write(2, 5, 0, 1), read(2, 6, 2, 3)], "but that version holds 5"),
        ([write(2, 5, 0, 1), read(1, 0, 2, 3)], "after Ada wrote 5 at version 2 had ended"),
        ([write(2, 5, 4, 5), read(2, 5, 0, 1)], "before its write had begun"),
        ([read(7, 5, 0, 1)], "a version that nobody wrote"),
        ([write(3, 5, 0, 1), write(2, 6, 2, 3)], "after Ada wrote 5 at version 3 had ended"),
        ([write(2, 5, 0, 9), read(2, 5, 1, 2), read(1, 0, 3, 4)], "after Ben read 5 at version 2 had ended"),
    ],
)
def test_a_history_without_a_valid_order_is_a_violation(history: list[Operation], violation: str) -> None:
    assert violation in "; ".join(violations(history, 1, 0))
