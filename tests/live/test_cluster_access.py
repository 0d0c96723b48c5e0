"""Tests of bridges over etcd: start, access control, and health while etcd is not available."""

from __future__ import annotations

import signal
import uuid
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.live.test_access import READER, TOKEN, Files, Launch, launch
from varbridge import BridgeError, Connection
from varbridge.conformance.faults.etcd import Cluster, missing
from varbridge.conformance.faults.polling import eventually
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages import snakepit_bridge_pb2_grpc as pb_grpc
from varbridge.process import ServerProcess

__all__ = ["launch"]

WAIT = 15.0

needs_etcd = pytest.mark.skipif(bool(missing()), reason=missing() or "etcd is installed")


@pytest.fixture(scope="module")
def etcd() -> Iterator[Cluster]:
    with Cluster() as cluster:
        yield cluster


def store(cluster: Cluster, options: str = "") -> str:
    return f"etcd://{','.join(cluster.endpoints)}?prefix={uuid.uuid4().hex}{options}"


@pytest.mark.parametrize(
    ("flags", "code", "reason"),
    [
        (["--store", "etcd://127.0.0.1:1"], 1, "etcd at 127.0.0.1:1: "),
        (["--store", "etcd://me:hunter2@127.0.0.1:x"], 1, "port"),
        (["--store", "redis://127.0.0.1:1"], 1, "etcd://"),
        (["--store", "etcd://127.0.0.1:1?ttl=soon"], 1, "ttl"),
        (["--store", "etcd://127.0.0.1:1", "--data-dir", "somewhere"], 2, "exclude each other"),
    ],
)
def test_a_start_that_fails_names_the_reason(
    launch: Launch, flags: list[str], code: int, reason: str
) -> None:
    process = launch(*flags)
    assert process.wait_ended(60.0) == code
    process.last_words()  # waits for the end of its output
    (line,) = process.stderr
    assert line.startswith("server: ")
    assert reason in line
    assert "hunter2" not in line
    assert list(process.stdout) == []


@needs_etcd
def test_listening_on_every_address_requires_advertise(launch: Launch, etcd: Cluster, tmp_path: Path) -> None:
    files = Files(tmp_path)
    flags = ["--host", "0.0.0.0", *files.tls, *files.tokens, "--store", store(etcd)]
    process = launch(*flags)
    assert process.wait_ended(60.0) == 1
    assert "--advertise" in process.last_words()
    launch(*flags, "--advertise", "localhost:1").wait_ready()


@needs_etcd
def test_a_forwarded_watch_states_the_interval_of_its_heartbeats(launch: Launch, etcd: Cluster) -> None:
    flags = ["--store", store(etcd), "--heartbeat-interval", "0.5"]
    ports = [launch(*flags).wait_ready() for _ in range(2)]
    for port in ports:  # one of the bridges owns the session
        with Connection(f"127.0.0.1:{port}", timeout=WAIT) as connection:
            connection.session("s").initialize()
            stream = connection.stream("WatchVariables", pb.WatchVariablesRequest(session_id="s"))
            stated = dict(stream.initial_metadata())
            stream.cancel()
            assert stated["heartbeat-interval-ms"] == "500"


@needs_etcd
def test_calls_are_forwarded_over_tls_with_the_token_of_the_caller(
    launch: Launch, etcd: Cluster, tmp_path: Path
) -> None:
    files = Files(tmp_path)
    shared = store(etcd)
    flags = [*files.tls, *files.tokens, "--tls-ca", str(tmp_path / "ca.pem"), "--store", shared]
    ports = [launch(*flags).wait_ready() for _ in range(2)]
    assert _variable_counts(ports, files) == [1, 1]


@needs_etcd
def test_a_token_for_reading_opens_no_session_in_a_cluster(
    launch: Launch, etcd: Cluster, tmp_path: Path
) -> None:
    files = Files(tmp_path)
    files.write_tokens(f"{TOKEN}\n{READER} read\n")
    address = f"127.0.0.1:{launch(*files.tokens, '--store', store(etcd)).wait_ready()}"
    with Connection(address, token=READER) as reader, pytest.raises(BridgeError, match="PERMISSION_DENIED"):
        reader.session("fresh").list()
    with Connection(address, token=TOKEN) as owner:
        assert not owner.session("fresh").heartbeat()


@needs_etcd
def test_bridges_with_the_same_certificate_trust_each_other(
    launch: Launch, etcd: Cluster, tmp_path: Path
) -> None:
    files = Files(tmp_path)
    flags = [*files.tls, *files.tokens, "--store", store(etcd)]
    ports = [launch(*flags).wait_ready() for _ in range(2)]
    assert _variable_counts(ports, files) == [1, 1]


@needs_etcd
@pytest.mark.parametrize("ca", [True, False])
def test_bridges_forward_with_certificates_that_were_replaced(
    launch: Launch, etcd: Cluster, tmp_path: Path, ca: bool
) -> None:
    files = Files(tmp_path)
    flags = [*files.tls, *files.tokens, "--store", store(etcd)]
    if ca:
        flags += ["--tls-ca", str(tmp_path / "ca.pem")]
    processes = [launch(*flags) for _ in range(2)]
    ports = [process.wait_ready() for process in processes]
    assert _variable_counts(ports, files) == [1, 1]
    replaced = Files(tmp_path)  # of another authority
    for process in processes:
        process.signal(signal.SIGHUP)
        assert eventually(lambda process=process: any("reloaded" in line for line in process.stderr), WAIT)
    assert _variable_counts([*reversed(ports)], replaced, "again") == [1, 1]


def _variable_counts(ports: list[int], files: Files, session_id: str = "tls") -> list[int]:
    """Return the number of variables at each bridge, in a session opened at the first with one variable."""
    metadata = [("authorization", f"Bearer {TOKEN}")]
    counts = []
    for number, port in enumerate(ports):
        with grpc.secure_channel(f"localhost:{port}", files.credentials()) as channel:
            stub = pb_grpc.BridgeServiceStub(channel)
            if not number:
                request = pb.RegisterVariableRequest(session_id=session_id, name="x", type="float")
                request.initial_value.type_url = "type.googleapis.com/snakepit.float"
                request.initial_value.value = b"0.5"
                stub.RegisterVariable(request, metadata=metadata, timeout=WAIT)
            described = stub.GetSession(
                pb.GetSessionRequest(session_id=session_id), metadata=metadata, timeout=WAIT
            )
            counts.append(described.variable_count)
            with pytest.raises(grpc.RpcError) as refused:
                stub.GetSession(pb.GetSessionRequest(session_id=session_id), timeout=WAIT)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    return counts


@needs_etcd
def test_the_health_service_reports_that_etcd_is_not_available(launch: Launch) -> None:
    serving, not_serving = health_pb2.HealthCheckResponse.SERVING, health_pb2.HealthCheckResponse.NOT_SERVING
    with Cluster() as cluster:
        process: ServerProcess = launch("--store", store(cluster, "&ttl=1"))
        address = f"127.0.0.1:{process.wait_ready()}"
        with grpc.insecure_channel(address) as channel, Connection(address) as connection:
            session = connection.session("tuning")
            session.register("x", "float", 0.5)
            statuses = health_pb2_grpc.HealthStub(channel).Watch(
                health_pb2.HealthCheckRequest(), timeout=4 * WAIT
            )
            assert next(statuses).status == serving
            cluster.members[0].kill()
            assert next(statuses).status == not_serving
            cluster.members[0].start()
            assert next(statuses).status == serving
            assert session.get("x").value == 0.5
            statuses.cancel()
