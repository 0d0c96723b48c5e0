"""Each cap that a flag sets: what is at it is taken, one over it is refused, and the rest works on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import grpc
import pytest

from client import BridgeError, Connection, Session
from proto import snakepit_bridge_pb2 as pb
from proto import snakepit_bridge_pb2_grpc as pb_grpc
from tests.live.test_access import Launch, launch

__all__ = ["launch"]

WAIT = 15.0


@pytest.fixture
def bridge(launch: Launch, request: pytest.FixtureRequest) -> Iterator[Session]:
    """A session at a bridge with the flags that the test names."""
    process = launch(*request.param.split())
    with Connection(f"127.0.0.1:{process.wait_ready(WAIT)}") as connection:
        yield connection.session("tuning")


def flags(text: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("bridge", [text], indirect=True)


@flags("--max-metadata 2")
def test_metadata(bridge: Session) -> None:
    bridge.register("rate", "float", 0.5, metadata={"a": "1", "b": "2"})
    with pytest.raises(BridgeError) as refused:
        bridge.set("rate", 0.6, metadata={"c": "3"})
    assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    with pytest.raises(BridgeError) as refused:
        bridge.register("other", "float", 0.5, metadata={"a": "1", "b": "2", "c": "3"})
    assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert bridge.set("rate", 0.6, metadata={"b": "3"}) == 2
    assert [variable.name for variable in bridge.list()] == ["rate"]


@flags("--max-dependencies 1")
def test_dependencies(bridge: Session) -> None:
    for name in "abc":
        bridge.register(name, "float", 0.5)
    bridge.depend("a", "b")
    with pytest.raises(BridgeError) as refused:
        bridge.depend("b", "c")
    assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert bridge.set("a", 0.6) == 2


@flags("--request-ids 2")
def test_request_ids(bridge: Session) -> None:
    bridge.register("x", "integer", 0)
    for number in range(3):
        assert bridge.set("x", number, request_id=f"r{number}") == number + 2
    assert bridge.set("x", 9, request_id="r2") == 4
    assert bridge.set("x", 9, request_id="r1") == 3
    assert bridge.set("x", 9, request_id="r0") == 5  # forgotten: it is made again


@flags("--history-limit 3")
def test_history(bridge: Session) -> None:
    bridge.register("x", "integer", 0)
    for number in range(5):
        bridge.set("x", number)
    assert [entry.version for entry in bridge.history("x")] == [6, 5, 4]


@flags("--max-message-bytes 100000")
def test_messages(bridge: Session) -> None:
    bridge.register("text", "string", "x" * 90_000)
    with pytest.raises(BridgeError) as refused:
        bridge.set("text", "x" * 100_000)
    assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    bridge.register("more", "string", "y" * 90_000)
    assert len(bridge.list()) == 2  # a reply may be longer


@flags("--max-calls 3")
def test_calls_of_one_client(bridge: Session) -> None:
    bridge.register("x", "integer", 0)
    address = bridge.connection.address
    with ExitStack() as stack, Connection(address) as other:
        watches = [stack.enter_context(bridge.watch("x")) for _ in range(3)]
        with pytest.raises(BridgeError) as refused:
            bridge.get("x")
        assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert other.session("tuning").set("x", 1) == 2  # another client's calls are not counted
        for watch in watches:
            assert watch.wait_for(lambda updates: len(updates) == 1, WAIT)
        watches[0].close()
        deadline = time.monotonic() + WAIT
        while True:
            try:
                assert bridge.get("x").value == 1
                break
            except BridgeError:
                assert time.monotonic() < deadline, "the place is not free again"


@flags("--tool-timeout 0.2")
@pytest.mark.parametrize("tool", ["sleep", "block"])
def test_the_time_of_a_tool(bridge: Session, tool: str) -> None:
    bridge.initialize()
    started = time.monotonic()
    with pytest.raises(BridgeError) as refused:
        bridge.execute(tool, {"seconds": 60.0})
    assert refused.value.code is grpc.StatusCode.DEADLINE_EXCEEDED
    assert "0.2 s" in refused.value.message
    assert time.monotonic() - started < 10.0
    assert bridge.execute("add", {"a": 1.0, "b": 2.0}) == 3.0


def test_a_connection_without_calls(launch: Launch) -> None:
    address = f"127.0.0.1:{launch('--max-idle', '0.2').wait_ready(WAIT)}"
    with grpc.insecure_channel(address) as channel:
        states: list[grpc.ChannelConnectivity] = []
        channel.subscribe(states.append)
        stub = pb_grpc.BridgeServiceStub(channel)
        stub.Ping(pb.PingRequest(), timeout=WAIT)
        deadline = time.monotonic() + WAIT
        while grpc.ChannelConnectivity.READY not in states or states[-1] is grpc.ChannelConnectivity.READY:
            assert time.monotonic() < deadline, "it stays"
            time.sleep(0.01)
        assert stub.Ping(pb.PingRequest(message="again"), timeout=WAIT).message == "again"
