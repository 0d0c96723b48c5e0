"""The benchmark of start-up: the duration and cost of a start, and the time without answers after a kill."""

from __future__ import annotations

import asyncio
import resource
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
    """Measure the time and processor time of a start, and the time from a kill to the next answer."""
    return await asyncio.to_thread(lambda: [*_ready(scale), _answered(scale)])


def _ready(scale: Scale) -> list[Figure]:
    commands: dict[str, Sequence[str]] = {"raw": RAW, "bridge": BRIDGE}
    taken: dict[str, list[float]] = {name: [] for name in commands}
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(2 * scale.rounds):
        scale.progress("starting", number // 2)
        for name, command in commands.items():
            started, spent_before = time.perf_counter(), _processor_time()
            process = ServerProcess(command)
            process.wait_ready(START_TIMEOUT_S)
            taken[name].append(time.perf_counter() - started)
            process.kill()
            process.wait_ended()
            spent[name].append(_processor_time() - spent_before)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        taken["durable"] = []
        for _ in range(scale.rounds):
            started = time.perf_counter()
            process = ServerProcess([*BRIDGE, "--data-dir", folder])
            process.wait_ready(START_TIMEOUT_S)
            taken["durable"].append(time.perf_counter() - started)
            process.stop()
    return [
        Figure(
            name,
            # The very first start is left out, since it reads files from the disk that are cached afterwards.
            [a / b for a, b in zip(seconds["bridge"][1:], seconds["raw"][1:], strict=True)],
            target,
            context={system: {"p50 ms": 1000 * statistics.median(each)} for system, each in seconds.items()},
        )
        for name, seconds, target in (
            ("from the start to READY: bridge / raw", taken, Target(1.4)),
            ("processor time of a start: bridge / raw", spent, None),
        )
    ]


def _processor_time() -> float:
    """Return the processor time of the ended processes that this one has started, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


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
