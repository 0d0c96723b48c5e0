"""Tests that long preparations let other calls run, and take turns."""

from __future__ import annotations

import asyncio
import time

from server.core.clock import SystemClock
from server.core.limits import Limits
from server.core.sessions import Sessions
from server.rpc.preparation import SLICE_S, Preparation
from server.rpc.unread import UnreadBytes


def test_preparations_take_turns_of_one_slice_each() -> None:
    async def run() -> list[str]:
        preparation = Preparation(Sessions(SystemClock(), Limits(), 60.0), UnreadBytes())
        order: list[str] = []

        def work(item: str) -> None:
            order.append(item)
            until = time.perf_counter() + SLICE_S  # one item takes a slice
            while time.perf_counter() <= until:
                pass

        async def light() -> None:
            while order.count("a") + order.count("b") < 20:
                order.append("-")
                await asyncio.sleep(0)

        await asyncio.gather(
            light(), preparation.in_slices(["a"] * 10, work), preparation.in_slices(["b"] * 10, work)
        )
        return order

    order = asyncio.run(run())
    heavy = [item for item in order if item != "-"]
    assert (heavy.count("a"), heavy.count("b")) == (10, 10)
    text = "".join(order)
    assert "aa" not in text, "two slices ran without another call between them"
    assert "bb" not in text, "two slices ran without another call between them"
    assert "aaa" not in "".join(heavy), "a preparation did not leave its turn to the other one"
