"""The benchmark of values: a tensor of 4 MB is set and read, as JSON and as raw bytes."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Callable

import numpy

from benchmarks.baselines import BRIDGE
from benchmarks.figures import Figure, Target
from benchmarks.scale import Scale
from varbridge import Session, Worker
from varbridge.wire import PREFIX, Raw

SHAPE = (1024, 1024)


async def measure(scale: Scale) -> list[Figure]:
    """Measure setting and reading a float32 tensor of 4 MB, as JSON and as raw bytes."""
    return [await asyncio.to_thread(_compare, scale)]


def _compare(scale: Scale) -> Figure:
    """Compare both formats, including the conversion from and to a numpy array in the client."""
    taken: dict[str, list[float]] = {"JSON": [], "bytes": []}
    for number in range(min(scale.rounds, 5)):
        scale.progress("values", number)
        with Worker([*BRIDGE, "--max-json-bytes", str(2**26)]) as worker:
            session = worker.connection().session("values")
            session.initialize()
            ways = _ways(session)
            for name, way in ways.items():
                repeats = 1 if name == "JSON" else 5
                way()
                taken[name].append(statistics.median(_timed(way) for _ in range(repeats)))
    return Figure(
        "a tensor of 4 MB set and read: JSON / bytes",
        [a / b for a, b in zip(taken["JSON"], taken["bytes"], strict=True)],
        Target(100, at_least=True),
        context={name: {"p50 ms": 1000 * statistics.median(seconds)} for name, seconds in taken.items()},
    )


def _timed(way: Callable[[], object]) -> float:
    started = time.perf_counter()
    way()
    return time.perf_counter() - started


def _ways(session: Session) -> dict[str, Callable[[], object]]:
    weights = numpy.random.default_rng(1).standard_normal(SHAPE, dtype="float32")
    session.register("as_json", "tensor", {"shape": [1], "data": [0]})
    session.register("as_bytes", "tensor", {"shape": [1], "data": [0]})

    def as_json() -> None:
        value = {"shape": list(weights.shape), "data": weights.tolist()}
        session.set("as_json", Raw(PREFIX + "tensor", json.dumps(value).encode()))
        assert (session.get("as_json").value.astype("float32") == weights).all()

    def as_bytes() -> None:
        session.set("as_bytes", weights)
        assert (session.get("as_bytes").value == weights).all()

    return {"JSON": as_json, "bytes": as_bytes}
