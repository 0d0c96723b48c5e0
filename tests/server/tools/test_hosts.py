"""Forwarding calls of registered tools to their hosts, and the results back."""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Iterator

import grpc
import numpy
import pytest

from tests.server.tools.process_tree import runs, within
from tests.server.tools.test_containment import running
from varbridge import BridgeError, Connection, Session
from varbridge.errors import ToolFailedError
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.process import ServerProcess
from varbridge.values import encode, to_any

HOST = (sys.executable, "-m", "server", "--port", "0", "--tools", "tests.server.tools.misbehaving")


@pytest.fixture(scope="module")
def host() -> Iterator[ServerProcess]:
    process = ServerProcess((*HOST, "--max-running-tools", "1"))
    process.wait_ready()
    yield process
    assert process.stop(60.0) == 0


def register(session: Session, *tools: pb.ToolRegistration, at: int | None) -> None:
    session.connection.call(
        "RegisterTools",
        pb.RegisterToolsRequest(session_id=session.id, tools=tools, worker_id=f"127.0.0.1:{at}"),
    )


def port_of(session: Session) -> int:
    assert isinstance(session.connection, Connection)
    return int(session.connection.address.rpartition(":")[2])


def tool(name: str, streams: bool = False, /, **parameters: str) -> pb.ToolRegistration:
    specs = [
        pb.ParameterSpec(name=parameter, type=kind, required=True) for parameter, kind in parameters.items()
    ]
    return pb.ToolRegistration(name=name, parameters=specs, supports_streaming=streams)


@pytest.fixture
def here(session: Session, host: ServerProcess) -> Session:
    """A session with registered tools of the host."""
    register(
        session,
        tool("block", seconds="float"),
        tool("add", a="float", b="any"),
        tool("shape", array="tensor"),
        tool("answer", what="any"),
        tool("divide"),
        tool("exit_with", code="integer"),
        tool("count", True, n="integer"),
        tool("fail_after", True, n="integer"),
        at=host.port,
    )
    return session


@pytest.fixture
def there(here: Session, host: ServerProcess) -> Iterator[Session]:
    """The session with the same id on the host."""
    with Connection(f"127.0.0.1:{host.port}") as connection:
        yield connection.session(here.id)


def test_a_call_runs_there_in_the_session_of_the_same_id(here: Session, there: Session) -> None:
    register(here, tool("bump", name="string"), at=port_of(there))
    assert not there.heartbeat()
    assert here.execute("answer", {"what": [1, {"a": None}]}) == [1, {"a": None}]
    assert there.heartbeat()
    there.register("n", "integer", 7)
    assert here.execute("bump", {"name": "n"}) == 7
    assert there.history("n")[0].changed_by == "tool:bump"
    there.start_optimization("n", "mipro")
    assert here.execute("bump", {"name": "n"}, metadata={"optimizer_id": "mipro"}) == 8
    there.clean_up()
    assert here.execute("answer", {"what": 1}) == 1  # the call has opened the host's session again


def test_arrays_are_passed_on(here: Session) -> None:
    array = numpy.ones((100, 200))
    assert here.execute("shape", {"array": array}) == ["float64", [100, 200], 40_000.0]


def test_what_is_wrong_by_the_registered_spec_is_not_passed_on(here: Session, there: Session) -> None:
    with pytest.raises(BridgeError) as refused:
        here.execute("add", {"a": "x"})
    assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert [field for field, _ in refused.value.violations] == ["a", "b"]
    assert not there.heartbeat()


def test_the_refusals_of_the_host_are_forwarded(here: Session) -> None:
    with pytest.raises(BridgeError) as refused:
        here.execute("add", {"a": 1.0, "b": "x"})
    assert refused.value.code is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.violations == (("b", "must be a number"),)
    with pytest.raises(BridgeError) as missing:
        here.execute("divide")
    assert (missing.value.code, missing.value.message) == (
        grpc.StatusCode.NOT_FOUND,
        "Tool not found: divide",
    )


def test_a_failure_there_is_a_failure_here(here: Session) -> None:
    with pytest.raises(ToolFailedError, match="exit code 4"):
        here.execute("exit_with", {"code": 4})


def test_a_default_of_the_registration_is_passed_on(here: Session, host: ServerProcess) -> None:
    spec = pb.ParameterSpec(name="what", type="any", default_value=to_any(encode("string", "mine")))
    register(here, pb.ToolRegistration(name="answer", parameters=[spec]), at=host.port)
    assert here.execute("answer") == "mine"


def test_chunks_are_passed_on_and_so_is_their_end(here: Session) -> None:
    chunks = list(here.stream("count", {"n": 3}))
    assert [(chunk.chunk_id, chunk.data, chunk.is_final) for chunk in chunks] == [
        ("count-1", b"1", False),
        ("count-2", b"2", False),
        ("count-3", b"3", False),
        ("count-4", b"", True),
    ]
    assert here.execute("count", {"n": 3}) == [1, 2, 3]
    failing = here.stream("fail_after", {"n": 2})
    assert [json.loads(next(failing).data) for _ in range(2)] == [1, 2]
    with pytest.raises(BridgeError, match="INTERNAL: failed after 2 chunks"):
        next(failing)


def test_a_deadline_is_passed_on(here: Session, there: Session) -> None:
    started = time.monotonic()
    with pytest.raises(BridgeError, match="DEADLINE_EXCEEDED"):
        here.execute("block", {"seconds": 60.0}, timeout=0.3)
    assert time.monotonic() - started < 15.0
    assert within(20.0, lambda: _free(there))  # the host runs only one tool at a time


def test_a_cancel_is_passed_on(here: Session, there: Session) -> None:
    there.register("pids", "string", "")
    register(here, tool("family", name="string"), at=port_of(there))
    with running(here, "family", name="pids"):
        assert within(20.0, lambda: there.get("pids").value != "")
        pids = [int(pid) for pid in there.get("pids").value.split()]
        assert all(map(runs, pids))
    assert within(20.0, lambda: not any(map(runs, pids)))
    assert within(20.0, lambda: _free(there))


def _free(session: Session) -> bool:
    try:
        session.execute("block", {"seconds": 0.0})
    except BridgeError as error:
        return error.code is not grpc.StatusCode.RESOURCE_EXHAUSTED
    return True


def test_a_slow_reader_holds_the_host_back(here: Session, there: Session, connection: Connection) -> None:
    there.register("made", "integer", 0)
    register(here, tool("produce", True, name="string"), at=port_of(there))
    with Connection(connection.address) as slow:
        chunks = slow.session(here.id).stream("produce", {"name": "made"})
        next(chunks)
        seen: list[int] = []

        def settled() -> bool:
            seen.append(there.get("made").value)
            there.execute("sleep", {"seconds": 0.1})
            return len(seen) > 3 and len(set(seen[-3:])) == 1

        assert within(10.0, settled)
        assert seen[-1] < 1000
    assert within(20.0, lambda: _free(there))


def test_a_call_that_would_go_round_is_refused(connection: Connection, host: ServerProcess) -> None:
    here = connection.session(f"round-{uuid.uuid4().hex}")
    register(here, tool("mine"), tool("ours"), at=int(connection.address.rpartition(":")[2]))
    with pytest.raises(BridgeError, match="FAILED_PRECONDITION: mine: its host .* forwards the call back"):
        here.execute("mine")
    with Connection(f"127.0.0.1:{host.port}") as other:
        there = other.session(here.id)
        register(there, tool("ours"), at=int(connection.address.rpartition(":")[2]))
        register(here, tool("ours"), at=host.port)
        with pytest.raises(BridgeError, match="FAILED_PRECONDITION: ours: its host"):
            there.execute("ours")


def test_an_unreachable_host_is_named_and_used_again_once_it_is_back(session: Session) -> None:
    process = ServerProcess(HOST)
    port = process.wait_ready()
    register(session, tool("answer", what="any"), at=port)
    assert session.execute("answer", {"what": 1}) == 1
    process.kill()
    process.wait_ended(60.0)
    with pytest.raises(BridgeError) as refused:
        session.execute("answer", {"what": 1})
    assert refused.value.code is grpc.StatusCode.UNAVAILABLE
    assert f"127.0.0.1:{port}" in refused.value.message
    again = ServerProcess((*HOST[:3], "--port", str(port), *HOST[5:]))
    again.wait_ready()

    def works() -> bool:
        try:
            return bool(session.execute("answer", {"what": 1}) == 1)
        except BridgeError:
            return False

    assert within(20.0, works)
    assert again.stop(60.0) == 0


def test_the_older_service_gets_results_in_its_own_form(here: Session, connection: Connection) -> None:
    with Connection(connection.address, service="SnakepitBridge") as old:
        request = pb.ExecuteToolRequest(session_id=here.id, tool_name="answer")
        request.parameters["what"].type_url = "dspex.variables/float"
        request.parameters["what"].value = b"1.5"
        reply = old.call("ExecuteTool", request)
        assert (reply.result.type_url, reply.result.value) == ("dspex.variables/float", b"1.5")
