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
from typing import Any, NamedTuple

import pytest

from tests.server.core.builders import put
from tests.server.storage.builders import a_bridge
from tests.server.storage.disk_workload import LIMITS, Outcome, without_logs
from varbridge.conformance.faults import faulty_disk
from varbridge.conformance.faults.faulty_disk import ALL, READ, SYNC, WRITE, FaultyDisk, Plan

CHANGES = int(os.environ.get("CHANGES", "500"))
"""The number of changes of the workload of the long tests."""

STAGE_CHANGES = 25
"""The number of changes between two starts of the long workload; each kind of change is among them."""

FEW_CHANGES = 60

pytestmark = pytest.mark.skipif(faulty_disk.library() is None, reason="there is no C compiler (cc)")


class Stage(NamedTuple):
    """A part of the long workload, between two starts of the bridge.

    Attributes:
        numbers: the numbers of the changes.
        data: the data directory before the changes; None if it is empty.
        saved: a snapshot of all sessions before the changes; None if there are none.
    """

    numbers: range
    data: Path | None
    saved: Any


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

    def run(self, plan: Plan, numbers: range, before: Path | None = None) -> tuple[Path, Outcome]:
        """Run a workload with a plan; return its data directory and outcome.

        Args:
            plan: the plan of the faults.
            numbers: the numbers of the changes.
            before: the data directory of which the workload gets a copy; None for an empty one.
        """
        self._runs += 1
        data = self.root / str(self._runs)
        file = self.root.with_name("outcome")
        if before is not None:
            shutil.copytree(before, data)
        self.disk.follow(plan)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(data, numbers.start, numbers.stop, file, file=self._process.stdin, flush=True)
        assert self._process.stdout.readline() == f"{data}\n"
        self.disk.heal()
        assert file.exists(), f"a run hangs: {plan}"
        outcome: Outcome = pickle.loads(file.read_bytes())
        file.unlink()
        return data, outcome

    def check(self, plan: Plan, numbers: range, stage: Stage | None = None) -> Outcome:
        """Run a workload with a plan, and check that the data directory has what was acknowledged."""
        data, outcome = self.run(plan, numbers, stage and stage.data)
        assert outcome.broken == [], plan
        saved = outcome.saved or (stage and stage.saved)
        with a_bridge(data, **LIMITS) as bridge:
            now = bridge.snapshots()
            assert saved is None or now == saved or without_logs(now) == outcome.perhaps_saved, (
                plan,
                outcome.refused,
            )
            session = bridge.open()
            for variable in session.matching()[:1]:
                assert bridge.do(lambda name=variable.name: put(session, name, 1.0))
        shutil.rmtree(data)
        return outcome

    def stages(self) -> list[Stage]:
        """Run the long workload without faults; return its stages."""
        stages = [Stage(range(min(STAGE_CHANGES, CHANGES)), None, None)]
        while (end := stages[-1].numbers.stop) < CHANGES:
            data, outcome = self.run(Plan(ALL), stages[-1].numbers, stages[-1].data)
            assert outcome.acknowledged == len(stages[-1].numbers), outcome
            moved = data.rename(self.root.with_name(f"after {end} changes"))
            stages.append(Stage(range(end, min(end + STAGE_CHANGES, CHANGES)), moved, outcome.saved))
        return stages


@pytest.fixture
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


def calls_of(workloads: Workloads, plan: Plan, numbers: range, stage: Stage | None = None) -> int:
    """Return the number of calls of a workload without faults that a plan counts."""
    outcome = workloads.check(plan._replace(first=0), numbers, stage)
    assert (outcome.acknowledged, outcome.refused) == (len(numbers), [])
    return workloads.disk.calls


@pytest.mark.parametrize("name", PLANS)
def test_a_fault_at_some_calls_loses_no_acknowledged_change(workloads: Workloads, name: str) -> None:
    plan, numbers = PLANS[name], range(FEW_CHANGES)
    calls = calls_of(workloads, plan, numbers)
    for first in range(1, calls, max(1, calls // 12)):
        workloads.check(plan._replace(first=first), numbers)


def test_a_change_that_is_refused_for_its_last_write_is_not_there_later(workloads: Workloads) -> None:
    """The last change ends a session with long texts; SQLite may fill their pages with zeros."""
    plan, numbers = Plan(WRITE, failures=1000, error=errno.ENOSPC), range(20)
    calls = calls_of(workloads, plan, numbers)
    for first in range(calls - 30, calls + 1):
        workloads.check(plan._replace(first=first), numbers)


@pytest.mark.long
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", PLANS)
def test_a_fault_at_any_call_loses_no_acknowledged_change(workloads: Workloads, name: str) -> None:
    """Make each call fail, also those with which the bridge opens the data directory."""
    plan, failed = PLANS[name], 0
    for stage in workloads.stages():
        calls = calls_of(workloads, plan, stage.numbers, stage)
        for first in range(1, calls + 1):
            workloads.check(plan._replace(first=first), stage.numbers, stage)
            assert workloads.disk.failed, f"{plan._replace(first=first)} in {stage.numbers}: no call failed"
            failed += 1
    print(f"{failed} runs, with a fault in each")


def test_a_slow_disk_loses_nothing(workloads: Workloads) -> None:
    plan = Plan(SYNC, first=10, failures=5, error=0, delay_ms=100)
    assert workloads.check(plan, range(FEW_CHANGES)).acknowledged == FEW_CHANGES
