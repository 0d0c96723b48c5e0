"""Tests of large calls: the bytes of replies that nobody reads, and the number of variables of a call."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import grpc
import pytest

from tests.live.test_access import Launch, launch
from varbridge import BridgeError, Connection, Session
from varbridge.conformance.faults.polling import eventually
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages import snakepit_bridge_pb2_grpc as pb_grpc

__all__ = ["launch"]

WAIT_S = 30.0


def filled(connection: Connection, count: int, size: int) -> Session:
    """Return a session with so many variables of so many bytes."""
    session = connection.session("large")
    for number in range(count):
        session.register(f"text-{number}", "string", "x" * size)
    return session


@pytest.fixture
def channel(launch: Launch, request: pytest.FixtureRequest) -> Iterator[tuple[Connection, grpc.Channel]]:
    address = f"127.0.0.1:{launch(*getattr(request, 'param', ())).wait_ready()}"
    options = [("grpc.max_receive_message_length", -1)]
    with Connection(address) as connection, grpc.insecure_channel(address, options) as channel:
        yield connection, channel


@pytest.mark.parametrize("channel", [("--max-unread-bytes", "1000000")], indirect=True)
def test_a_reply_that_is_too_large_is_refused(channel: tuple[Connection, grpc.Channel]) -> None:
    session = filled(channel[0], 10, 60_000)
    names = [f"text-{number}" for number in range(10)]
    for call in (
        session.list,
        session.initialize,
        lambda: session.get_many(names),
        lambda: session.connection.call(
            "GetVariables", pb.BatchGetVariablesRequest(session_id=session.id, variable_identifiers=names)
        ),
    ):
        for _ in range(2):
            with pytest.raises(BridgeError, match=r"--max-unread-bytes") as refused:
                call()
            assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    for _ in range(50):  # replies that were read do not count
        assert len(session.get_many(names[:7])[0]) == 7
    for value in range(20):
        session.set("text-1", chr(65 + value) * 60_000)
    with pytest.raises(BridgeError, match=r"--max-unread-bytes"):
        session.history("text-1")
    assert len(session.history("text-1", 5)) == 5


@pytest.mark.parametrize("channel", [("--max-unread-bytes", "30000000")], indirect=True)
def test_watches_that_nobody_reads_are_bounded(channel: tuple[Connection, grpc.Channel]) -> None:
    session = filled(channel[0], 2, 10_000_000)
    stub = pb_grpc.BridgeServiceStub(channel[1])
    request = pb.WatchVariablesRequest(session_id=session.id, include_initial_values=True)
    unread = stub.WatchVariables(request)
    unread.initial_metadata()

    def refused() -> bool:
        watch = stub.WatchVariables(request, timeout=WAIT_S)
        try:
            next(watch)
        except grpc.RpcError:
            return bool(
                watch.code() is grpc.StatusCode.RESOURCE_EXHAUSTED and "--max-unread-bytes" in watch.details()
            )
        watch.cancel()
        return False

    assert eventually(refused, WAIT_S), "the second watch was never refused"
    assert next(unread).update_type == "initial_value"
    unread.cancel()
    assert eventually(lambda: not refused(), WAIT_S), "the bytes of a watch that ended still count"


def test_initial_values_are_not_copied_before_they_are_read(launch: Launch) -> None:
    process = launch()
    address = f"127.0.0.1:{process.wait_ready()}"
    with Connection(address) as connection, grpc.insecure_channel(address) as channel:
        session = filled(connection, 400, 100_000)
        stub = pb_grpc.BridgeServiceStub(channel)
        before_kib = process.resident_kib
        request = pb.WatchVariablesRequest(session_id=session.id, include_initial_values=True)
        watches = [stub.WatchVariables(request) for _ in range(20)]
        for watch in watches:
            watch.initial_metadata()
        assert connection.ping("alive") == "alive"
        assert process.resident_kib < before_kib + 64 * 1024
        names = [update.variable.name for update in itertools.islice(watches[0], 400)]
        assert names == [f"text-{number}" for number in range(400)]
        for watch in watches:
            watch.cancel()


def test_a_watch_does_not_keep_the_values_with_which_it_began(launch: Launch) -> None:
    process = launch("--watch-log-limit", "1")
    address = f"127.0.0.1:{process.wait_ready()}"
    with Connection(address) as connection, grpc.insecure_channel(address) as channel:
        session = filled(connection, 100, 1_000_000)
        stub = pb_grpc.BridgeServiceStub(channel)
        watches = []
        before_kib = process.resident_kib
        for name in [f"text-{number}" for number in range(100)]:
            request = pb.WatchVariablesRequest(
                session_id=session.id, variable_identifiers=[name], include_initial_values=True
            )
            watches.append(stub.WatchVariables(request))
            assert next(watches[-1]).update_type == "initial_value"
            session.delete(name)
            assert next(watches[-1]).update_type == "deleted"
        assert process.resident_kib < before_kib + 64 * 1024
        for watch in watches:
            watch.cancel()


def test_watches_that_nobody_reads_do_not_keep_replaced_values(launch: Launch) -> None:
    process = launch("--watch-log-limit", "1", "--history-limit", "1")
    address = f"127.0.0.1:{process.wait_ready()}"
    with Connection(address) as connection, grpc.insecure_channel(address) as channel:
        stub = pb_grpc.BridgeServiceStub(channel)
        watches = []
        resident_kib = []
        for _ in range(6):
            session = filled(connection, 40, 1_000_000)
            request = pb.WatchVariablesRequest(session_id=session.id, include_initial_values=True)
            watches.append(stub.WatchVariables(request))
            watches[-1].initial_metadata()
            for number in range(40):
                session.delete(f"text-{number}")
            resident_kib.append(process.resident_kib)
        assert resident_kib[-1] < resident_kib[0] + 64 * 1024
        for watch in watches:
            with pytest.raises(grpc.RpcError) as ended:
                list(watch)
            assert ended.value.code() is grpc.StatusCode.OUT_OF_RANGE


@pytest.mark.parametrize("channel", [("--max-bytes", "60000000")], indirect=True)
def test_the_values_of_an_ended_session_count_until_its_watch_is_read(
    channel: tuple[Connection, grpc.Channel],
) -> None:
    connection = channel[0]
    ended = filled(connection, 10, 1_000_000)
    request = pb.WatchVariablesRequest(session_id=ended.id, include_initial_values=True)
    watch = pb_grpc.BridgeServiceStub(channel[1]).WatchVariables(request)
    watch.initial_metadata()
    assert ended.clean_up() == 11
    with pytest.raises(BridgeError, match=r"--max-bytes"):
        filled(connection, 10, 1_000_000)
    names = [update.variable.name for update in itertools.islice(watch, 10)]
    assert names == [f"text-{number}" for number in range(10)]
    with pytest.raises(grpc.RpcError) as end:
        next(watch)
    assert end.value.code() is grpc.StatusCode.NOT_FOUND
    session = connection.session("another")
    for number in range(5):
        session.register(f"text-{number}", "string", "x" * 1_000_000)


@pytest.mark.parametrize("channel", [("--max-batch", "150")], indirect=True)
def test_a_call_that_names_too_many_variables_is_refused(channel: tuple[Connection, grpc.Channel]) -> None:
    session = channel[0].session("many")
    names = [f"count-{number}" for number in range(151)]
    for name in names:
        session.register(name, "integer", 0)
    with pytest.raises(BridgeError, match=r"--max-batch"):
        session.set_many(dict.fromkeys(names, 1), atomic=True)
    with pytest.raises(BridgeError, match=r"--max-batch"):
        session.get_many(names)
    assert not session.set_many(dict.fromkeys(names[1:], 1), atomic=True).errors
    variables, _ = session.get_many(names[1:])
    assert {variable.value for variable in variables.values()} == {1}
    assert (session.get("count-0").value, len(session.list())) == (0, 151)


def test_a_request_with_very_many_entries_is_refused_before_it_is_decoded(session: Session) -> None:
    request = pb.BatchGetVariablesRequest(session_id=session.id, variable_identifiers=["x"] * 1_000_000)
    with pytest.raises(BridgeError, match="more than 40000 entries") as refused:
        session.connection.call("GetVariables", request)
    assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_long_glob_is_answered(session: Session) -> None:
    session.register("x", "integer", 0)
    assert [variable.name for variable in session.list("*" * 5_000_000)] == ["x"]
    assert not session.list("?" * 5_000_000)
