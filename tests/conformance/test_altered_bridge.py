"""Tests of the helper bridge whose replies are altered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import grpc
import pytest

from tests.conformance.altered_bridge import METHODS, alteration
from varbridge import BridgeError, Connection
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.process import ServerProcess

Start = Callable[..., Connection]


@pytest.fixture
def start() -> Iterator[Start]:
    """Return a function that starts an altered bridge and returns a connection to it."""
    opened: list[tuple[ServerProcess, Connection]] = []

    def run(*flags: str) -> Connection:
        process = ServerProcess(
            (sys.executable, "-m", "tests.conformance.altered_bridge", "--port=0", *flags)
        )
        connection = Connection(f"127.0.0.1:{process.wait_ready()}")
        opened.append((process, connection))
        return connection

    yield run
    for process, connection in opened:
        connection.close()
        assert process.stop(60.0) == 0


def _open(connection: Connection) -> None:
    session = connection.session("s")
    session.register("x", "float", 0.5)
    session.register("y", "float", 0.5)


def _get(connection: Connection, name: str = "x") -> pb.GetVariableResponse:
    request = pb.GetVariableRequest(session_id="s", variable_identifier=name)
    reply: pb.GetVariableResponse = connection.call("GetVariable", request)
    return reply


def test_only_the_replies_of_the_named_method_are_altered(start: Start) -> None:
    connection = start("--method=GetVariable", "--reply=empty")
    _open(connection)
    assert _get(connection) == pb.GetVariableResponse()
    assert connection.session("s").get_many(["x"])[0]["x"].value == 0.5


def test_a_default_reply_has_its_submessages(start: Start) -> None:
    connection = start("--method=GetVariable", "--reply=default")
    _open(connection)
    reply = _get(connection)
    assert reply.HasField("variable")
    assert reply.variable.HasField("value")
    assert reply.variable.version == 0


def test_a_number_is_added_to_each_version(start: Start) -> None:
    connection = start("--method=GetVariable", "--method=SetVariables", "--reply=version+1")
    _open(connection)
    assert _get(connection).variable.version == 2
    assert connection.session("s").set_many({"x": 1.0, "y": 1.0}).versions == {"x": 3, "y": 3}


def test_a_status_and_a_refusal_of_the_bridge_itself(start: Start) -> None:
    connection = start("--method=GetVariable", "--reply=unimplemented")
    _open(connection)
    with pytest.raises(BridgeError) as error:
        _get(connection)
    assert error.value.code is grpc.StatusCode.UNIMPLEMENTED
    with pytest.raises(BridgeError) as error:
        connection.session("other").delete("x")
    assert error.value.code is grpc.StatusCode.NOT_FOUND


def test_a_call_that_is_never_answered(start: Start) -> None:
    connection = start("--method=[!P]*", "--reply=hang")
    connection.ping()
    with pytest.raises(BridgeError) as error:
        connection.call("InitializeSession", pb.InitializeSessionRequest(session_id="s"), timeout=0.2)
    assert error.value.code is grpc.StatusCode.DEADLINE_EXCEEDED


def test_the_messages_of_a_stream_are_altered(start: Start) -> None:
    connection = start("--method=WatchVariables", "--reply=sequence+1000")
    _open(connection)
    with connection.session("s").watch("x") as watch:
        connection.session("s").set("x", 0.75)
        update = next(iter(watch))
    assert update.variable is not None
    assert update.variable.value == 0.75
    assert update.sequence > 1000


@pytest.mark.parametrize("name", ["empty", "default", "items", "random", "version+1"])
def test_each_alteration_makes_messages_that_can_be_sent(name: str) -> None:
    alter = alteration(name, seed=3)
    for method in pb.DESCRIPTOR.services_by_name["BridgeService"].methods:
        kind = getattr(pb, method.output_type.name)
        altered = alter(kind())
        assert kind.FromString(altered.SerializeToString()).SerializeToString(
            deterministic=True
        ) == altered.SerializeToString(deterministic=True)


def test_there_are_23_methods() -> None:
    assert len(METHODS) == 23
