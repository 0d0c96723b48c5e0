"""Tests of a bridge that is killed under load: acknowledged changes are durable, and batches are atomic."""

from __future__ import annotations

import random
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc

from varbridge import BridgeError, Connection, Session, Update, Variable
from varbridge.conformance.clients.collected_watch import collect
from varbridge.conformance.invariants.linearizability import Operation, violations
from varbridge.process import ServerProcess

CYCLES = 5
"""The number of kills in the quick test; `python -m tests.kills --cycles 10000` is a long run."""

CLIENTS = 8
WATCHERS = 2
NAMES = ("a", "b", "c")
PAIR = ("left", "right")
RARE = "rare"
"""A variable that is set at the beginning only, whose history no kill may shorten."""

WAIT = 60.0


@dataclass
class Attempt:
    """A write that a client has sent; its operation has version 0 until it is acknowledged."""

    name: str
    value: int
    request_id: str
    operation: Operation


class Cycle:
    """A workload until the bridge is killed: clients that read and write, and watches."""

    def __init__(self, process: ServerProcess, session_id: str, number: int, after: list[int | None]) -> None:
        self.number = number
        self.attempts: list[Attempt] = []
        self.reads: list[tuple[str, Operation]] = []
        self.seen: list[list[Update]] = [[] for _ in range(WATCHERS)]
        self._process = process
        self._session_id = session_id
        self._after = after
        self._answers = 0
        self._changed = threading.Condition()
        self._connections = [Connection(f"127.0.0.1:{process.port}") for _ in range(CLIENTS + WATCHERS)]
        self._sessions = [connection.session(session_id) for connection in self._connections]

    def run(self, answers: int) -> None:
        """Run the clients until a number of calls is answered; kill the bridge and wait for all to end."""
        watches = [
            collect(session, resume_after=after)
            for session, after in zip(self._sessions[CLIENTS:], self._after, strict=True)
        ]
        workers = [threading.Thread(target=self._work, args=(n,)) for n in range(CLIENTS)]
        for worker in workers:
            worker.start()
        with self._changed:
            assert self._changed.wait_for(lambda: self._answers >= answers, WAIT), (
                "the clients got no more answers"
            )
        self._process.kill()
        for worker in workers:
            worker.join()
        for watch, seen in zip(watches, self.seen, strict=True):
            assert watch.wait_until_over(WAIT)
            assert watch.ended is not None
            assert watch.ended.code is grpc.StatusCode.UNAVAILABLE
            seen.extend(watch.updates)
        for connection in self._connections:
            connection.close()
        self._process.wait_ended(60.0)

    def _work(self, client: int) -> None:
        chance = random.Random(self.number * CLIENTS + client)
        session = self._sessions[client]
        turn = 0
        try:
            while True:
                turn += 1
                value = (self.number * CLIENTS + client) * 1_000_000 + turn
                match chance.choice(["read", "set", "set", "compare and set", "batch"]):
                    case "read":
                        self._read(session, client, chance.choice(NAMES + PAIR))
                    case "batch":
                        self._write_pair(session, client, value)
                    case kind:
                        name = chance.choice(NAMES)
                        expected = session.get(name).version if kind == "compare and set" else None
                        self._write(session, client, name, value, expected)
                with self._changed:
                    self._answers += 1
                    self._changed.notify_all()
        except BridgeError as end:
            if end.code is not grpc.StatusCode.UNAVAILABLE:
                raise

    def _read(self, session: Session, client: int, name: str) -> None:
        started = time.monotonic()
        variable = session.get(name)
        ended = time.monotonic()
        self.reads.append(
            (name, Operation(f"client {client}", False, variable.version, variable.value, started, ended))
        )

    def _write(self, session: Session, client: int, name: str, value: int, expected: int | None) -> None:
        attempt = self._attempt(name, value, client, f"request-{value}")
        try:
            version = session.set(
                name, value, kind="integer", expected_version=expected, request_id=attempt.request_id
            )
        except BridgeError as refusal:
            if refusal.code is not grpc.StatusCode.ABORTED:
                raise
            with self._changed:
                self.attempts.remove(attempt)
            return
        self._acknowledge(attempt, version)

    def _write_pair(self, session: Session, client: int, value: int) -> None:
        attempts = [self._attempt(name, value, client, "") for name in PAIR]
        answer = session.set_many(dict.fromkeys(PAIR, value), atomic=True)
        for attempt in attempts:
            self._acknowledge(attempt, answer.versions[attempt.name])

    def _attempt(self, name: str, value: int, client: int, request_id: str) -> Attempt:
        pending = Operation(f"client {client}", True, 0, value, time.monotonic(), float("inf"))
        attempt = Attempt(name, value, request_id, pending)
        with self._changed:
            self.attempts.append(attempt)
        return attempt

    def _acknowledge(self, attempt: Attempt, version: int) -> None:
        before = attempt.operation
        attempt.operation = Operation(
            before.client, True, version, before.value, before.started, time.monotonic()
        )


def start(path: Path) -> tuple[ServerProcess, float]:
    started = time.perf_counter()
    flags = ["--data-dir", str(path), "--watch-log-limit", "2000", "--history-limit", "50"]
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0", *flags])
    process.wait_ready()
    return process, time.perf_counter() - started


def bare_start() -> float:
    """Return the time that a bridge without a data directory takes to start now, in seconds."""
    started = time.perf_counter()
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0"])
    process.wait_ready()
    took = time.perf_counter() - started
    process.kill()
    process.wait_ended(60.0)
    return took


def test_acknowledged_changes_survive_and_batches_are_atomic(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, CYCLES)


def kill_again_and_again(path: Path, cycles: int, seed: int = 7) -> None:
    """Kill a bridge under load again and again, and check after each restart what its clients were answered.

    Args:
        path: the data directory.
        cycles: the number of kills.
        seed: the seed of the moments of the kills.
    """
    chance = random.Random(seed)
    process, _ = start(path)
    with Connection(f"127.0.0.1:{process.port}") as connection:
        session = connection.session("kills")
        for name in NAMES + PAIR:
            session.register(name, "integer", -1)
        session.register(RARE, "integer", 0)
        session.set(RARE, 1)
        before = session.get_many(NAMES + PAIR)[0]
    after: list[int | None] = [None] * WATCHERS
    starts, sizes, acknowledged, unknown = [], [], 0, 0
    tenth = max(1, cycles // 10)
    for number in range(cycles):
        cycle = Cycle(process, "kills", number, after)
        cycle.run(chance.randrange(10, 250))
        process, took = start(path)
        if tenth <= number < 2 * tenth or number >= cycles - tenth:  # the log is full then
            starts.append(took / bare_start())
        sizes.append(sum(file.stat().st_size for file in path.iterdir()))
        with Connection(f"127.0.0.1:{process.port}") as connection:
            session = connection.session("kills")
            last = receive_missed(session, cycle, after)
            after = [last] * WATCHERS
            inspect(cycle, before)
            assert [entry.version for entry in session.history(RARE)] == [2, 1]
            before = session.get_many(NAMES + PAIR)[0]
            unknown += repeat_unanswered(session, cycle)
            # The repeated writes were changes too: the watches continue after them.
            after = [receive_missed(session, cycle, after)] * WATCHERS
            before = session.get_many(NAMES + PAIR)[0]
        acknowledged += sum(attempt.operation.version > 0 for attempt in cycle.attempts)
        if (number + 1) % tenth == 0:
            print(f"{number + 1} of {cycles} kills, {acknowledged} acknowledged writes", flush=True)
    assert process.stop(60.0) == 0
    print(
        f"{cycles} kills: {acknowledged} acknowledged writes, {unknown} repeated writes without an answer;"
        f" a start, relative to one without data, takes {statistics.median(starts[:tenth]):.2f} in the second"
        f" tenth and {statistics.median(starts[-tenth:]):.2f} in the last;"
        f" the maximum size is {max(sizes[: 3 * tenth]) / 1024:.0f} KiB in the first three tenths,"
        f" {max(sizes[-tenth:]) / 1024:.0f} KiB in the last"
    )


def receive_missed(session: Session, cycle: Cycle, after: Sequence[int | None]) -> int:
    """Resume each watch to receive the updates that it missed; return the last sequence."""
    marker = session.set("marker", 1.0, kind="float") if _has_marker(session) else _first_marker(session)
    last = 0
    for seen, start_after in zip(cycle.seen, after, strict=True):
        resume = seen[-1].sequence if seen else start_after
        if resume is None:
            continue
        with collect(session, resume_after=resume) as watch:
            updates = watch.wait_for(lambda updates: any(_is_marker(u, marker) for u in updates), WAIT)
        assert any(_is_marker(update, marker) for update in updates), watch.ended
        seen.extend(updates)
        last = updates[-1].sequence
    return last


def _has_marker(session: Session) -> bool:
    return bool(session.list("marker"))


def _first_marker(session: Session) -> int:
    return session.register("marker", "float", 0.0).version


def _is_marker(update: Update, version: int) -> bool:
    variable = update.variable
    return variable is not None and (variable.name, variable.version) == ("marker", version)


def inspect(cycle: Cycle, before: dict[str, Variable]) -> None:
    """Compare the answers of the clients with the updates of the watches, which received every change."""
    first = cycle.seen[0]
    assert [u.sequence for u in first] == [u.sequence for u in cycle.seen[1]]
    sequences = [update.sequence for update in first]
    assert sequences == [*range(sequences[0], sequences[0] + len(sequences))]
    changes = {
        (u.variable.name, u.variable.value): (u.sequence, u.variable.version) for u in first if u.variable
    }
    operations: dict[str, list[Operation]] = {name: [] for name in NAMES + PAIR}
    for attempt in cycle.attempts:
        operation = attempt.operation
        change = changes.pop((attempt.name, attempt.value), None)
        assert change is not None or not operation.version, f"lost: {attempt}"
        if change is None:
            continue
        _, version = change
        assert operation.version in (0, version), (
            f"acknowledged with another version than {version}: {attempt}"
        )
        operations[attempt.name].append(
            Operation(operation.client, True, version, attempt.value, operation.started, operation.ended)
        )
    assert {name for name, _ in changes} <= {"marker"}, f"changes without a request: {changes}"
    pairs = [[(o.value, o.version) for o in operations[name]] for name in PAIR]
    assert sorted(pairs[0]) == sorted(pairs[1]), "a batch was partly applied"
    for name, read in cycle.reads:
        operations[name].append(read)
    for name, history in operations.items():
        assert violations(history, before[name].version, before[name].value) == [], name


def repeat_unanswered(session: Session, cycle: Cycle) -> int:
    """Repeat the writes that got no answer, with the same request ids; return their number."""
    versions = {
        (u.variable.name, u.variable.value): u.variable.version
        for u in cycle.seen[0]
        if u.variable is not None
    }
    unanswered = [
        attempt for attempt in cycle.attempts if attempt.request_id and not attempt.operation.version
    ]
    for attempt in unanswered:
        current = session.get(attempt.name).version
        version = session.set(attempt.name, attempt.value, kind="integer", request_id=attempt.request_id)
        assert version == versions.get((attempt.name, attempt.value), current + 1), (
            f"applied twice: {attempt}"
        )
    return len(unanswered)
