"""The traffic of @soak for some seconds: that it reaches the bridge, and that a bridge that errs is told."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pytest

from varbridge.conformance.clients.soak import NAMES, Soak, SoakError
from varbridge.conformance.invariants.trend import Series
from varbridge.process import ServerProcess

SECONDS = 6.0
SAMPLES = 3


def run(command: Sequence[str]) -> tuple[list[Series], Soak]:
    process = ServerProcess([*command, "--port", "0", "--log-level", "error"])
    try:
        address = f"127.0.0.1:{process.wait_ready(15.0)}"
        soak = Soak(address, "BridgeService", process.pid, "soak")
        return soak.run(SECONDS, SAMPLES), soak
    finally:
        process.kill()
        process.wait_ended(10.0)


@pytest.mark.slow
def test_it_calls_and_measures() -> None:
    found, soak = run([sys.executable, "-m", "server"])
    assert [one.name for one in found] == [*NAMES]
    for one in found:
        assert len(one.values) == len(one.times) == SAMPLES
        assert one.times == sorted(one.times)
        assert all(value > 0 for value in one.values), one.name
    assert soak.sessions > SECONDS * 2
    assert soak.replies > SECONDS * 100


@pytest.mark.parametrize(
    ("defect", "words"),
    [
        ("expected-versions-are-ignored", "a call that should be refused with ABORTED was accepted"),
        ("history-begins-with-the-oldest", r"the history had the versions \[1, 2"),
        ("versions-grow-by-2", "a watch received version 3, not 2"),
    ],
)
def test_a_bridge_that_errs_is_told(defect: str, words: str) -> None:
    with pytest.raises(SoakError, match=words):
        run([sys.executable, "-m", "tests.mutants", "serve", defect])
