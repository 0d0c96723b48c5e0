"""The benchmark of start-up: the duration of a start, and the time without answers after a kill."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence

from benchmarks.baselines import BRIDGE, RAW, START_TIMEOUT_S
from benchmarks.figures import Figure, Target
from benchmarks.scale import Scale
from varbridge.process import ServerProcess
from varbridge.worker import Worker


async def measure(scale: Scale) -> list[Figure]:
    """Measure the time from a start to the READY line, and from a kill to the next answer."""
    return await asyncio.to_thread(lambda: [_ready(scale), _answered(scale)])


def _ready(scale: Scale) -> Figure:
    commands: dict[str, Sequence[str]] = {"raw": RAW, "bridge": BRIDGE}
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(2 * scale.rounds):
        scale.progress("starting", number // 2)
        for name, command in commands.items():
            started = time.perf_counter()
            process = ServerProcess(command)
            process.wait_ready(START_TIMEOUT_S)
            taken[name].append(time.perf_counter() - started)
            process.kill()
            process.wait_ended()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        taken["durable"] = []
        for _ in range(scale.rounds):
            started = time.perf_counter()
            process = ServerProcess([*BRIDGE, "--data-dir", folder])
            process.wait_ready(START_TIMEOUT_S)
            taken["durable"].append(time.perf_counter() - started)
            process.stop()
    return Figure(
        "from the start to READY: bridge / raw",
        # The very first start is left out, since it reads files from the disk that are cached afterwards.
        [a / b for a, b in zip(taken["bridge"][1:], taken["raw"][1:], strict=True)],
        Target(1.4),
        context={name: {"p50 ms": 1000 * statistics.median(seconds)} for name, seconds in taken.items()},
    )


def _answered(scale: Scale) -> Figure:
    taken = []
    # The back-off of a worker grows with each crash; here it stays as after the first one.
    with Worker(BRIDGE, restarts=1000, max_backoff=0.05) as worker:
        worker.connection().ping()
        for _ in range(2 * scale.rounds):
            process = worker.process
            assert process is not None
            started = time.perf_counter()
            process.kill()
            worker.connection_after(process).ping()
            taken.append(1000 * (time.perf_counter() - started))
    return Figure("from a kill to the next answer", taken, Target(300), unit="ms")
