"""Tests of eight concurrent clients on a few variables: their history must be linearizable (A13)."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Callable

import grpc
import pytest

from varbridge import BridgeError, Connection, Session
from varbridge.conformance.invariants.linearizability import Operation, violations

CLIENTS = 8
OPERATIONS = int(os.environ.get("OPERATIONS", "4000"))
"""The number of operations; a long run is `OPERATIONS=100000 pytest tests/live/test_concurrency.py`."""


@pytest.mark.timeout(900)
def test_concurrent_histories_are_linearizable(session: Session, address: str) -> None:
    names = ["a", "b", "c"]
    for name in names:
        session.register(name, "integer", -1)
    histories: list[list[tuple[str, Operation]]] = [[] for _ in range(CLIENTS)]
    conflicts = [0] * CLIENTS

    def work(number: int, own: Session) -> None:
        chance = random.Random(number)
        versions = dict.fromkeys(names, 1)
        for turn in range(OPERATIONS // CLIENTS):
            name, value = chance.choice(names), number * OPERATIONS + turn
            kind = chance.choice(["read", "set", "compare and set", "atomic batch"])
            started = time.monotonic()
            try:
                if kind == "read":
                    variable = own.get(name)
                    version, value = variable.version, variable.value
                elif kind == "atomic batch":
                    version = own.set_many({name: value}, atomic=True).versions[name]
                else:
                    expected = versions[name] if kind == "compare and set" else None
                    version = own.set(name, value, kind="integer", expected_version=expected)
            except BridgeError as refusal:
                if refusal.code is not grpc.StatusCode.ABORTED:
                    raise
                conflicts[number] += 1
                versions[name] = own.get(name).version
                continue
            ended = time.monotonic()
            versions[name] = version
            operation = Operation(f"client {number}", kind != "read", version, value, started, ended)
            histories[number].append((name, operation))

    run_clients(session.id, address, work)
    entries = [entry for history in histories for entry in history]
    assert len(entries) + sum(conflicts) == OPERATIONS // CLIENTS * CLIENTS
    assert sum(conflicts) > 0, "there was no conflict, so this run proves nothing"
    for name in names:
        history = [operation for named, operation in entries if named == name]
        assert violations(history, 1, -1) == []


def run_clients(session_id: str, address: str, work: Callable[[int, Session], None]) -> None:
    failures: list[BaseException] = []
    barrier = threading.Barrier(CLIENTS)

    def run(number: int) -> None:
        try:
            with Connection(address) as connection:
                connection.wait_until_ready()
                barrier.wait()
                work(number, connection.session(session_id))
        except BaseException as error:
            failures.append(error)
            barrier.abort()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
