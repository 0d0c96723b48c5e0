"""Tests of access control: TLS, client certificates, tokens, and addresses that need both."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from google.protobuf.message_factory import GetMessageClass

from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages import snakepit_bridge_pb2_grpc as pb_grpc
from varbridge.process import ServerProcess

TOKEN = "correct-horse-battery-staple"
OTHER = "another-token-of-somebody"

Launch = Callable[..., ServerProcess]


@pytest.fixture
def launch() -> Iterator[Launch]:
    """A function that starts a bridge with flags; the bridge ends with the test."""
    processes: list[ServerProcess] = []

    def start(*flags: str) -> ServerProcess:
        processes.append(ServerProcess([sys.executable, "-m", "server", "--port", "0", *flags]))
        return processes[-1]

    yield start
    for process in processes:
        if process.exit_code is None:
            process.kill()
            process.wait_ended(60.0)


class Files:
    """Files with certificates and tokens."""

    def __init__(self, path: Path) -> None:
        self.ca = trustme.CA()
        self.path = path
        issued = self.ca.issue_cert("localhost", "127.0.0.1")
        issued.private_key_pem.write_to_path(path / "key.pem")
        issued.cert_chain_pems[0].write_to_path(path / "cert.pem")
        self.ca.cert_pem.write_to_path(path / "ca.pem")
        self.write_tokens(f"# the trainer\n{TOKEN}\n")

    def write_tokens(self, text: str) -> None:
        fresh = self.path / "tokens.new"
        fresh.write_text(text)
        fresh.replace(self.path / "tokens")

    @property
    def tls(self) -> Sequence[str]:
        return ["--tls-cert", str(self.path / "cert.pem"), "--tls-key", str(self.path / "key.pem")]

    @property
    def tokens(self) -> Sequence[str]:
        return ["--token-file", str(self.path / "tokens")]

    def credentials(self) -> grpc.ChannelCredentials:
        certificate = self.ca.issue_cert("client")
        return grpc.ssl_channel_credentials(
            self.ca.cert_pem.bytes(),
            certificate.private_key_pem.bytes(),
            certificate.cert_chain_pems[0].bytes(),
        )


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def ping(channel: grpc.Channel, token: str = "") -> grpc.StatusCode:
    """Return the status of a call of Ping."""
    metadata = [("authorization", f"Bearer {token}")] if token else []
    call = pb_grpc.BridgeServiceStub(channel).Ping.future(pb.PingRequest(), timeout=10, metadata=metadata)
    return call.code()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
@pytest.mark.parametrize("protection", ["", "tls", "tokens"])
def test_listening_beyond_loopback_needs_tls_and_tokens(
    launch: Launch, files: Files, host: str, protection: str
) -> None:
    flags = {"": [], "tls": files.tls, "tokens": files.tokens}[protection]
    refused(launch("--host", host, *flags), "can be reached from other machines")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2", "::1"])
def test_listening_on_loopback_needs_neither_tls_nor_tokens(launch: Launch, host: str) -> None:
    launch("--host", host).wait_ready()


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--tls-cert", "{}/cert.pem"], "belong together"),
        (["--tls-ca", "{}/ca.pem"], "--tls-ca needs"),
        (["--tls-cert", "{}/nowhere.pem", "--tls-key", "{}/key.pem"], "cannot read .*nowhere.pem"),
        (["--tls-cert", "{}/tokens", "--tls-key", "{}/key.pem"], "no certificate"),
        (["--tls-cert", "{}/cert.pem", "--tls-key", "{}/cert.pem"], "no private key"),
        (["--token-file", "{}/nowhere"], "cannot read .*nowhere"),
        (["--token-file", "{}/short"], "no token of 16 characters"),
    ],
)
def test_invalid_flags_end_the_bridge_with_a_reason(
    launch: Launch, files: Files, flags: Sequence[str], reason: str
) -> None:
    (files.path / "short").write_text("# none\nshort\n")
    refused(launch(*(flag.format(files.path) for flag in flags)), reason)


def refused(process: ServerProcess, reason: str) -> None:
    """Check that the process has ended with one line that names the reason."""
    assert process.wait_ended(60.0) == 1
    process.last_words()
    assert [*process.stdout] == []
    (line,) = process.stderr
    assert re.match(f"server: .*{reason}", line), line


READER = "a-token-that-may-read-only"
TEAM = "a-token-of-only-one-team"


@pytest.fixture
def stubs(launch: Launch, files: Files) -> Iterator[Callable[[str], pb_grpc.BridgeServiceStub]]:
    """A function that returns a stub whose calls carry a token."""
    files.write_tokens(f"{TOKEN}\n{READER} read  # the dashboard\n{TEAM} sessions=team-a/\n")
    channels = []

    def stub(token: str) -> pb_grpc.BridgeServiceStub:
        channels.append(grpc.insecure_channel(address))
        return pb_grpc.BridgeServiceStub(grpc.intercept_channel(channels[-1], _TokenInterceptor(token)))

    address = f"127.0.0.1:{launch(*files.tokens).wait_ready()}"
    yield stub
    for channel in channels:
        channel.close()


class _TokenInterceptor(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]  # grpc has no types for them
    """An interceptor that adds a token to each call."""

    def __init__(self, token: str) -> None:
        self._metadata = [("authorization", f"Bearer {token}")]

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(self._with_token(details), request)

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return continuation(self._with_token(details), request)

    def _with_token(self, details: Any) -> Any:
        return details._replace(metadata=self._metadata, timeout=15.0)


def a_request(method: Any, session_id: str) -> Any:
    """Return a request of a method, with the session's id if the request has one."""
    request = GetMessageClass(method.input_type)()
    if hasattr(request, "session_id"):
        request.session_id = session_id
    return request


def status_of(stub: Any, method: Any, session_id: str) -> grpc.StatusCode:
    call = getattr(stub, method.name)
    request = a_request(method, session_id)
    if not method.server_streaming:
        return call.future(request).code()
    stream = call(request)
    try:
        for key, _ in stream.initial_metadata():
            if key == "bridge-watch":
                stream.cancel()
                return grpc.StatusCode.OK
        return stream.code()
    finally:
        stream.cancel()


METHODS = pb.DESCRIPTOR.services_by_name["BridgeService"].methods
CHANGING = {
    *("InitializeSession", "CleanupSession", "RegisterVariable", "SetVariable", "SetVariables"),
    *("DeleteVariable", "RollbackVariable", "ExecuteTool", "ExecuteStreamingTool", "ExecuteElixirTool"),
    *("RegisterTools", "AddDependency", "StartOptimization", "StopOptimization"),
}


def test_every_method_requires_a_token(stubs: Callable[[str], Any]) -> None:
    stubs(TOKEN).InitializeSession(pb.InitializeSessionRequest(session_id="s"))
    for token in ("", OTHER, "# the dashboard"):
        stranger = stubs(token)
        for method in METHODS:
            assert status_of(stranger, method, "s") is grpc.StatusCode.UNAUTHENTICATED, method.name


def test_a_token_for_reading_changes_nothing(stubs: Callable[[str], Any]) -> None:
    everything, reader = stubs(TOKEN), stubs(READER)
    denied = grpc.StatusCode.PERMISSION_DENIED
    (listing,) = (method for method in METHODS if method.name == "ListVariables")
    assert status_of(reader, listing, "s") is denied
    assert not everything.Heartbeat(pb.HeartbeatRequest(session_id="s")).session_valid
    everything.InitializeSession(pb.InitializeSessionRequest(session_id="s"))
    for method in METHODS:
        refused = status_of(reader, method, "s") is denied
        assert refused == (method.name in CHANGING), method.name
        assert status_of(everything, method, "s") is not denied
        everything.InitializeSession(pb.InitializeSessionRequest(session_id="s"))


def test_a_token_for_some_sessions_is_refused_for_others(stubs: Callable[[str], Any]) -> None:
    everything, team = stubs(TOKEN), stubs(TEAM)
    denied = grpc.StatusCode.PERMISSION_DENIED
    for session_id in ("team-a/x", "team-b/x"):
        everything.InitializeSession(pb.InitializeSessionRequest(session_id=session_id))
    for method in METHODS:
        names_a_session = method.name != "Ping"
        others = [
            status_of(team, method, session_id) for session_id in ("team-b/x", "team-b/unknown", "team-a")
        ]
        assert {code is denied for code in others} == {names_a_session}, method.name
        assert status_of(team, method, "team-a/x") is not denied
    assert everything.Heartbeat(pb.HeartbeatRequest(session_id="team-b/x")).session_valid


@pytest.mark.parametrize("line", ["short", f"{TOKEN} write", f"{TOKEN} sessions=", f"{TOKEN} read=yes"])
def test_the_error_about_an_invalid_line_does_not_quote_it(launch: Launch, files: Files, line: str) -> None:
    files.write_tokens(f"# tokens\n{line}\n")
    process = launch(*files.tokens)
    assert process.wait_ended(60.0) == 1
    assert "line 2" in process.last_words()
    assert TOKEN not in process.last_words()
