"""Who may call: TLS, certificates of clients, tokens, and where a server refuses to listen."""

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
    """Start a server with flags; it ends with the test."""
    processes: list[ServerProcess] = []

    def start(*flags: str) -> ServerProcess:
        processes.append(ServerProcess([sys.executable, "-m", "server", "--port", "0", *flags]))
        return processes[-1]

    yield start
    for process in processes:
        if process.exit_code is None:
            process.kill()
            process.wait_ended(10.0)


class Files:
    """Certificates and tokens on disk."""

    def __init__(self, path: Path) -> None:
        self.ca = trustme.CA()
        self.path = path
        issued = self.ca.issue_cert("localhost", "127.0.0.1")
        issued.private_key_pem.write_to_path(path / "key.pem")
        issued.cert_chain_pems[0].write_to_path(path / "cert.pem")
        self.ca.cert_pem.write_to_path(path / "ca.pem")
        self.write_tokens(f"# who: the trainer\n{TOKEN}\n")

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
        mine = self.ca.issue_cert("client")
        return grpc.ssl_channel_credentials(
            self.ca.cert_pem.bytes(), mine.private_key_pem.bytes(), mine.cert_chain_pems[0].bytes()
        )


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def ping(channel: grpc.Channel, token: str = "") -> grpc.StatusCode:
    """The status of a call."""
    metadata = [("authorization", f"Bearer {token}")] if token else []
    call = pb_grpc.BridgeServiceStub(channel).Ping.future(pb.PingRequest(), timeout=10, metadata=metadata)
    return call.code()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
@pytest.mark.parametrize("given", ["", "tls", "tokens"])
def test_beyond_loopback_it_refuses_with_less(launch: Launch, files: Files, host: str, given: str) -> None:
    flags = {"": [], "tls": files.tls, "tokens": files.tokens}[given]
    refused(launch("--host", host, *flags), "can be reached from other machines")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.0.0.2", "::1"])
def test_on_loopback_it_needs_neither(launch: Launch, host: str) -> None:
    launch("--host", host).wait_ready(15.0)


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
def test_flags_that_do_not_fit_are_told(
    launch: Launch, files: Files, flags: Sequence[str], reason: str
) -> None:
    (files.path / "short").write_text("# none\nshort\n")
    refused(launch(*(flag.format(files.path) for flag in flags)), reason)


def refused(process: ServerProcess, reason: str) -> None:
    """The process ended with one line that says why."""
    assert process.wait_ended(5.0) == 1
    process.last_words()
    assert [*process.stdout] == []
    (line,) = process.stderr
    assert re.match(f"server: .*{reason}", line), line


READER = "a-token-that-may-read-only"
TEAM = "a-token-of-one-team-alone"


@pytest.fixture
def stubs(launch: Launch, files: Files) -> Iterator[Callable[[str], pb_grpc.BridgeServiceStub]]:
    """A stub by the token that its calls bear."""
    files.write_tokens(f"{TOKEN}\n{READER} read  # the dashboard\n{TEAM} sessions=team-a/\n")
    channels = []

    def stub(token: str) -> pb_grpc.BridgeServiceStub:
        channels.append(grpc.insecure_channel(address))
        bearing = _Bearing(token)
        return pb_grpc.BridgeServiceStub(grpc.intercept_channel(channels[-1], bearing))

    address = f"127.0.0.1:{launch(*files.tokens).wait_ready(15.0)}"
    yield stub
    for channel in channels:
        channel.close()


class _Bearing(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):  # type: ignore[misc]  # grpc's are not typed
    """Adds a token to each call."""

    def __init__(self, token: str) -> None:
        self._metadata = [("authorization", f"Bearer {token}")]

    def intercept_unary_unary(self, go_on: Any, details: Any, request: Any) -> Any:
        return go_on(self._bearing(details), request)

    def intercept_unary_stream(self, go_on: Any, details: Any, request: Any) -> Any:
        return go_on(self._bearing(details), request)

    def _bearing(self, details: Any) -> Any:
        return details._replace(metadata=self._metadata, timeout=15.0)


def a_request(method: Any, session_id: str) -> Any:
    """A request of a method that names a session, where it can."""
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


def test_no_method_is_answered_without_a_token(stubs: Callable[[str], Any]) -> None:
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


def test_a_token_for_some_sessions_is_not_good_for_others(stubs: Callable[[str], Any]) -> None:
    everything, team = stubs(TOKEN), stubs(TEAM)
    denied = grpc.StatusCode.PERMISSION_DENIED
    for session_id in ("team-a/x", "team-b/x"):
        everything.InitializeSession(pb.InitializeSessionRequest(session_id=session_id))
    for method in METHODS:
        names_a_session = method.name != "Ping"
        others = [status_of(team, method, one) for one in ("team-b/x", "team-b/unknown", "team-a")]
        assert {code is denied for code in others} == {names_a_session}, method.name
        assert status_of(team, method, "team-a/x") is not denied
    assert everything.Heartbeat(pb.HeartbeatRequest(session_id="team-b/x")).session_valid


@pytest.mark.parametrize("line", ["short", f"{TOKEN} write", f"{TOKEN} sessions=", f"{TOKEN} read=yes"])
def test_a_line_that_is_no_token_is_refused_without_telling_it(
    launch: Launch, files: Files, line: str
) -> None:
    files.write_tokens(f"# tokens\n{line}\n")
    process = launch(*files.tokens)
    assert process.wait_ended(15.0) == 1
    assert "line 2" in process.stderr[-1]
    assert TOKEN not in process.stderr[-1]
