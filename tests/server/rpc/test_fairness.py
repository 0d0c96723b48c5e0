"""Tests that the costly calls of one client take turns, and those of others do not wait for all of them."""

from __future__ import annotations

import asyncio
import time

import pytest

from server.rpc.fairness import COSTLY_S, Fairness


def costly() -> None:
    until = time.perf_counter() + 2 * COSTLY_S
    while time.perf_counter() < until:
        pass


def test_a_call_of_another_client_waits_for_one_costly_call_at_most() -> None:
    async def run() -> list[str]:
        fairness = Fairness()
        order: list[str] = []

        async def call(client: str) -> None:
            await fairness.run(client, costly if client == "costly" else lambda: None)
            order.append(client)

        await call("costly")
        waiting = [asyncio.create_task(call("costly")) for _ in range(10)]
        while order.count("costly") < 2:
            await asyncio.sleep(0)
        for _ in range(20):  # a call takes several turns of the event loop
            await asyncio.sleep(0)
        await call("another")
        await asyncio.gather(*waiting)
        return order

    order = asyncio.run(run())
    assert order.index("another") <= 3
    assert order.count("costly") == 11


def test_a_refusal_is_raised_and_ends_the_turn() -> None:
    async def run() -> None:
        fairness = Fairness()

        def refuse() -> None:
            costly()
            raise LookupError

        for _ in range(3):
            with pytest.raises(LookupError):
                await fairness.run("costly", refuse)
        assert await fairness.run("costly", lambda: 1) == 1

    asyncio.run(run())
