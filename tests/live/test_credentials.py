"""Tests of the credentials of a connection: TLS, and tokens, which are never sent unencrypted."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from varbridge import BridgeError, Connection, Follower, Tls, Worker
from varbridge.conformance.clients.collected_watch import collect
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages import snakepit_bridge_pb2_grpc as pb_grpc
from varbridge.process import ServerProcess

TOKEN = "correct-horse-battery-staple"


class Files:
    """Files with certificates and a token."""

    def __init__(self, path: Path) -> None:
        self.path = path
        authority, other_authority = trustme.CA(), trustme.CA()
        self.write("bridge", authority.issue_cert("localhost", "127.0.0.1", "bridge.test"))
        self.write("client", authority.issue_cert("client"))
        authority.cert_pem.write_to_path(path / "ca.pem")
        other_authority.cert_pem.write_to_path(path / "other-ca.pem")
        (path / "tokens").write_text(f"{TOKEN}\n")

    def write(self, name: str, certificate: trustme.LeafCert) -> None:
        certificate.cert_chain_pems[0].write_to_path(self.path / f"{name}.pem")
        certificate.private_key_pem.write_to_path(self.path / f"{name}-key.pem")

    def __getitem__(self, name: str) -> str:
        return str(self.path / name)

    def command(self, *flags: str) -> list[str]:
        tls = ["--tls-cert", self["bridge.pem"], "--tls-key", self["bridge-key.pem"]]
        tokens = ["--token-file", self["tokens"]]
        return [sys.executable, "-m", "server", "--port", "0", *tls, *tokens, *flags]

    def tls(self, **more: str) -> Tls:
        return Tls(self["ca.pem"], **more)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("credentials"))


@pytest.fixture(scope="module")
def port(files: Files) -> Iterator[int]:
    process = ServerProcess(files.command("--host", "0.0.0.0", "--heartbeat-interval", "0.2"))
    yield process.wait_ready()
    process.kill()
    process.wait_ended(60.0)


def status(connection: Connection) -> grpc.StatusCode:
    """Return the status of a ping."""
    with connection:
        try:
            connection.ping(timeout=10.0)
        except BridgeError as error:
            return error.code
    return grpc.StatusCode.OK


def test_calls_and_streams_carry_the_token_over_tls(files: Files, port: int) -> None:
    with Connection(f"localhost:{port}", tls=files.tls(), token=TOKEN) as connection:
        connection.wait_until_ready(10.0)
        session = connection.session("all")
        session.register("x", "integer", 1)
        assert connection.start("Ping", pb.PingRequest(message="m")).result(10.0).message == "m"
        with collect(session, "x") as watch:
            session.set("x", 2)
            (update,) = watch.wait_for(lambda updates: any(u.variable for u in updates), 10.0)[-1:]
            assert (update.kind, update.sequence) == ("value_change", 2)
        assert [chunk.data for chunk in session.stream("count", {"n": 2})] == [b"1", b"2", b""]
        with connection.another() as other:
            assert other.session("all").get("x").value == 2
            with collect(other.another().session("all"), "x", initial=True) as watch:
                assert watch.wait_for(bool, 10.0)


@pytest.mark.parametrize("token", ["", "another-token-of-somebody", TOKEN[:-1]])
def test_every_call_is_refused_without_the_token(files: Files, port: int, token: str) -> None:
    with Connection(f"localhost:{port}", tls=files.tls(), token=token) as connection:
        with pytest.raises(BridgeError, match="UNAUTHENTICATED"):
            connection.ping()
        assert connection.start("Ping", pb.PingRequest()).code() is grpc.StatusCode.UNAUTHENTICATED
        with collect(connection.session("s")) as watch:
            assert watch.wait_until_over(10.0)
            assert watch.ended is not None
            assert watch.ended.code is grpc.StatusCode.UNAUTHENTICATED


def test_a_connection_verifies_the_certificate_of_the_bridge(files: Files, port: int) -> None:
    address = f"localhost:{port}"
    assert status(Connection(address)) is grpc.StatusCode.UNAVAILABLE
    for tls, expected in (
        (files.tls(), "OK"),
        (files.tls(name="bridge.test"), "OK"),
        (files.tls(name="other.test"), "UNAVAILABLE"),
        (Tls(files["other-ca.pem"]), "UNAVAILABLE"),
        (Tls(), "UNAVAILABLE"),  # no public authority has signed it
    ):
        assert status(Connection(address, tls=tls, token=TOKEN)).name == expected


def test_a_connection_sends_its_certificate_to_the_bridge(files: Files) -> None:
    process = ServerProcess(files.command("--tls-ca", files["ca.pem"]))
    try:
        address = f"127.0.0.1:{process.wait_ready()}"
        with_certificate = files.tls(cert=files["client.pem"], key=files["client-key.pem"])
        assert status(Connection(address, tls=with_certificate, token=TOKEN)) is grpc.StatusCode.OK
        assert status(Connection(address, tls=files.tls(), token=TOKEN)) is grpc.StatusCode.UNAVAILABLE
    finally:
        process.kill()
        process.wait_ended(60.0)


def test_every_address_needs_a_certificate_for_the_name_of_the_first(files: Files, port: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        unused = probe.getsockname()[1]
    several = f"127.0.0.1:{unused},127.0.0.1:{port}"
    assert status(Connection(several, tls=files.tls(), token=TOKEN)) is grpc.StatusCode.OK
    assert status(Connection(several, tls=files.tls(name="bridge.test"), token=TOKEN)) is grpc.StatusCode.OK
    # Nothing listens at 127.0.0.2, but the certificate of the second address must have that name.
    other = f"127.0.0.2:{unused},127.0.0.1:{port}"
    assert status(Connection(other, tls=files.tls(), token=TOKEN)) is grpc.StatusCode.UNAVAILABLE
    assert status(Connection(other, tls=files.tls(name="localhost"), token=TOKEN)) is grpc.StatusCode.OK


def test_a_worker_and_a_follower_continue_over_tls_after_a_restart(files: Files, tmp_path: Path) -> None:
    command = files.command("--data-dir", str(tmp_path / "data"))
    with Worker(command, max_backoff=0.05, tls=files.tls(), token=TOKEN) as worker:
        session = worker.connection().session("s")
        session.register("x", "integer", 1)
        got: list[int] = []
        arrived = threading.Condition()

        def take(_name: str, _old: Any, new: int, _metadata: Any) -> None:
            with arrived:
                got.append(new)
                arrived.notify_all()

        with Follower(session, "x", on_change=take):
            session.set("x", 2)
            process = worker.process
            assert process is not None
            process.kill()
            worker.connection_after(process).session("s").set("x", 3)
            with arrived:
                assert arrived.wait_for(lambda: len(got) == 2, 30.0)
        assert got == [2, 3]


class Recorder(pb_grpc.BridgeServiceServicer):
    """A servicer that records the token of each call."""

    def __init__(self) -> None:
        self.authorizations: list[str | bytes | None] = []

    def Ping(self, _: Any, context: Any) -> pb.PingResponse:
        self.authorizations.append(dict(context.invocation_metadata()).get("authorization"))
        return pb.PingResponse()


def test_calls_carry_only_the_token_of_their_connection() -> None:
    recorder = Recorder()
    server = grpc.server(ThreadPoolExecutor(1))
    pb_grpc.add_BridgeServiceServicer_to_server(recorder, server)
    address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    for token in ("", TOKEN):
        with Connection(address, token=token) as connection:
            connection.ping()
    server.stop(None)
    assert recorder.authorizations == [None, f"Bearer {TOKEN}"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "[::1]", "localhost", "127.0.0.1:1,127.0.0.2"])
def test_on_loopback_a_token_is_allowed_without_tls(host: str) -> None:
    Connection(f"{host}:50051", token=TOKEN).close()


@pytest.mark.parametrize(
    "address",
    [
        "192.0.2.1:50051",
        "0.0.0.0:50051",
        "bridge.test:50051",
        "localhost.bridge.test:50051",
        "127.0.0.1.bridge.test:50051",
        "[2001:db8::1]:50051",
        "127.0.0.1:50051,192.0.2.1:50051",
        "dns:///localhost:50051",
        "192.0.2.1",
        "",
    ],
)
def test_a_token_for_another_machine_requires_tls(files: Files, address: str) -> None:
    with pytest.raises(ValueError, match="only over TLS") as refused:
        Connection(address, token=TOKEN)
    assert TOKEN not in str(refused.value)
    with pytest.raises(ValueError, match="only over TLS"):
        Connection(address, token=TOKEN, tls=None)
    if address.startswith("192.0.2.1:"):
        Connection(address, token=TOKEN, tls=files.tls()).close()


@pytest.mark.parametrize("token", ["two\nlines-of-a-token", "café-au-lait-for-all", "tab\tin-the-middle"])
def test_a_token_that_does_not_fit_in_a_header_is_refused(token: str) -> None:
    for make in (lambda: Connection("127.0.0.1:50051", token=token), lambda: Worker(["x"], token=token)):
        with pytest.raises(ValueError, match="a token must be printable ASCII") as refused:
            make()
        assert token not in str(refused.value)


def test_unusable_files_are_reported_immediately(files: Files) -> None:
    bridge, key = files["bridge.pem"], files["bridge-key.pem"]
    locked = files.path / "locked.pem"
    secret = serialization.load_pem_private_key(Path(key).read_bytes(), None)
    locked.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"passphrase"),
        )
    )
    for options, reason in (
        ({"cert": bridge}, "belong together"),
        ({"key": key}, "belong together"),
        ({"ca": files["tokens"]}, "tokens holds no certificate in PEM form"),
        ({"ca": key}, "bridge-key.pem holds no certificate in PEM form"),
        ({"cert": bridge, "key": files["client-key.pem"]}, "with its private key: KEY_VALUES_MISMATCH"),
        ({"cert": bridge, "key": bridge}, "not a certificate in PEM form with its private key"),
        ({"cert": bridge, "key": str(locked)}, "not a certificate in PEM form with its private key"),
    ):
        with pytest.raises(ValueError, match=reason):
            Tls(**options)
    with pytest.raises(FileNotFoundError, match=r"nowhere\.pem"):
        Tls(files["nowhere.pem"])
