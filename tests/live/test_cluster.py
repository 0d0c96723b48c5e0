"""Tests of bridges and etcd members that are killed under load: no change is lost, no watch has a gap."""

from __future__ import annotations

import os
import random
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import grpc
import pytest

from varbridge import BridgeError, Connection, Follower, Session, Update
from varbridge.conformance.faults.etcd import Cluster, missing
from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.faults.ports import free_ports
from varbridge.conformance.invariants.linearizability import Operation, violations
from varbridge.process import ServerProcess

Answer = TypeVar("Answer")

KILLS = int(os.environ.get("KILLS", "2"))
"""The number of kills in each test; a long run is `KILLS=100 pytest -s tests/live/test_cluster.py`."""

BRIDGES = 3
SESSIONS = ("first", "second", "third")
NAMES = ("a", "b")
PAIR = ("left", "right")
PROGRESS = 20  # the number of answers to wait for in each session after a kill
WAIT = 60.0
CLIENTS = 2  # for each session

pytestmark = [
    pytest.mark.timeout(7200),
    pytest.mark.skipif(bool(missing()), reason=missing() or "etcd is installed"),
    *([] if "KILLS" in os.environ else [pytest.mark.slow]),  # a given number is a request to run them
]


class Bridges:
    """Three bridges that keep their addresses when they are restarted.

    Args:
        cluster: the etcd cluster that stores their state.
        apart: True if each bridge claims to be on a separate machine, so that its failure shows only by the
            expiry of its liveness record.
    """

    def __init__(self, cluster: Cluster, *, apart: bool) -> None:
        prefix = uuid.uuid4().hex
        self._store = f"etcd://{','.join(cluster.endpoints)}?prefix={prefix}"
        self._apart = apart
        self._ports = free_ports(BRIDGES)
        self.processes = [self._start(number, port) for number, port in enumerate(self._ports)]
        for process in self.processes:
            process.wait_ready()

    def addresses(self, first: int) -> str:
        """Return all addresses for a client, beginning with one bridge."""
        ports = self._ports[first:] + self._ports[:first]
        return ",".join(f"127.0.0.1:{port}" for port in ports)

    def kill(self, number: int) -> None:
        self.processes[number].kill()
        self.processes[number].wait_ended(60.0)

    def restart(self, number: int) -> None:
        self.processes[number] = self._start(number, self._ports[number])
        self.processes[number].wait_ready()

    def stop(self) -> None:
        for process in self.processes:
            process.kill()

    def _start(self, number: int, port: int) -> ServerProcess:
        store = self._store + (f"&machine=m{number}" if self._apart else "")
        command = [sys.executable, "-m", "server", "--port", str(port), "--store", store]
        return ServerProcess([*command, "--log-level", "warning"])


class Workload:
    """A workload on one session: clients that read and write until they are stopped, and a follower."""

    def __init__(self, bridges: Bridges, session_id: str, number: int) -> None:
        self.id = session_id
        self.answers = 0
        self.longest_pause = 0.0
        self.operations: dict[str, list[Operation]] = {name: [] for name in NAMES + PAIR}
        self.pending: list[tuple[str, int]] = []  # writes without an acknowledgement
        self._last = time.monotonic()
        self._changed = threading.Condition()
        self._stopped = False
        self._connections = [
            Connection(bridges.addresses((number + n) % BRIDGES)) for n in range(CLIENTS + 1)
        ]
        sessions = [connection.session(session_id) for connection in self._connections]
        self.session = sessions[CLIENTS]
        for name in NAMES + PAIR:
            self.session.register(name, "integer", -1)
        self.received: list[Update] = []
        self._follower = Follower(self.session)
        self._reader = threading.Thread(target=lambda: self.received.extend(self._follower), daemon=True)
        self._reader.start()
        self._workers = [
            threading.Thread(target=self._work, args=(session, n), daemon=True)
            for n, session in enumerate(sessions[:CLIENTS])
        ]
        for worker in self._workers:
            worker.start()

    def wait_for_progress(self) -> None:
        """Wait until some more calls have been answered."""
        with self._changed:
            goal = self.answers + PROGRESS
            assert self._changed.wait_for(lambda: self.answers >= goal, WAIT), f"{self.id} makes no progress"

    def stop(self) -> None:
        """Stop the clients, and wait until the follower has received all changes."""
        self._stopped = True
        for worker in self._workers:
            worker.join(WAIT)
            assert not worker.is_alive()
        marker = retried(lambda: self.session.register("marker", "boolean", True)).id
        assert eventually(
            lambda: any(update.variable_id == marker for update in self.received[-100:]), WAIT
        ), "the follower did not receive the last change"
        self._follower.close()
        for connection in self._connections:
            connection.close()

    def inspect(self) -> int:
        """Compare all answers with the updates of the watch; return the number of acknowledged writes."""
        sequences = [update.sequence for update in self.received]
        assert sequences == [*range(sequences[0], sequences[0] + len(sequences))], (
            "the watch has a gap or a repeat"
        )
        updates = {
            (update.variable.name, update.variable.value): update.variable.version
            for update in self.received
            if update.variable is not None and update.kind == "value_change"
        }
        acknowledged = 0
        for name, operations in self.operations.items():
            for operation in operations:
                if operation.wrote:
                    acknowledged += 1
                    version = updates.pop((name, operation.value), None)
                    assert version == operation.version, f"lost or changed: {name} {operation}"
        for name, value in self.pending:  # they may have been applied or not
            if (version := updates.pop((name, value), None)) is not None:
                unknown = Operation("unknown", True, version, value, 0.0, float("inf"))
                self.operations[name].append(unknown)
        assert not updates, f"changes without a request: {updates}"
        versions = [sorted(o.version for o in self.operations[name] if o.wrote) for name in PAIR]
        assert versions[0] == versions[1], "a batch was partly applied"
        for name, operations in self.operations.items():
            assert violations(operations, 1, -1) == [], name
        return acknowledged

    def _work(self, session: Session, client: int) -> None:
        chance = random.Random(f"{self.id} {client}")
        turn = 0
        while not self._stopped:
            turn += 1
            value = client * 1_000_000_000 + turn
            started = time.monotonic()
            try:
                match chance.choice(["read", "set", "set", "compare and set", "batch"]):
                    case "read":
                        self._read(session, client, chance.choice(NAMES + PAIR), started)
                    case "batch":
                        self._write_pair(session, client, value, started)
                    case kind:
                        self._write(session, client, chance.choice(NAMES), value, kind, started)
            except BridgeError as error:
                if error.code is not grpc.StatusCode.UNAVAILABLE:
                    raise
                continue
            with self._changed:
                self.answers += 1
                now = time.monotonic()
                self.longest_pause = max(self.longest_pause, now - self._last)
                self._last = now
                self._changed.notify_all()

    def _read(self, session: Session, client: int, name: str, started: float) -> None:
        variable = session.get(name)
        self._record(
            name,
            Operation(f"{client}", False, variable.version, variable.value, started, time.monotonic()),
        )

    def _write(self, session: Session, client: int, name: str, value: int, kind: str, started: float) -> None:
        """Set a variable once; repeat the call with the same request_id until it is answered."""
        expected = session.get(name).version if kind == "compare and set" else None
        refused = False

        def attempt() -> int:
            nonlocal refused
            try:
                return session.set(
                    name, value, kind="integer", expected_version=expected, request_id=f"{client} {value}"
                )
            except BridgeError as error:
                if error.code is not grpc.StatusCode.ABORTED:
                    raise
                refused = True
                return 0

        version = retried(attempt)
        if not refused:
            self._record(name, Operation(f"{client}", True, version, value, started, time.monotonic()))

    def _write_pair(self, session: Session, client: int, value: int, started: float) -> None:
        try:
            answer = session.set_many(dict.fromkeys(PAIR, value), atomic=True)
        except BridgeError:
            with self._changed:
                self.pending.extend((name, value) for name in PAIR)
            raise
        for name in PAIR:
            operation = Operation(f"{client}", True, answer.versions[name], value, started, time.monotonic())
            self._record(name, operation)

    def _record(self, name: str, operation: Operation) -> None:
        with self._changed:
            self.operations[name].append(operation)


def retried(call: Callable[[], Answer]) -> Answer:
    """Repeat a call until it is answered."""
    deadline = time.monotonic() + WAIT
    while True:
        try:
            return call()
        except BridgeError as error:
            if error.code is not grpc.StatusCode.UNAVAILABLE or time.monotonic() > deadline:
                raise


@contextmanager
def running_workloads(*, apart: bool) -> Iterator[tuple[Cluster, Bridges, list[Workload]]]:
    with Cluster(3) as cluster:
        bridges = Bridges(cluster, apart=apart)
        try:
            workloads = [Workload(bridges, session_id, number) for number, session_id in enumerate(SESSIONS)]
            for workload in workloads:
                workload.wait_for_progress()
            yield cluster, bridges, workloads
            for workload in workloads:
                workload.stop()
            acknowledged = sum(workload.inspect() for workload in workloads)
            pause = max(workload.longest_pause for workload in workloads)
            print(f"{acknowledged} acknowledged writes; the longest pause of a session was {pause:.1f} s")
        finally:
            bridges.stop()


@pytest.mark.parametrize("apart", [True, False], ids=["apart", "on one machine"])
def test_bridges_are_killed(apart: bool) -> None:
    chance = random.Random(3)
    with running_workloads(apart=apart) as (_, bridges, workloads):
        for _ in range(KILLS):
            victim = chance.randrange(BRIDGES)
            bridges.kill(victim)
            for workload in workloads:
                workload.wait_for_progress()
            bridges.restart(victim)


def test_leaders_are_killed() -> None:
    with running_workloads(apart=True) as (cluster, _, workloads):
        for _ in range(KILLS):
            leader = cluster.leader()
            leader.kill()
            for workload in workloads:
                workload.wait_for_progress()
            leader.start()
            cluster.wait_healthy()
