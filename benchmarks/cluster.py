"""The benchmark of bridges with etcd as their store: one compared with etcd itself, and two with one."""

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
    """Measure gets and sets at the session's owner and at another bridge; and throughput, at one and both."""
    if missing := baselines.missing("etcd"):
        print(f"cluster: skipped, because {missing} is not installed: {baselines.PEERS['etcd'][-1]}")
        return []
    figures = []
    for members, size in ((1, "one member"), (3, "three members")):
        times: dict[str, dict[str, list[list[float]]]] = {"get": {}, "set": {}}
        rates: dict[str, list[float]] = {}
        for number in range(scale.rounds):
            scale.progress(f"cluster, {size}", number)
            async with _cluster(members) as (etcd, owner, other):
                for method, rounds in times.items():
                    functions = {
                        "etcd": getattr(etcd, method),
                        "bridge": getattr(owner, method),
                        "other bridge": getattr(other, method),
                    }
                    for name, seconds in (await one_by_one(functions, scale.blocks, scale.calls)).items():
                        rounds.setdefault(name, []).append(seconds)
                if members == 1:
                    for name, calls_per_second in (await _throughput(owner, other, scale)).items():
                        rates.setdefault(name, []).append(calls_per_second)
        for method, rounds in times.items():
            for name, target in (("bridge", Target(1.5)), ("other bridge", None)):
                figures.append(ratio(f"{method}, {size}, p50", rounds, name, "etcd", target))
        if rates:
            name = "100 variables read in one call, 32 concurrent, calls per second"
            figures.append(rate(name, rates, "two bridges", "one bridge", None))
    return figures


@asynccontextmanager
async def _cluster(members: int) -> AsyncIterator[tuple[Etcd, OverGrpc, OverGrpc]]:
    """Run etcd, the bridge that owns the session, and another bridge; yield a client of each."""
    with Cluster(members) as cluster:
        leader = cluster.leader().endpoint
        # The leader comes first, since another member would forward requests to it.
        endpoints = ",".join(sorted(cluster.endpoints, key=lambda endpoint: endpoint != leader))
        store = f"etcd://{endpoints}?prefix={uuid.uuid4().hex}"
        async with AsyncExitStack() as stack:
            channel = await stack.enter_async_context(baselines.connect(leader))
            etcd = Etcd(channel)
            await etcd.set()
            owner = await stack.enter_async_context(over_grpc(*baselines.BRIDGE, "--store", store))
            other = await stack.enter_async_context(over_grpc(*baselines.BRIDGE, "--store", store))
            yield etcd, owner, other


async def _throughput(owner: OverGrpc, other: OverGrpc, scale: Scale) -> dict[str, float]:
    """Return the calls per second if one bridge owns all sessions, and if each of two owns half of them."""
    for number, session_id in enumerate(SESSIONS):
        first = (owner, other)[number % 2]
        for name in BATCH:
            await baselines.register(first.channel, session_id, name)
    turn = iter(range(10**9))

    async def ask(bridges: tuple[OverGrpc, ...]) -> None:
        number = next(turn)
        bridge = bridges[number % len(bridges)]
        own = SESSIONS[(bridge is other) :: 2]
        await bridge.call("GetVariables")(messages[own[number % len(own)]])

    messages = {session_id: requests.get_many(session_id, BATCH) for session_id in SESSIONS}
    functions = {"one bridge": partial(ask, (owner,)), "two bridges": partial(ask, (owner, other))}
    return await at_once(functions, scale.blocks // 4, scale.calls * 8)
