"""Tests of the maximum number of concurrent calls: whose calls count together, and which calls count."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from tests.live.test_access import OTHER, TOKEN, Launch, launch
from varbridge import BridgeError, Connection
from varbridge.conformance.faults.polling import eventually

__all__ = ["launch"]

UNLIMITED_S = 60.0


@pytest.fixture
def address(launch: Launch, tmp_path: Path) -> str:
    """The address of a bridge that permits two calls at a time, with the tokens TOKEN and OTHER."""
    (tmp_path / "tokens").write_text(f"{TOKEN}\n{OTHER}\n")
    flags = ("--token-file", str(tmp_path / "tokens"), "--max-calls", "2", "--reflection")
    return f"127.0.0.1:{launch(*flags).wait_ready()}"


def watch(channel: grpc.Channel) -> Any:
    """Begin a call that streams."""
    health = health_pb2_grpc.HealthStub(channel)
    return health.Watch(health_pb2.HealthCheckRequest(), metadata=authorization(TOKEN), timeout=UNLIMITED_S)


def reflect(channel: grpc.Channel) -> Any:
    """Begin a call that streams in both directions, and whose requests do not end."""
    requests: SimpleQueue[Any] = SimpleQueue()
    requests.put(reflection_pb2.ServerReflectionRequest(list_services=""))
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    call = stub.ServerReflectionInfo(
        iter(requests.get, None), metadata=authorization(TOKEN), timeout=UNLIMITED_S
    )
    call.add_callback(lambda: requests.put(None))
    return call


def authorization(token: str) -> list[tuple[str, str]]:
    return [("authorization", f"Bearer {token}")]


@pytest.mark.parametrize("begin", [watch, reflect])
def test_calls_of_a_token_count_together_over_all_connections_and_services(
    address: str, begin: Callable[[grpc.Channel], Any]
) -> None:
    options = [("grpc.use_local_subchannel_pool", 1)]
    with (
        grpc.insecure_channel(address, options) as first,
        grpc.insecure_channel(address, options) as second,
        Connection(address, token=TOKEN) as same,
        Connection(address, token=OTHER) as other,
    ):
        running = [begin(first), begin(second)]
        for call in running:
            assert next(call)
        with pytest.raises(BridgeError, match=r"calls: at most 2 at a time") as refused:
            same.ping()
        assert refused.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        for call in (watch(first), reflect(second)):
            with pytest.raises(grpc.RpcError) as refused_there:
                next(call)
            assert refused_there.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED  # type: ignore[attr-defined]
        assert other.ping("for others") == "for others"
        running[0].cancel()
        session = same.session("s")
        # The bridge may not have noticed the end of the other call yet.
        assert eventually(lambda: _is_accepted(session.initialize), UNLIMITED_S)
        running[1].cancel()


def _is_accepted(call: Callable[[], object]) -> bool:
    try:
        call()
    except BridgeError:
        return False
    return True
