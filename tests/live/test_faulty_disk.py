"""Tests of a bridge whose disk fails: no acknowledged change is lost, no call hangs, and it starts again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from varbridge import BridgeError, Connection, Session
from varbridge.conformance.clients.collected_watch import collect
from varbridge.conformance.faults.faulty_disk import ALL, FOREVER, READ, SYNC, WRITE, Plan
from varbridge.conformance.faults.polling import eventually
from varbridge.process import ServerProcess

from .faulty_bridge import MAX_ANSWER_S, NEEDS_COMPILER, WAIT_S, Bridge, refusal_of

LONG = "x" * 200_000

pytestmark = NEEDS_COMPILER


def answered(bridge: Bridge, value: object) -> BridgeError | None:
    """Set x; return the refusal, or None if the set is acknowledged. The call must not hang."""
    begun = time.monotonic()
    refusal = refusal_of(lambda: bridge.session.set("x", value, kind="string"))
    assert time.monotonic() - begun < MAX_ANSWER_S
    assert refusal is None or refusal.code is not grpc.StatusCode.DEADLINE_EXCEEDED
    return refusal


def test_a_disk_that_fails_altogether_for_a_moment_ends_the_bridge_and_loses_nothing(bridge: Bridge) -> None:
    bridge.session.register("x", "string", "kept")
    bridge.disk.follow(Plan(READ | WRITE | SYNC, 1, FOREVER))
    refusal = answered(bridge, LONG)
    assert refusal is not None
    bridge.disk.heal()
    code = bridge.process.wait_ended(60.0)
    assert (refusal.code, code) == (grpc.StatusCode.UNAVAILABLE, os.EX_IOERR)
    bridge.start_again()
    assert bridge.session.get("x").value in ("kept", LONG)
    assert answered(bridge, "new") is None
    bridge.start_again()
    assert bridge.session.get("x").value == "new"


def test_after_a_failed_sync_it_is_unknown_if_the_change_is_saved(bridge: Bridge) -> None:
    bridge.session.register("x", "string", "kept")
    bridge.disk.follow(Plan(SYNC, 1))
    refusal = answered(bridge, "perhaps")
    assert refusal is not None
    assert refusal.code is grpc.StatusCode.UNAVAILABLE
    assert "not known" in refusal.message
    assert "nothing was changed" not in refusal.message
    assert bridge.process.wait_ended(60.0) == os.EX_IOERR
    bridge.start_again()
    assert bridge.session.get("x").value in ("kept", "perhaps")


def test_health_and_reads_end_with_the_storage(bridge: Bridge) -> None:
    bridge.session.register("x", "string", "kept")
    stub = health_pb2_grpc.HealthStub(grpc.insecure_channel(bridge.connection.address))
    statuses = stub.Watch(health_pb2.HealthCheckRequest(), timeout=WAIT_S)
    assert next(statuses).status == health_pb2.HealthCheckResponse.SERVING
    with collect(bridge.session, "x") as watch:
        bridge.disk.follow(Plan(SYNC, 1))
        assert answered(bridge, "perhaps") is not None
        assert next(statuses).status == health_pb2.HealthCheckResponse.NOT_SERVING
        with pytest.raises(BridgeError) as refused:
            bridge.session.get("x")
        # gRPC cancels a call that arrives in the moment in which the server closes its connections.
        assert refused.value.code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
        assert watch.wait_until_over(WAIT_S)
        assert watch.ended is not None
        assert watch.ended.code is grpc.StatusCode.UNAVAILABLE
        assert [*watch.updates] == []
    assert bridge.process.wait_ended(60.0) == os.EX_IOERR


@pytest.mark.parametrize("kinds", [ALL, WRITE, SYNC, READ])
@pytest.mark.parametrize("first", [1, 2, 3, 5])
def test_a_disk_that_stays_bad_loses_no_acknowledged_change(bridge: Bridge, kinds: int, first: int) -> None:
    bridge.session.register("x", "string", "kept")
    bridge.disk.follow(Plan(kinds, first, FOREVER))
    possible = ["kept"]
    for number in range(5):
        value = f"{number}{LONG}"
        refusal = answered(bridge, value)
        if refusal is None:
            possible = [value]
        elif "nothing was changed" not in refusal.message:
            possible.append(value)
    bridge.start_again()
    assert bridge.session.get("x").value in possible
    assert answered(bridge, "new") is None


def test_a_change_that_takes_longer_than_the_grace_period_may_be_saved(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path)
    bridge.start("--grace", "0.2")
    bridge.session.register("x", "string", "kept")
    bridge.disk.follow(Plan(SYNC, 1, error=0, delay_ms=2000))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(answered, bridge, "slow")
        assert eventually(lambda: bridge.disk.calls, WAIT_S)
        bridge.process.signal(signal.SIGTERM)
        refusal = slow.result()
    assert refusal is not None
    assert refusal.code is grpc.StatusCode.UNAVAILABLE
    assert "not known" in refusal.message
    assert bridge.process.wait_ended(60.0) == 0
    bridge.start_again()
    assert bridge.session.get("x").value == "slow"
    bridge.end()


def test_a_disk_that_does_not_answer_does_not_keep_the_bridge_from_ending(tmp_path: Path) -> None:
    bridge = Bridge(tmp_path)
    bridge.start("--grace", "0.2")
    bridge.session.register("x", "string", "kept")
    bridge.disk.follow(Plan(SYNC, 1, error=0, delay_ms=100_000))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(answered, bridge, "slow")
        assert eventually(lambda: bridge.disk.calls, WAIT_S)
        bridge.process.signal(signal.SIGTERM)
        assert slow.result() is not None
    assert bridge.process.wait_ended(60.0) == os.EX_IOERR
    bridge.end()


def fill(sessions: Sequence[Session]) -> int:
    """Fill a disk with one variable in each session, and then with sets; return the number of variables."""
    filled = 0
    while (refusal := refusal_of(partial(sessions[filled].register, "x", "string", LONG))) is None:
        filled += 1
    assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    while (refusal := refusal_of(lambda: sessions[0].set("x", "short"))) is None:
        pass
    assert refusal.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    return filled


@pytest.mark.parametrize("size", ["20m", "24m"])
def test_on_a_full_disk_sessions_can_be_ended_and_then_changes_are_accepted(
    tmp_path: Path, size: str
) -> None:
    mount = f"mount -t tmpfs -o size={size} none {tmp_path}"
    if subprocess.run(["unshare", "-rm", "sh", "-c", mount], check=False).returncode:
        pytest.skip("this user cannot mount a file system")
    command = f"{mount} && exec {sys.executable} -m server --port 0 --data-dir {tmp_path}/data"
    process = ServerProcess(["unshare", "-rm", "sh", "-c", command])
    with Connection(f"127.0.0.1:{process.wait_ready()}") as connection:
        sessions = [connection.session(f"session {number}") for number in range(1000)]
        filled = fill(sessions)
        assert filled > 10
        for session in sessions[1:filled]:
            assert session.clean_up() == 1
        deadline = time.monotonic() + WAIT_S
        # Rows of ended sessions are deleted in the background.
        while refusal_of(lambda: sessions[0].set("x", "y" + LONG)) and time.monotonic() < deadline:
            pass
        sessions[0].delete("x")
        sessions[0].register("x", "string", LONG)
        assert sessions[0].get("x").version == 1
    assert process.stop(60.0) == 0
