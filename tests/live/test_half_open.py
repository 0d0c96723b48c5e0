"""Peers that are gone without a word: what a follower does about it, and what the server does."""

from __future__ import annotations

import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator

import grpc
import pytest

from tests.live.followers import check_following
from varbridge import BridgeError, Connection, Follower, Session
from varbridge.conformance.faults.fault_proxy import FaultProxy
from varbridge.conformance.faults.polling import eventually
from varbridge.process import ServerProcess

SILENCES = int(os.environ.get("SILENCES", "10"))
"""The long run is `SILENCES=1000 pytest tests/live/test_half_open.py`."""

KEEPALIVE = 0.5
HEARTBEAT = 0.1
FREED_WITHIN = 10.0
"""Seconds; far more than twice ``KEEPALIVE``, for machines that have much else to do."""

Serve = Callable[..., Session]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server with flags; a session of it with an integer "x"."""
    processes: list[ServerProcess] = []
    connections: list[Connection] = []

    def start(*flags: str) -> Session:
        command = [sys.executable, "-m", "server", "--port", "0", "--log-level", "warning", *flags]
        processes.append(ServerProcess(command))
        connections.append(Connection(f"127.0.0.1:{processes[-1].wait_ready(15.0)}"))
        session = connections[-1].session("half-open")
        session.initialize()
        session.register("x", "string", "")
        return session

    yield start
    for connection in connections:
        connection.close()
    for process in processes:
        assert process.stop() == 0
        assert "Traceback" not in "\n".join(process.stderr)


@pytest.fixture
def lines() -> Iterator[Callable[[str], FaultProxy]]:
    """Make lines to an address."""
    made: list[FaultProxy] = []

    def make(address: str) -> FaultProxy:
        made.append(FaultProxy(address))
        return made[-1]

    yield make
    for line in made:
        line.close()


@pytest.mark.timeout(900)
def test_a_follower_goes_on_over_another_connection(
    session: Session, address: str, lines: Callable[[str], FaultProxy]
) -> None:
    line = lines(address)
    check_following(session, line, SILENCES, line.fall_silent, silence=0.1)


def test_heartbeats_are_enough_to_stay(serve: Serve, lines: Callable[[str], FaultProxy]) -> None:
    session = serve("--heartbeat-interval", str(HEARTBEAT))
    line = lines(session.connection.address)
    silence = 20 * HEARTBEAT
    with (
        session.watch("x") as clock,
        Connection(line.address) as connection,
        Follower(connection.session(session.id), "x", silence=silence) as follower,
    ):
        beats = round(1.5 * silence / HEARTBEAT)
        assert len(clock.wait_for(lambda got: len(got) >= beats, 15.0)) >= beats
        session.set("x", "after the silence")
        assert next(iter(follower)).kind == "value_change"
        assert line.taken == 1


def test_a_follower_gives_up_when_its_patience_ends(
    session: Session, lines: Callable[[str], FaultProxy]
) -> None:
    session.register("x", "string", "")
    line = lines(session.connection.address)
    with Connection(line.address) as connection:
        follower = Follower(connection.session(session.id), "x", silence=0.1, patience=0.0)
        line.fall_silent()
        with pytest.raises(BridgeError, match=r"received nothing for 0\.1 s") as ended:
            list(follower)
        assert ended.value.code is grpc.StatusCode.UNAVAILABLE
        follower.close()


@pytest.mark.parametrize("sent", [0, 200], ids=["idle", "in the middle of 10 MB"])
def test_the_place_of_a_silent_peer_is_free_again(
    serve: Serve, lines: Callable[[str], FaultProxy], sent: int
) -> None:
    session = serve("--keepalive", str(KEEPALIVE), "--max-watches", "1")
    line = lines(session.connection.address)
    with Connection(line.address) as connection:
        silent = connection.session(session.id).watch("x")
        assert not placed(session)
        line.fall_silent()
        for number in range(sent):
            session.set("x", f"{number}" + 50_000 * "x", kind="string")
        assert eventually(lambda: placed(session), FREED_WITHIN)
        assert not silent.over  # nobody told the peer
        assert silent.updates == ()


def placed(session: Session) -> bool:
    """Whether a watch can be put in place."""
    with session.watch("x", initial=True) as watch:
        return bool(watch.wait_for(lambda got: bool(got)))


def test_a_client_may_ping_as_often_as_it_likes(address: str) -> None:
    """As gRPC clients do with keepalive; the server's default would end this with too_many_pings."""
    count = 100
    ping, ack, go_away = 6, 1, 7
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=5.0) as peer, peer.makefile("rb") as replies:
        peer.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4))
        for number in range(count):
            peer.sendall(frame(ping, payload=number.to_bytes(8)))
        answered = 0
        while answered < count:
            length, kind, flags, _ = struct.unpack(">xHBBI", replies.read(9))
            payload = replies.read(length)
            assert kind != go_away, payload
            if (kind, flags) == (ping, ack):
                assert int.from_bytes(payload) == answered
                answered += 1


def frame(kind: int, payload: bytes = b"") -> bytes:
    """A frame of HTTP/2 (RFC 9113, 4.1) of the connection itself."""
    return struct.pack(">xHBBI", len(payload), kind, 0, 0) + payload
