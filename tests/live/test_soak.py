"""Tests of the workload of @soak, for a few seconds: it reaches the bridge and detects defects."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from varbridge.conformance.clients.soak import NAMES, Soak, SoakError
from varbridge.conformance.invariants.trend import Series
from varbridge.process import ServerProcess

DURATION_S = 6.0
SAMPLES = 3

UNTIL_THE_DEFECT_S = 90.0
"""The duration of a run that a defect ends; long, since a sample without reads would end it as well."""


def run(command: Sequence[str], duration_s: float = DURATION_S) -> tuple[list[Series], Soak]:
    process = ServerProcess([*command, "--port", "0", "--log-level", "error"])
    try:
        address = f"127.0.0.1:{process.wait_ready()}"
        soak = Soak(address, "BridgeService", process.pid, "soak")
        return soak.run(duration_s, SAMPLES), soak
    finally:
        process.kill()
        process.wait_ended(60.0)


@pytest.mark.slow
def test_the_workload_makes_calls_and_measures() -> None:
    measured, soak = run([sys.executable, "-m", "server"])
    assert [series.name for series in measured] == [*NAMES]
    for series in measured:
        assert len(series.values) == len(series.times) == SAMPLES
        assert series.times == sorted(series.times)
        assert all(value > 0 for value in series.values), series.name
    assert soak.sessions > DURATION_S * 2
    assert soak.replies > DURATION_S * 100


@pytest.mark.parametrize(
    ("defect", "message"),
    [
        ("expected-versions-are-ignored", "a call that should be refused with ABORTED was accepted"),
        ("history-begins-with-the-oldest", r"the history had the versions \[1, 2"),
        # Two threads of the workload detect it, and either may be the first.
        ("versions-grow-by-2", r"a watch received (version 3, not 2|the versions \[1, 1, 3)"),
    ],
)
def test_the_workload_detects_a_defect(defect: str, message: str) -> None:
    with pytest.raises(SoakError, match=message):
        run([sys.executable, "-m", "tests.mutants", "serve", defect], UNTIL_THE_DEFECT_S)
