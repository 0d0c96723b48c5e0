"""Tests of restarts: a follower whose bridge is restarted by a worker, and the health before the end."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from varbridge import Follower
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages import snakepit_bridge_pb2_grpc as pb_grpc
from varbridge.process import ServerProcess
from varbridge.worker import Worker

KILLS = 3


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    command = [sys.executable, "-m", "server", "--port", "0", "--data-dir", str(tmp_path)]
    with Worker(command, max_backoff=0.05) as worker:
        yield worker


def test_a_follower_continues_after_restarts_of_its_bridge(worker: Worker) -> None:
    session = worker.connection().session("tuning")
    session.register("x", "integer", 1)
    received: list[int] = []
    arrived = threading.Condition()

    def read(follower: Follower) -> None:
        for update in follower:
            assert update.variable is not None
            with arrived:
                received.append(update.variable.version)
                arrived.notify_all()

    with Follower(session, "x", initial=True) as follower:
        reader = threading.Thread(target=read, args=(follower,))
        reader.start()
        version = 1
        for _ in range(KILLS):
            for _ in range(5):
                version = session.set("x", version + 1, kind="integer")
            process = worker.process
            assert process is not None
            process.kill()
            session = worker.connection_after(process).session("tuning")
            assert session.get("x").version == version
        version = session.set("x", version + 1, kind="integer")
        with arrived:
            arrived.wait_for(lambda: received[-1] >= version, 30.0)
    reader.join()
    assert received == [*range(1, version + 1)]
    assert len({process.port for process in worker.processes}) == 1


def test_a_worker_uses_another_port_if_its_own_is_in_use(worker: Worker) -> None:
    worker.connection()
    first = worker.process
    assert first is not None
    assert first.port is not None
    first.kill()
    # Another bridge uses the port now.
    first.wait_ended(60.0)
    other = ServerProcess([sys.executable, "-m", "server", "--port", str(first.port)])
    try:
        worker.connection_after(first).ping("hello")
    finally:
        other.kill()
        other.wait_ended(60.0)


def test_the_health_service_reports_a_shutdown() -> None:
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0"])
    with grpc.insecure_channel(f"127.0.0.1:{process.wait_ready()}") as channel:
        health = health_pb2_grpc.HealthStub(channel)
        for service in ("", "snakepit.bridge.BridgeService", "snakepit.bridge.SnakepitBridge"):
            answer = health.Check(health_pb2.HealthCheckRequest(service=service), timeout=10.0)
            assert answer.status == health_pb2.HealthCheckResponse.SERVING
        stub = pb_grpc.BridgeServiceStub(channel)
        stub.InitializeSession(pb.InitializeSessionRequest(session_id="s"), timeout=10.0)
        changes = health.Watch(health_pb2.HealthCheckRequest(), timeout=30.0)
        assert next(changes).status == health_pb2.HealthCheckResponse.SERVING
        request = pb.ExecuteToolRequest(session_id="s", tool_name="sleep")
        request.parameters["seconds"].type_url = "type.googleapis.com/snakepit.float"
        request.parameters["seconds"].value = b"1.0"
        running = stub.ExecuteTool.future(request, timeout=30.0)
        stub.Ping(pb.PingRequest(), timeout=10.0)  # on the same connection, so the call before has arrived
        process.stop()
        assert next(changes).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert running.result().success
