"""Faults of the disk: each call of a workload on the files fails once, and no acknowledged change is lost."""

from __future__ import annotations

import errno
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.core.builders import put
from tests.server.storage.builders import a_bridge
from tests.server.storage.disk_workload import LIMITS, Outcome, without_logs
from varbridge.conformance.faults import faulty_disk
from varbridge.conformance.faults.faulty_disk import ALL, READ, SYNC, WRITE, FaultyDisk, Plan

CHANGES = int(os.environ.get("CHANGES", "500"))
"""The number of changes of the workload of the slow tests."""

FEW_CHANGES = 60

AROUND = 60
"""The number of changes before and after the expected place of a fault in which it must come."""

pytestmark = pytest.mark.skipif(faulty_disk.library() is None, reason="there is no C compiler (cc)")


class Workloads:
    """A process with a faulty disk, which runs workloads in new data directories."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "disk"
        self.root.mkdir()
        self.disk = FaultyDisk(self.root, folder / "plan")
        self._process = subprocess.Popen(
            self.disk.command(
                sys.executable, "-c", "from tests.server.storage import disk_workload; disk_workload.main()"
            ),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._runs = 0

    def close(self) -> None:
        self._process.communicate()

    def run(self, plan: Plan, changes: int, safe: int) -> tuple[Path, Outcome]:
        """Run a workload with a plan; return its data directory and outcome."""
        self._runs += 1
        data = self.root / str(self._runs)
        file = self.root.with_name("outcome")
        self.disk.follow(plan)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(data, changes, safe, file, file=self._process.stdin, flush=True)
        assert self._process.stdout.readline() == f"{data}\n"
        self.disk.heal()
        assert file.exists(), f"a run hangs: {plan}"
        outcome: Outcome = pickle.loads(file.read_bytes())
        file.unlink()
        return data, outcome

    def check(self, plan: Plan, changes: int, safe: int = 0) -> Outcome:
        """Run a workload with a plan, and check that the data directory has what was acknowledged.

        Args:
            plan: the plan of the faults.
            changes: the number of changes.
            safe: the number of changes before which no call fails.
        """
        data, outcome = self.run(plan, changes, safe)
        assert outcome.broken == [], plan
        with a_bridge(data, **LIMITS) as bridge:
            now = bridge.snapshots()
            assert (
                outcome.saved is None or now == outcome.saved or without_logs(now) == outcome.perhaps_saved
            ), (plan, outcome.refused)
            session = bridge.open()
            for variable in session.matching()[:1]:
                assert bridge.do(lambda name=variable.name: put(session, name, 1.0))
        shutil.rmtree(data)
        return outcome


@pytest.fixture(scope="module")
def workloads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workloads]:
    workloads = Workloads(tmp_path_factory.mktemp("faults"))
    yield workloads
    workloads.close()


PLANS = {
    "one call fails": Plan(ALL),
    "three calls fail": Plan(ALL, failures=3),
    "the disk is full for one write": Plan(WRITE, error=errno.ENOSPC),
    "the disk is full for 20 writes": Plan(WRITE, failures=20, error=errno.ENOSPC),
    "a write stays short and the rest fails": Plan(WRITE, failures=2, error=errno.ENOSPC, cuts=1),
    "a read fails": Plan(READ),
    "a sync fails": Plan(SYNC),
}


def calls_of(workloads: Workloads, plan: Plan, changes: int) -> int:
    """Return the number of calls of a workload without faults that a plan counts."""
    outcome = workloads.check(plan._replace(first=0), changes)
    assert (outcome.acknowledged, outcome.refused) == (changes, [])
    return workloads.disk.calls


@pytest.mark.parametrize("name", PLANS)
def test_a_fault_at_some_calls_loses_no_acknowledged_change(workloads: Workloads, name: str) -> None:
    plan = PLANS[name]
    calls = calls_of(workloads, plan, FEW_CHANGES)
    for first in range(1, calls, max(1, calls // 12)):
        workloads.check(plan._replace(first=first), FEW_CHANGES)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", PLANS)
def test_a_fault_at_any_call_loses_no_acknowledged_change(workloads: Workloads, name: str) -> None:
    """Make each call fail; the workload begins to note states before the fault, and ends after it."""
    plan = PLANS[name]
    calls = calls_of(workloads, plan, CHANGES)
    for first in range(1, calls):
        expected = CHANGES * first // calls
        last = min(CHANGES, expected + AROUND)
        workloads.check(plan._replace(first=first), last, max(0, expected - AROUND))
        assert workloads.disk.failed, f"no call failed within {last} changes"


def test_a_slow_disk_loses_nothing(workloads: Workloads) -> None:
    plan = Plan(SYNC, first=10, failures=5, error=0, delay_ms=100)
    assert workloads.check(plan, FEW_CHANGES).acknowledged == FEW_CHANGES
