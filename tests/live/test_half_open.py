"""Tests of half-open connections, whose peer has disappeared without closing them."""

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
from varbridge.conformance.clients.collected_watch import collect
from varbridge.conformance.faults.fault_proxy import FaultProxy
from varbridge.conformance.faults.polling import eventually
from varbridge.process import ServerProcess

SILENCES = int(os.environ.get("SILENCES", "10"))
"""The number of half-open connections; a long run is `SILENCES=1000 pytest tests/live/test_half_open.py`."""

KEEPALIVE_S = 0.5
HEARTBEAT_S = 0.1
FREED_WITHIN_S = 10.0
"""The time limit for freeing a watch, in seconds: much more than twice ``KEEPALIVE_S``, for busy machines."""

Serve = Callable[..., Session]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A function that starts a bridge with flags and returns a session with a string "x"."""
    processes: list[ServerProcess] = []
    connections: list[Connection] = []

    def start(*flags: str) -> Session:
        command = [sys.executable, "-m", "server", "--port", "0", "--log-level", "warning", *flags]
        processes.append(ServerProcess(command))
        connections.append(Connection(f"127.0.0.1:{processes[-1].wait_ready()}"))
        session = connections[-1].session("half-open")
        session.initialize()
        session.register("x", "string", "")
        return session

    yield start
    for connection in connections:
        connection.close()
    for process in processes:
        assert process.stop(60.0) == 0
        assert "Traceback" not in process.last_words()


@pytest.fixture
def new_proxy() -> Iterator[Callable[[str], FaultProxy]]:
    """A function that starts a fault proxy for an address."""
    proxies: list[FaultProxy] = []

    def start(address: str) -> FaultProxy:
        proxies.append(FaultProxy(address))
        return proxies[-1]

    yield start
    for proxy in proxies:
        proxy.close()


@pytest.mark.timeout(900)
def test_a_follower_continues_over_a_new_connection(
    session: Session, address: str, new_proxy: Callable[[str], FaultProxy]
) -> None:
    proxy = new_proxy(address)
    check_following(session, proxy, SILENCES, proxy.fall_silent, silence=0.1)


def test_heartbeats_keep_a_connection(serve: Serve, new_proxy: Callable[[str], FaultProxy]) -> None:
    session = serve("--heartbeat-interval", str(HEARTBEAT_S))
    proxy = new_proxy(session.connection.address)
    silence = 20 * HEARTBEAT_S
    with (
        collect(session, "x") as clock,
        Connection(proxy.address) as connection,
        Follower(connection.session(session.id), "x", silence=silence) as follower,
    ):
        beats = round(1.5 * silence / HEARTBEAT_S)
        assert len(clock.wait_for(lambda got: len(got) >= beats, 15.0)) >= beats
        session.set("x", "after the silence")
        assert next(iter(follower)).kind == "value_change"
        assert proxy.taken == 1


def test_a_follower_gives_up_after_its_patience(
    session: Session, new_proxy: Callable[[str], FaultProxy]
) -> None:
    session.register("x", "string", "")
    proxy = new_proxy(session.connection.address)
    with Connection(proxy.address) as connection:
        follower = Follower(connection.session(session.id), "x", silence=0.1, patience=0.0)
        proxy.fall_silent()
        with pytest.raises(BridgeError, match=r"received nothing for 0\.1 s") as ended:
            list(follower)
        assert ended.value.code is grpc.StatusCode.UNAVAILABLE
        follower.close()


@pytest.mark.parametrize("sent", [0, 200], ids=["idle", "in the middle of 10 MB"])
def test_the_watch_of_a_silent_peer_is_freed(
    serve: Serve, new_proxy: Callable[[str], FaultProxy], sent: int
) -> None:
    session = serve("--keepalive", str(KEEPALIVE_S), "--max-watches", "1")
    proxy = new_proxy(session.connection.address)
    with Connection(proxy.address) as connection:
        silent = collect(connection.session(session.id), "x")
        assert not can_watch(session)
        proxy.fall_silent()
        for number in range(sent):
            session.set("x", f"{number}" + 50_000 * "x", kind="string")
        assert eventually(lambda: can_watch(session), FREED_WITHIN_S)
        assert not silent.over  # the peer was not notified
        assert silent.updates == ()


def can_watch(session: Session) -> bool:
    """Return True if a watch can be opened."""
    with collect(session, "x", initial=True) as watch:
        return bool(watch.wait_for(bool))


def test_a_client_can_send_any_number_of_http2_pings(address: str) -> None:
    """Check HTTP/2 pings, as of gRPC's keepalive; gRPC's default would refuse these with too_many_pings."""
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
    """Return an HTTP/2 frame (RFC 9113, 4.1) of stream 0, the connection itself."""
    return struct.pack(">xHBBI", len(payload), kind, 0, 0) + payload


def test_a_bridge_starts_with_the_longest_times(serve: Serve) -> None:
    flags = (
        "--keepalive",
        "--max-idle",
        "--grace",
        "--session-ttl",
        "--heartbeat-interval",
        "--tool-timeout",
    )
    session = serve(*(text for flag in flags for text in (flag, "1e9")))
    assert session.get("x").value == ""
