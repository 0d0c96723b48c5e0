"""A server that is killed under load, again and again: nothing acknowledged is lost, nothing half done."""

from __future__ import annotations

import os
import random
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest

from varbridge import BridgeError, Connection, Session, Update, Variable
from varbridge.conformance.invariants.linearizability import Operation, violations
from varbridge.process import ServerProcess

CYCLES = int(os.environ.get("CYCLES", "5"))
"""The long run is `CYCLES=500 pytest -s tests/live/test_kill.py`."""

CLIENTS = 8
WATCHERS = 2
NAMES = ("a", "b", "c")
PAIR = ("left", "right")
WAIT = 30.0


@dataclass
class Attempt:
    """One write that a client sent; ``version`` is 0 while nobody has acknowledged it."""

    name: str
    value: int
    request_id: str
    operation: Operation


class Cycle:
    """One life of the server: clients work until it is killed, and watches collect what they are told."""

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
        """Work until so many calls were answered; kill; wait for the end of everything."""
        watches = [
            session.watch(resume_after=after)
            for session, after in zip(self._sessions[CLIENTS:], self._after, strict=True)
        ]
        workers = [threading.Thread(target=self._work, args=(n,)) for n in range(CLIENTS)]
        for worker in workers:
            worker.start()
        with self._changed:
            assert self._changed.wait_for(lambda: self._answers >= answers, WAIT), "the clients fell silent"
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
        self._process.wait_ended(WAIT)

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
        seen = session.get(name)
        ended = time.monotonic()
        self.reads.append(
            (name, Operation(f"client {client}", False, seen.version, seen.value, started, ended))
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
        self._answered(attempt, version)

    def _write_pair(self, session: Session, client: int, value: int) -> None:
        attempts = [self._attempt(name, value, client, "") for name in PAIR]
        answer = session.set_many(dict.fromkeys(PAIR, value), atomic=True)
        for attempt in attempts:
            self._answered(attempt, answer.versions[attempt.name])

    def _attempt(self, name: str, value: int, client: int, request_id: str) -> Attempt:
        pending = Operation(f"client {client}", True, 0, value, time.monotonic(), float("inf"))
        attempt = Attempt(name, value, request_id, pending)
        with self._changed:
            self.attempts.append(attempt)
        return attempt

    def _answered(self, attempt: Attempt, version: int) -> None:
        before = attempt.operation
        attempt.operation = Operation(
            before.client, True, version, before.value, before.started, time.monotonic()
        )


def start(path: Path) -> tuple[ServerProcess, float]:
    started = time.perf_counter()
    flags = ["--data-dir", str(path), "--watch-log-limit", "2000", "--history-limit", "50"]
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0", *flags])
    process.wait_ready(WAIT)
    return process, time.perf_counter() - started


def bare_start() -> float:
    """The seconds that a server without a data directory takes at this moment."""
    started = time.perf_counter()
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0"])
    process.wait_ready(WAIT)
    took = time.perf_counter() - started
    process.kill()
    process.wait_ended(WAIT)
    return took


@pytest.mark.timeout(7200)
def test_nothing_acknowledged_is_lost_and_nothing_is_half_done(tmp_path: Path) -> None:
    chance = random.Random(7)
    process, _ = start(tmp_path)
    with Connection(f"127.0.0.1:{process.port}") as connection:
        session = connection.session("torment")
        for name in NAMES + PAIR:
            session.register(name, "integer", -1)
        before = session.get_many(NAMES + PAIR)[0]
    after: list[int | None] = [None] * WATCHERS
    starts, sizes, acknowledged, unknown = [], [], 0, 0
    tenth = max(1, CYCLES // 10)
    for number in range(CYCLES):
        cycle = Cycle(process, "torment", number, after)
        cycle.run(chance.randrange(10, 250))
        process, took = start(tmp_path)
        if tenth <= number < 2 * tenth or number >= CYCLES - tenth:  # the log is full by then
            starts.append(took / bare_start())
        sizes.append(sum(file.stat().st_size for file in tmp_path.iterdir()))
        with Connection(f"127.0.0.1:{process.port}") as connection:
            session = connection.session("torment")
            last = rest_of(session, cycle, after)
            after = [last] * WATCHERS
            inspect(cycle, before)
            before = session.get_many(NAMES + PAIR)[0]
            unknown += ask_again(session, cycle)
            # What was asked again changed something: the watches go on from there.
            after = [rest_of(session, cycle, after)] * WATCHERS
            before = session.get_many(NAMES + PAIR)[0]
        acknowledged += sum(attempt.operation.version > 0 for attempt in cycle.attempts)
    assert process.stop() == 0
    print(
        f"{CYCLES} kills: {acknowledged} acknowledged writes, {unknown} without an answer asked again;"
        f" a start takes {statistics.median(starts[:tenth]):.2f} of one without data in the second tenth,"
        f" {statistics.median(starts[-tenth:]):.2f} in the last;"
        f" size {max(sizes[: 3 * tenth]) / 1024:.0f} KiB in the first three tenths at most,"
        f" {max(sizes[-tenth:]) / 1024:.0f} KiB in the last"
    )


def rest_of(session: Session, cycle: Cycle, after: Sequence[int | None]) -> int:
    """Have each watch told of what it did not get before the kill; return the last sequence."""
    marker = session.set("marker", 1.0, kind="float") if _has_marker(session) else _first_marker(session)
    last = 0
    for seen, start_after in zip(cycle.seen, after, strict=True):
        resume = seen[-1].sequence if seen else start_after
        if resume is None:
            continue
        with session.watch(resume_after=resume) as watch:
            got = watch.wait_for(lambda updates: any(_is_marker(u, marker) for u in updates), WAIT)
        assert any(_is_marker(update, marker) for update in got), watch.ended
        seen.extend(got)
        last = got[-1].sequence
    return last


def _has_marker(session: Session) -> bool:
    return bool(session.list("marker"))


def _first_marker(session: Session) -> int:
    return session.register("marker", "float", 0.0).version


def _is_marker(update: Update, version: int) -> bool:
    variable = update.variable
    return variable is not None and (variable.name, variable.version) == ("marker", version)


def inspect(cycle: Cycle, before: dict[str, Variable]) -> None:
    """Hold what clients were answered against what the watches were told, which is all that there is."""
    first = cycle.seen[0]
    assert [u.sequence for u in first] == [u.sequence for u in cycle.seen[1]]
    sequences = [update.sequence for update in first]
    assert sequences == [*range(sequences[0], sequences[0] + len(sequences))]
    changes = {
        (u.variable.name, u.variable.value): (u.sequence, u.variable.version) for u in first if u.variable
    }
    operations: dict[str, list[Operation]] = {name: [] for name in NAMES + PAIR}
    for attempt in cycle.attempts:
        done = attempt.operation
        found = changes.pop((attempt.name, attempt.value), None)
        assert found is not None or not done.version, f"lost: {attempt}"
        if found is None:
            continue
        _, version = found
        assert done.version in (0, version), f"acknowledged as another version than {version}: {attempt}"
        operations[attempt.name].append(
            Operation(done.client, True, version, attempt.value, done.started, done.ended)
        )
    assert {name for name, _ in changes} <= {"marker"}, f"nobody asked for these: {changes}"
    pairs = [[(o.value, o.version) for o in operations[name]] for name in PAIR]
    assert sorted(pairs[0]) == sorted(pairs[1]), "half of a batch"
    for name, operation in cycle.reads:
        operations[name].append(operation)
    for name, history in operations.items():
        assert violations(history, before[name].version, before[name].value) == [], name


def ask_again(session: Session, cycle: Cycle) -> int:
    """Repeat the writes that got no answer under their request ids; return how many they were."""
    told = {
        (u.variable.name, u.variable.value): u.variable.version
        for u in cycle.seen[0]
        if u.variable is not None
    }
    again = [one for one in cycle.attempts if one.request_id and not one.operation.version]
    for attempt in again:
        now = session.get(attempt.name).version
        version = session.set(attempt.name, attempt.value, kind="integer", request_id=attempt.request_id)
        assert version == told.get((attempt.name, attempt.value), now + 1), f"applied twice: {attempt}"
    return len(again)
