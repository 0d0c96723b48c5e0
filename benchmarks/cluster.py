"""Bridges that keep their state in etcd: beside etcd itself, and two of them beside one."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from benchmarks import baselines, requests
from benchmarks.baselines import Etcd, OverGrpc, over_grpc
from benchmarks.calls import rate, ratio
from benchmarks.figures import Figure, Target
from benchmarks.interleave import at_once, one_by_one
from benchmarks.scale import Scale
from varbridge.conformance.faults.etcd import Cluster

SESSIONS = [f"bench-{number}" for number in range(8)]
BATCH = [f"v{number:02}" for number in range(100)]


async def measure(scale: Scale) -> list[Figure]:
    """A get and a set, at the bridge that has the session and through another; and what two bridges carry."""
    if lack := baselines.missing("etcd"):
        print(f"cluster: {lack} is missing: {baselines.PEERS['etcd'][-1]}")
        return []
    figures = []
    for members, how_many in ((1, "one member"), (3, "three members")):
        times: dict[str, dict[str, list[list[float]]]] = {"get": {}, "set": {}}
        rates: dict[str, list[float]] = {}
        for number in range(scale.rounds):
            scale.progress(f"cluster, {how_many}", number)
            async with _there(members) as (etcd, here, there):
                for method, found in times.items():
                    asked = {
                        "etcd": getattr(etcd, method),
                        "bridge": getattr(here, method),
                        "other bridge": getattr(there, method),
                    }
                    for name, seconds in (await one_by_one(asked, scale.blocks, scale.calls)).items():
                        found.setdefault(name, []).append(seconds)
                if members == 1:
                    for name, found_rate in (await _carried(here, there, scale)).items():
                        rates.setdefault(name, []).append(found_rate)
        for method, found in times.items():
            for name, target in (("bridge", Target(1.5)), ("other bridge", None)):
                figures.append(ratio(f"{method}, {how_many}, p50", found, name, "etcd", target))
        if rates:
            name = "100 variables read in one call, 32 in flight, calls a second"
            figures.append(rate(name, rates, "two bridges", "one bridge", None))
    return figures


@asynccontextmanager
async def _there(members: int) -> AsyncIterator[tuple[Etcd, OverGrpc, OverGrpc]]:
    """etcd, the bridge that has the session, and another one."""
    with Cluster(members) as cluster:
        leader = cluster.leader().endpoint
        # The leader first: whoever asks another member waits for it too.
        endpoints = ",".join(sorted(cluster.endpoints, key=lambda one: one != leader))
        store = f"etcd://{endpoints}?prefix={uuid.uuid4().hex}"
        async with AsyncExitStack() as stack:
            channel = await stack.enter_async_context(baselines.connect(leader))
            etcd = Etcd(channel)
            await etcd.set()
            here = await stack.enter_async_context(over_grpc(*baselines.BRIDGE, "--store", store))
            there = await stack.enter_async_context(over_grpc(*baselines.BRIDGE, "--store", store))
            yield etcd, here, there


async def _carried(here: OverGrpc, there: OverGrpc, scale: Scale) -> dict[str, float]:
    """Calls a second, when one bridge has all sessions that are asked for, and when each has half of them."""
    for number, session_id in enumerate(SESSIONS):
        first = (here, there)[number % 2]
        for name in BATCH:
            await baselines.register(first.channel, session_id, name)
    turn = iter(range(10**9))

    async def ask(bridges: tuple[OverGrpc, ...]) -> None:
        number = next(turn)
        bridge = bridges[number % len(bridges)]
        own = SESSIONS[(bridge is there) :: 2]
        await bridge.call("GetVariables")(wanted[own[number % len(own)]])

    wanted = {one: requests.get_many(one, BATCH) for one in SESSIONS}
    asked = {"one bridge": partial(ask, (here,)), "two bridges": partial(ask, (here, there))}
    return await at_once(asked, scale.blocks // 4, scale.calls * 8)
