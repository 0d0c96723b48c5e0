"""Tests of fan-out: each of many watches gets every update in order, and many calls are answered."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

import grpc
import pytest

from varbridge import Session
from varbridge.conformance.clients.watch_pool import WatchPool
from varbridge.messages import snakepit_bridge_pb2 as pb

WATCHES = int(os.environ.get("WATCHES", "100"))
UPDATES = int(os.environ.get("UPDATES", "20"))
"""The number of updates; a long run is `WATCHES=1000 UPDATES=1000 pytest tests/live/test_watch_pool.py`."""

LIMIT_S = 60.0 + WATCHES * UPDATES / 1000
"""The time limit of the test, in seconds: one more second for each thousand received updates."""


@pytest.mark.timeout(2 * LIMIT_S)
def test_each_watch_gets_each_update(session: Session, address: str) -> None:
    session.register("x", "integer", 1)
    request = pb.WatchVariablesRequest(session_id=session.id, variable_identifiers=["x"])
    watch_pool = WatchPool(address, "BridgeService", request, WATCHES, LIMIT_S)
    try:
        started = time.monotonic()
        for version in range(2, UPDATES + 2):
            assert session.set("x", version, kind="integer") == version
        watch_pool.wait_for(UPDATES, LIMIT_S)
        took = time.monotonic() - started
    finally:
        watch_pool.close()
    expected = [(version, version) for version in range(2, UPDATES + 2)]
    for number, received in enumerate(watch_pool.received):
        assert received == expected, f"watch {number} of {WATCHES}"
    print(f"\n{WATCHES} watches, {UPDATES} updates: {took:.1f} s, {WATCHES * UPDATES / took:.0f} a second")


def test_thousands_of_calls_at_once_are_all_answered(address: str) -> None:
    async def ask() -> list[bytes]:
        request: Any = pb.PingRequest(message="all").SerializeToString()
        async with grpc.aio.insecure_channel(address) as channel:
            ping = channel.unary_unary("/snakepit.bridge.BridgeService/Ping")
            return await asyncio.gather(*(ping(request) for _ in range(5000)))

    assert {pb.PingResponse.FromString(reply).message for reply in asyncio.run(ask())} == {"all"}
