"""Figures of the client library: what it adds to gRPC's own time and memory. Each compares in one run.

They are long, since a busy machine distorts them;
``pytest tests/client/test_client_numbers.py -o addopts="" -rP`` prints the figures.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import grpc
import pytest

import varbridge.aio
from varbridge import Connection, Session
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages import snakepit_bridge_pb2_grpc as pb_grpc

pytestmark = pytest.mark.long

ROUNDS = 60
CALLS = 25
"""Calls of each kind in a round: the kinds alternate, so that a busy machine slows down both."""

MAX_RATIO = 1.1
TOLERANCE = 1.15
"""The factor by which a ratio may exceed its limit on a busy machine."""


def imported_in(code: str) -> float:
    """Return the processor time in seconds in which a new process runs a few imports.

    Python may store compiled modules there, as it does for users: to compile them takes longer than to import
    them.
    """
    timed = f"import time; began = time.process_time(); {code}; print(time.process_time() - began)"
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = subprocess.run(
        [sys.executable, "-c", timed], env=environ, capture_output=True, text=True, check=True
    )
    return float(run.stdout)


def test_importing_the_client_takes_little_more_than_grpc_and_the_messages() -> None:
    grpc_alone = "import grpc.aio; from varbridge.messages import snakepit_bridge_pb2_grpc"
    client = "from varbridge import Connection, Follower"
    aio = "from varbridge.aio import Connection, Follower"
    times: dict[str, list[float]] = {code: [] for code in (grpc_alone, client, aio)}
    for _ in range(25):
        for code, taken in times.items():
            taken.append(imported_in(code))
    base, *others = (min(taken) for taken in times.values())
    for name, taken in zip(("client", "aio"), others, strict=True):
        print(f"import of {name}: {taken * 1000:.0f} ms, {taken / base:.2f} times grpc and the messages")
        assert taken / base <= MAX_RATIO * TOLERANCE


def ratio(name: str, raw: list[float], library: list[float]) -> float:
    medians = statistics.median(raw), statistics.median(library)
    slowdown = medians[1] / medians[0]
    print(
        f"{name}: {medians[1] * 1e6:.0f} us through the library,"
        f" {medians[0] * 1e6:.0f} us with the stub, {slowdown:.3f} times"
    )
    return slowdown


def test_a_get_takes_little_more_than_with_the_stub(session: Session, address: str) -> None:
    session.register("x", "float", 0.5)
    request = pb.GetVariableRequest(session_id=session.id, variable_identifier="x")
    raw: list[float] = []
    library: list[float] = []
    with Connection(address) as connection, grpc.insecure_channel(address) as channel:
        stub = pb_grpc.BridgeServiceStub(channel)
        through = connection.session(session.id)
        calls: list[tuple[list[float], Callable[[], object]]] = [
            (raw, lambda: stub.GetVariable(request, timeout=10.0)),
            (library, lambda: through.get("x")),
        ]
        for _ in range(ROUNDS):
            for times, call in calls:
                for _ in range(CALLS):
                    began = time.perf_counter()
                    call()
                    times.append(time.perf_counter() - began)
    assert ratio("get", raw[CALLS:], library[CALLS:]) <= MAX_RATIO * TOLERANCE


def test_a_get_with_asyncio_takes_little_more_than_with_the_stub(session: Session, address: str) -> None:
    session.register("x", "float", 0.5)
    request = pb.GetVariableRequest(session_id=session.id, variable_identifier="x")
    raw: list[float] = []
    library: list[float] = []

    async def test() -> None:
        async with (
            varbridge.aio.Connection(address) as connection,
            grpc.aio.insecure_channel(address) as channel,
        ):
            stub = pb_grpc.BridgeServiceStub(channel)
            through = connection.session(session.id)

            async def stub_get() -> object:
                return await stub.GetVariable(request, timeout=10.0)

            calls: list[tuple[list[float], Callable[[], Awaitable[object]]]] = [
                (raw, stub_get),
                (library, lambda: through.get("x")),
            ]
            for _ in range(ROUNDS):
                for times, call in calls:
                    for _ in range(CALLS):
                        began = time.perf_counter()
                        await call()
                        times.append(time.perf_counter() - began)

    asyncio.run(test())
    assert ratio("get with asyncio", raw[CALLS:], library[CALLS:]) <= MAX_RATIO * TOLERANCE


def resident_mib() -> float:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


MAX_GROWTH_MIB = 30.0


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("library", ["sync", "aio"])
@pytest.mark.parametrize("updates", [10_000, int(os.environ.get("UPDATES", "1000000"))])
def test_the_memory_of_a_watch_that_is_read_stays_flat(
    address: str, session: Session, library: str, updates: int
) -> None:
    """Read a watch while a thread writes; compare the memory after a tenth of the updates with the end."""
    session.register("x", "integer", 0)
    early: list[float] = []

    def write() -> None:
        with Connection(address) as connection:
            writer = connection.session(session.id)
            for number in range(updates):
                writer.set("x", number, kind="integer")

    def note(read: int) -> None:
        if read == updates // 10:
            gc.collect()
            early.append(resident_mib())

    async def read_with_asyncio() -> None:
        async with (
            varbridge.aio.Connection(address) as connection,
            connection.session(session.id).watch("x") as watch,
        ):
            writing.start()
            for read in range(updates):
                update = await anext(watch)
                assert update.variable is not None
                note(read)

    writing = threading.Thread(target=write)
    if library == "aio":
        asyncio.run(read_with_asyncio())
    else:
        with session.watch("x") as watch:
            writing.start()
            for read, update in zip(range(updates), watch, strict=False):
                assert update.variable is not None
                note(read)
    writing.join()
    gc.collect()
    growth = resident_mib() - early[0]
    print(
        f"{updates} updates read with {library}:"
        f" {early[0]:.0f} MiB after a tenth, {growth:+.1f} MiB at the end"
    )
    assert growth < MAX_GROWTH_MIB
