"""Tests of the information for operators: logs, metrics, traces, reflection and --check."""

from __future__ import annotations

import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from tests.live.test_access import TOKEN, Files, Launch, files, launch, ping
from varbridge import BridgeError, Connection
from varbridge.conformance.clients.collected_watch import collect
from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.faults.ports import free_ports
from varbridge.errors import ToolFailedError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages import snakepit_bridge_pb2_grpc as pb_grpc
from varbridge.messages.traits import METHODS

__all__ = ["files", "launch"]

WAIT = 15.0

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def free_port() -> int:
    return free_ports(1)[0]


def polled(attempt: Callable[[], Any]) -> Any:
    """Repeat an attempt until its result is true, and return the result."""
    result = eventually(attempt, WAIT)
    assert result, "the condition was never true"
    return result


def use(address: str) -> None:
    """Make a call that succeeds, a call that is refused, and a watch that is cancelled."""
    with Connection(address) as connection:
        session = connection.session("tuning")
        session.register("rate", "float", 0.5)
        with pytest.raises(BridgeError):
            session.get("secret-looking name")
        with collect(session, "rate", initial=True) as watch:
            watch.wait_for(lambda updates: len(updates) == 1, WAIT)


def test_metrics_have_calls_sessions_variables_and_watches(launch: Launch) -> None:
    metrics_address = f"127.0.0.1:{free_port()}"
    address = f"127.0.0.1:{launch('--metrics', metrics_address).wait_ready()}"

    def metrics() -> dict[str, float]:
        text = DIRECT.open(f"http://{metrics_address}/metrics", timeout=WAIT).read().decode()
        assert "secret-looking" not in text
        assert "tuning" not in text
        lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}

    assert metrics()["bridge_sessions"] == 0
    use(address)
    ended = 'bridge_calls_total{method="WatchVariables",status="CANCELLED"}'
    counted = polled(lambda: ended in (current := metrics()) and current)
    assert counted['bridge_calls_total{method="GetVariable",status="NOT_FOUND"}'] == 1
    assert counted['bridge_call_seconds_count{method="RegisterVariable"}'] == 1
    assert 'bridge_call_seconds_count{method="WatchVariables"}' not in counted
    assert (counted["bridge_sessions"], counted["bridge_variables"], counted["bridge_watches"]) == (1, 1, 0)
    assert counted["process_open_fds"] > 0
    with Connection(address) as connection, collect(connection.session("tuning"), "rate"):
        assert (metrics()["bridge_watches"], metrics()["bridge_calls_running"]) == (1, 1)
    polled(lambda: metrics()["bridge_watches"] == 0)


def test_metrics_beyond_loopback_need_tls(launch: Launch, files: Files) -> None:
    port = free_port()
    process = launch("--metrics", f"0.0.0.0:{port}")
    assert process.wait_ended(60.0) == 1
    assert "--tls-cert" in process.last_words()
    launch("--metrics", f"0.0.0.0:{port}", *files.tls).wait_ready()
    trusting = ssl.create_default_context(cadata=files.ca.cert_pem.bytes().decode())
    answer = urllib.request.urlopen(f"https://localhost:{port}/metrics", timeout=WAIT, context=trusting)
    assert b"bridge_sessions" in answer.read()
    with pytest.raises((urllib.error.URLError, OSError)):
        DIRECT.open(f"http://127.0.0.1:{port}/metrics", timeout=WAIT)


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    """A servicer that collects the spans that it receives."""

    def __init__(self) -> None:
        self.spans: list[Any] = []

    def Export(self, request: Any, context: object) -> Any:
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)
        return trace_service_pb2.ExportTraceServiceResponse()


def test_each_call_is_a_span_in_the_trace_of_its_caller(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(2))
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(collector, server)
    monkeypatch.setenv(
        "OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    )
    server.start()
    process = launch("--traces")
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with grpc.insecure_channel(f"127.0.0.1:{process.wait_ready()}") as channel:
        stub = pb_grpc.BridgeServiceStub(channel)
        stub.Ping(pb.PingRequest(), metadata=[("traceparent", f"00-{trace}-{parent}-01")])
        with pytest.raises(grpc.RpcError):
            stub.GetSession(pb.GetSessionRequest(session_id="nowhere"))
    assert process.stop(60.0) == 0  # the remaining spans are sent at the end
    by_method = {span.name.rpartition("/")[2]: span for span in collector.spans}
    assert by_method.keys() == {"Ping", "GetSession"}
    assert (by_method["Ping"].trace_id.hex(), by_method["Ping"].parent_span_id.hex()) == (trace, parent)
    assert by_method["Ping"].end_time_unix_nano > by_method["Ping"].start_time_unix_nano
    assert by_method["GetSession"].status.message == "NOT_FOUND"
    server.stop(None)


def test_modules_of_unused_features_are_not_imported(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "server", "--port", "0", "--check"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=WAIT, check=True)
    imported = [line.rpartition("|")[2].strip() for line in run.stderr.splitlines()]
    assert "grpc" in imported
    extras = (
        "prometheus_client",
        "opentelemetry",
        "pythonjsonlogger",
        "grpc_reflection.",
        "sqlite3",
        "pathlib",
    )
    assert not [name for name in imported if name.startswith((*extras, "server.cluster", "server.etcd"))]


def test_check_reports_if_the_bridge_could_serve(
    launch: Launch, tmp_path: Path, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With GRPC_VERBOSITY, gRPC prints lines of its own.
    monkeypatch.delenv("GRPC_VERBOSITY", raising=False)

    def check(*flags: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "server", "--check", *flags]
        return subprocess.run(command, capture_output=True, text=True, timeout=WAIT, check=False)

    port = free_port()
    success = check("--port", str(port), "--data-dir", str(tmp_path / "data"), *files.tls, *files.tokens)
    assert (success.returncode, success.stdout, success.stderr) == (
        0,
        f"could serve on 127.0.0.1:{port}\n",
        "",
    )
    port_in_use = launch("--data-dir", str(tmp_path / "data")).wait_ready()
    for flags, reason in (
        (["--port", str(port_in_use)], "cannot listen"),
        (["--port", "0", "--data-dir", str(tmp_path / "data")], "in use by another process"),
        (["--port", "0", "--token-file", str(tmp_path / "none")], "cannot read"),
        (["--port", "0", "--tools", "no_such_module"], "no_such_module"),
        (["--port", "0", "--host", "0.0.0.0"], "listening there needs"),
    ):
        failure = check(*flags)
        assert (failure.returncode, failure.stdout) == (1, ""), flags
        assert reason in failure.stderr
        assert failure.stderr.count("\n") == 1


def test_logs_and_metrics_do_not_contain_tokens(launch: Launch, files: Files) -> None:
    metrics_address = f"127.0.0.1:{free_port()}"
    process = launch(
        *files.tokens, "--log-calls", "all", "--log-level", "debug", "--metrics", metrics_address
    )
    with grpc.insecure_channel(f"127.0.0.1:{process.wait_ready()}") as channel:
        assert ping(channel, TOKEN) is grpc.StatusCode.OK
        assert ping(channel, "a-wrong-token-of-length") is grpc.StatusCode.UNAUTHENTICATED
    metrics = DIRECT.open(f"http://{metrics_address}/metrics", timeout=WAIT).read().decode()
    process.stop()
    for token in (TOKEN, "a-wrong-token-of-length"):
        assert token not in metrics
        assert not [line for line in process.stderr if token in line]


def test_reflection_describes_the_interface_by_the_names_of_the_wire(launch: Launch) -> None:
    port = launch("--reflection").wait_ready()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))  # type: ignore[no-untyped-call]
        service = pool.FindServiceByName("snakepit.bridge.BridgeService")
    assert [method.name for method in service.methods] == [*METHODS]
    assert service.methods[0].input_type.full_name == "snakepit.bridge.PingRequest"


def test_clients_cannot_write_lines_of_their_own_into_the_log(launch: Launch) -> None:
    process = launch("--log-calls", "all", "--tools", "tests.server.tools.misbehaving")
    with Connection(f"127.0.0.1:{process.wait_ready()}") as connection:
        session = connection.session("tuning")
        session.initialize()
        forged = "2026-01-01 00:00:00,000 INFO server.app: forged"
        for ending in ("\n", "\r", "\u2028", "\x85", "\x1b[31m"):
            with suppress(BridgeError):  # an id may have U+2028
                connection.session(f"a{ending}{forged}").initialize()
            with pytest.raises(ToolFailedError):
                session.execute("fail", {"message": f"a{ending}{forged}"})
        with pytest.raises(BridgeError):
            connection.session("long" * 10**6).initialize()
        connection.ping()
    process.stop()
    lines = [part for line in process.stderr for part in line.splitlines()]
    assert not [line for line in lines if line.startswith((forged, "\x1b"))]
    assert max(map(len, lines)) < 5000
    assert any("fail failed: a\\n2026" in line for line in lines)


@pytest.mark.parametrize("tool", ["raises", "raises_in_a_process", "raises_in_a_stream"])
def test_the_log_has_the_traceback_of_a_tool_that_fails(launch: Launch, tool: str) -> None:
    process = launch("--tools", "tests.server.tools.misbehaving")
    with Connection(f"127.0.0.1:{process.wait_ready()}") as connection:
        session = connection.session("tuning")
        session.initialize()
        with pytest.raises(ToolFailedError, match="on purpose"):
            session.execute(tool, {})
    process.stop()
    lines = [*process.stderr]
    assert any(f"tool {tool} failed: on purpose" in line for line in lines)
    assert any(line.startswith("  |") and "misbehaving.py" in line for line in lines)


def test_metrics_use_certificates_that_were_replaced(launch: Launch, files: Files) -> None:
    port = free_port()
    process = launch("--metrics", f"127.0.0.1:{port}", *files.tls, *files.tokens)
    process.wait_ready()
    before = ssl.get_server_certificate(("127.0.0.1", port))
    Files(files.path)  # of another authority
    process.signal(signal.SIGHUP)
    assert polled(lambda: ssl.get_server_certificate(("127.0.0.1", port)) != before)
    after = ssl.get_server_certificate(("127.0.0.1", port))
    assert after.split() == (files.path / "cert.pem").read_text().split()


def test_no_connection_to_the_metrics_fails_while_certificates_are_read_again(
    launch: Launch, files: Files
) -> None:
    port = free_port()
    process = launch("--metrics", f"127.0.0.1:{port}", *files.tls, *files.tokens)
    process.wait_ready()
    for _ in range(300):
        process.signal(signal.SIGHUP)
        ssl.get_server_certificate(("127.0.0.1", port), timeout=WAIT)  # raises an error if it fails


def test_metrics_admit_only_clients_of_the_authority_that_was_read_last(launch: Launch, files: Files) -> None:
    port = free_port()
    authority = ["--tls-ca", str(files.path / "ca.pem")]
    process = launch("--metrics", f"127.0.0.1:{port}", *files.tls, *files.tokens, *authority)
    process.wait_ready()

    def admits(owner: Files | None) -> bool:
        """Return True if the metrics answer a client with a certificate of an authority, or with none."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if owner is not None:
            owner.ca.issue_cert("client").configure_cert(context)
        url = f"https://127.0.0.1:{port}/metrics"
        with suppress(OSError), urllib.request.urlopen(url, timeout=WAIT, context=context) as reply:
            return bool(reply.status == 200)
        return False

    assert (admits(files), admits(None)) == (True, False)
    newer = Files(files.path)
    process.signal(signal.SIGHUP)
    assert polled(lambda: admits(newer))
    assert (admits(files), admits(None)) == (False, False)
