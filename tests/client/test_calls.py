"""Tests of calls through both libraries: sessions, timeouts, retries, and hints."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent import futures
from pathlib import Path
from types import ModuleType
from typing import Any

import grpc
import pytest

from tests.client.libraries import BOTH, got, run, session_at, upcoming, using
from varbridge import BridgeError, Tls
from varbridge.errors import ToolFailedError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages import snakepit_bridge_pb2_grpc as pb_grpc


@BOTH
def test_a_session_has_the_same_methods(library: ModuleType, address: str) -> None:
    async def test() -> None:
        async with session_at(library, address, f"methods-{library.__name__}") as session:
            registered = await got(session.register("x", "float", 0.5, constraints={"max": 2}))
            assert registered.constraints == {"max": 2}
            assert await got(session.set("x", 0.75, expected_version=1)) == 2
            assert (await got(session.get("x"))).value == 0.75
            with pytest.raises(BridgeError, match="INVALID_ARGUMENT") as refused:
                await got(session.set("x", 3.0))
            assert refused.value.violations
            await got(session.register("y", "integer", 1))
            variables, missing = await got(session.get_many(["x", "z"]))
            assert ([*variables], missing) == (["x"], ["z"])
            assert (await got(session.set_many({"x": 1.0, "y": 2}, atomic=True))).versions == {"x": 3, "y": 2}
            assert [variable.name for variable in await got(session.list("*"))] == ["x", "y"]
            assert [entry.version for entry in await got(session.history("x", 2))] == [3, 2]
            assert (await got(session.roll_back("x", 1))).value == 0.5
            await got(session.depend("x", "y"))
            assert await got(session.start_optimization("x", "tpe"))
            assert await got(session.stop_optimization("x", "tpe")) == 0.5
            assert await got(session.execute("add", {"a": 1.5, "b": 2.0})) == 3.5
            with pytest.raises(ToolFailedError, match="no"):
                await got(session.execute("fail", {"message": "no"}))
            assert await got(session.registered_tools()) == []
            chunks = session.stream("count", {"n": 2})
            data = (
                [c.data async for c in chunks] if hasattr(chunks, "__anext__") else [c.data for c in chunks]
            )
            assert data == [b"1", b"2", b""]
            await got(session.delete("y"))
            assert (await got(session.describe())).variable_count == 1
            assert await got(session.heartbeat())
            assert await got(session.clean_up()) >= 1

    run(test)


@BOTH
def test_a_follower_yields_every_change_and_resumes(library: ModuleType, address: str) -> None:
    async def test() -> None:
        async with session_at(library, address, f"follow-{library.__name__}") as session:
            await got(session.register("x", "integer", 1))
            async with using(library.Follower(session, "x", initial=True)) as follower:
                versions = [(await upcoming(follower)).variable.version]
                for value in (2, 3):
                    await got(session.set("x", value))
                    versions.append((await upcoming(follower)).variable.version)
            assert versions == [1, 2, 3]
            async with using(library.Follower(session, "x", resume_after=1)) as follower:
                assert (await upcoming(follower)).variable.version == 2
            await got(session.clean_up())

    run(test)


# Timeouts


@BOTH
@pytest.mark.parametrize("timeout", [0, -1.0, float("nan"), float("inf")])
def test_a_timeout_that_is_not_positive_is_refused(library: ModuleType, address: str, timeout: float) -> None:
    async def test() -> None:
        async with session_at(library, address, "timeouts") as session:
            await got(session.connection.ping("x", timeout=5.0))
            for call in (
                lambda: session.register("never", "integer", 1, timeout=timeout),
                lambda: session.connection.ping(timeout=timeout),
            ):
                with pytest.raises(ValueError, match="a timeout must be a positive number of seconds"):
                    await got(call())
            with pytest.raises(ValueError, match="a timeout must be a positive number of seconds"):
                library.Connection(address, timeout=timeout)
            assert "never" not in [variable.name for variable in await got(session.list())]

    run(test)


@BOTH
def test_every_call_takes_a_timeout(library: ModuleType, address: str) -> None:
    async def test() -> None:
        async with session_at(library, address, "timeouts") as session:
            with pytest.raises(BridgeError, match="DEADLINE_EXCEEDED"):
                await got(session.execute("sleep", {"seconds": 60.0}, timeout=0.1))

    run(test)


# Retries


class Flaky(pb_grpc.BridgeServiceServicer):
    """A bridge that is unavailable for the first calls of a test."""

    def __init__(self) -> None:
        self.failures = 0
        self.requests: list[Any] = []
        self._calls = itertools.count()

    def reset(self, failures: int) -> None:
        self.failures, self.requests, self._calls = failures, [], itertools.count()

    def _fail(self, request: Any, context: grpc.ServicerContext) -> None:
        self.requests.append(request)
        if next(self._calls) < self.failures:
            context.abort(grpc.StatusCode.UNAVAILABLE, "later")

    def SetVariable(self, request: pb.SetVariableRequest, context: Any) -> pb.SetVariableResponse:
        self._fail(request, context)
        return pb.SetVariableResponse(success=True, new_version=2)

    def RegisterVariable(self, request: Any, context: Any) -> pb.RegisterVariableResponse:
        self._fail(request, context)
        return pb.RegisterVariableResponse(success=True)


@pytest.fixture(scope="module")
def flaky() -> Iterator[tuple[Flaky, str]]:
    server = grpc.server(futures.ThreadPoolExecutor(4))
    bridge = Flaky()
    pb_grpc.add_BridgeServiceServicer_to_server(bridge, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield bridge, f"127.0.0.1:{port}"
    server.stop(None).wait()


@BOTH
def test_a_set_is_repeated_with_one_request_id(library: ModuleType, flaky: tuple[Flaky, str]) -> None:
    bridge, address = flaky
    bridge.reset(failures=2)

    async def test() -> None:
        async with using(library.Connection(address, attempts=4)) as connection:
            assert await got(connection.session("s").set("x", 1, kind="integer")) == 2

    run(test)
    assert len(bridge.requests) == 3
    assert len({request.request_id for request in bridge.requests}) == 1
    assert bridge.requests[0].request_id


@BOTH
def test_a_call_that_may_not_be_repeated_is_made_once(library: ModuleType, flaky: tuple[Flaky, str]) -> None:
    bridge, address = flaky
    for attempts, call in (
        (4, lambda session: session.register("x", "integer", 1)),
        (1, lambda session: session.set("x", 1, kind="integer")),
    ):
        bridge.reset(failures=1)

        async def test(attempts: int = attempts, call: Any = call) -> None:
            async with using(library.Connection(address, attempts=attempts)) as connection:
                with pytest.raises(BridgeError, match="UNAVAILABLE: later"):
                    await got(call(connection.session("s")))

        run(test)
        assert len(bridge.requests) == 1


@BOTH
def test_a_number_of_attempts_beyond_what_grpc_makes_is_refused(library: ModuleType) -> None:
    for attempts in (0, 6):
        with pytest.raises(ValueError, match="attempts must be from 1 to 5"):
            library.Connection("127.0.0.1:1", attempts=attempts)


# Hints


@BOTH
def test_a_plain_connection_to_a_bridge_with_tls_gets_a_hint(
    library: ModuleType, tmp_path: Path, address: str
) -> None:
    import trustme

    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = grpc.server(futures.ThreadPoolExecutor(1))
    credentials = grpc.ssl_server_credentials(
        [(certificate.private_key_pem.bytes(), certificate.cert_chain_pems[0].bytes())]
    )
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()

    async def test() -> None:
        async with using(library.Connection(f"127.0.0.1:{port}")) as connection:
            with pytest.raises(
                BridgeError, match=r"UNAVAILABLE: .*; if the bridge requires TLS, connect with tls="
            ):
                await got(connection.ping())
        async with using(library.Connection(address, tls=Tls(tmp_path / "ca.pem"))) as connection:
            with pytest.raises(BridgeError, match="UNAVAILABLE: .*; the bridge does not seem to use TLS"):
                await got(connection.ping())

    try:
        run(test)
    finally:
        server.stop(None).wait()


def test_threads_share_a_connection(address: str) -> None:
    import varbridge

    with varbridge.Connection(address) as connection:
        answers: list[str] = []
        threads = [
            threading.Thread(target=lambda text=str(n): answers.append(connection.ping(text)))
            for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers) == [str(n) for n in range(8)]


def test_a_refusal_is_read_without_the_package_grpcio_status(address: str) -> None:
    script = f"""if True:
        import sys
        sys.modules.update({{"grpc_status": None, "google.rpc": None}})
        from varbridge import BridgeError, Connection
        with Connection({address!r}) as connection:
            try:
                connection.session("refusal").register("x", "float", 2.5, constraints={{"max": 2}})
            except BridgeError as error:
                print(error.code.name, error.violations)
    """
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ended.stdout == "INVALID_ARGUMENT ()\n", ended.stderr
