"""Tests of how watches and followers end: nothing fails silently, and nothing that is dropped goes on."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue
from types import ModuleType
from typing import Any

import grpc
import pytest

import varbridge
import varbridge.aio
from tests.client.libraries import BOTH, DEADLINE_S, got, run, session_at, upcoming, using
from varbridge import BridgeError, Follower, Session
from varbridge.conformance.faults.fault_proxy import FaultProxy
from varbridge.conformance.faults.polling import eventually
from varbridge.messages import snakepit_bridge_pb2 as pb
from varbridge.messages.traits import HEARTBEAT_INTERVAL_S
from varbridge.process import ServerProcess
from varbridge.resumption import Resumption
from varbridge.watch import INTERVAL_KEY, Watch

# Refusals


@BOTH
def test_a_refused_watch_raises_where_it_is_opened(library: ModuleType, address: str) -> None:
    async def test() -> None:
        async with session_at(library, address, "refused") as session:
            with pytest.raises(BridgeError, match="NOT_FOUND: .*typo"):
                await got(session.watch("typo"))
            with pytest.raises(BridgeError, match="OUT_OF_RANGE"):
                await got(session.watch(resume_after=999))

    run(test)


@BOTH
def test_a_refused_follower_raises_where_it_is_opened(library: ModuleType, address: str) -> None:
    async def test() -> None:
        async with session_at(library, address, "refused") as session:
            with pytest.raises(BridgeError, match="NOT_FOUND: .*typo"):
                async with using(library.Follower(session, "typo")):
                    raise AssertionError("it was opened")

    run(test)


def test_a_refused_watch_with_a_callback_raises_and_is_not_reported(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    threads = set(threading.enumerate())
    with pytest.raises(BridgeError, match="NOT_FOUND: .*typo"):
        session.watch("typo", on_update=print)
    with pytest.raises(BridgeError, match="NOT_FOUND: .*typo"):
        Follower(session, "typo", on_change=print)
    assert eventually(lambda: not watching(threads), DEADLINE_S)
    assert caplog.records == []


class Calls:
    """A streaming call that ends with a status, as one does at a bridge that sends no initial metadata."""

    def __init__(self, code: grpc.StatusCode | None, *messages: pb.VariableUpdate) -> None:
        self._code = code
        self._messages = messages
        self._cancelled = threading.Event()

    def initial_metadata(self) -> Any:
        return ()

    def __iter__(self) -> Iterator[Any]:
        yield from self._messages
        if self._code is None:
            self._cancelled.wait()
        else:
            raise Ended(self._code)

    def cancel(self) -> bool:
        self._cancelled.set()
        return True


class Ended(grpc.RpcError):
    """The status with which a call ends."""

    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return "the end"

    def trailing_metadata(self) -> Any:
        return ()


def test_a_refusal_of_a_bridge_without_metadata_raises_where_the_watch_is_opened() -> None:
    with pytest.raises(BridgeError, match="NOT_FOUND: the end"):
        Watch(Calls(grpc.StatusCode.NOT_FOUND))
    with Watch(Calls(None)) as watch:
        assert not watch.over


# Ends


@BOTH
def test_a_watch_raises_the_error_of_its_session(library: ModuleType, address: str) -> None:
    async def test() -> None:
        async with session_at(library, address, "ending") as session:
            await got(session.register("x", "integer", 1))
            async with using(session.watch("x", initial=True)) as watch:
                assert (await upcoming(watch)).variable.value == 1
                await got(session.clean_up())
                with pytest.raises(BridgeError, match="NOT_FOUND"):
                    await upcoming(watch)
                assert watch.over
                assert watch.ended.code is grpc.StatusCode.NOT_FOUND

    run(test)


@BOTH
def test_a_closed_watch_ends_without_an_error(library: ModuleType, address: str) -> None:
    async def test() -> None:
        async with session_at(library, address, "closed") as session:
            watch = await got(session.watch())
            await got(watch.close())
            assert await got(watch.receive()) is None
            assert watch.ended is None
            assert watch.over

    run(test)


@BOTH
def test_a_watch_whose_connection_is_closed_raises(library: ModuleType, address: str) -> None:
    async def test() -> None:
        async with session_at(library, address, "cut off") as session:
            watch = await got(session.watch())
        with pytest.raises(BridgeError, match="CANCELLED"):
            await got(watch.receive())

    run(test)


@BOTH
def test_an_idle_watch_stays_open(library: ModuleType, address: str) -> None:
    async def test() -> None:
        async with session_at(library, address, "idle") as session:
            async with using(session.watch()) as watch:
                with pytest.raises(TimeoutError, match=r"received nothing for 0\.01 s"):
                    await got(watch.receive(0.01))
                await got(session.register("y", "integer", 1))
                assert (await upcoming(watch)).kind == "registered"
            await got(session.clean_up())

    run(test)


def test_an_exception_of_on_update_ends_the_watch_and_is_given_to_on_end(session: Session) -> None:
    session.register("x", "float", 0.5)
    ends: SimpleQueue[Exception | None] = SimpleQueue()

    def refuse(_: object) -> None:
        raise ValueError("not this one")

    with session.watch("x", on_update=refuse, on_end=ends.put) as watch:
        session.set("x", 0.75)
        error = ends.get(timeout=DEADLINE_S)
        assert isinstance(error, ValueError)
        assert watch.ended is error
        with pytest.raises(ValueError, match="not this one"):
            watch.receive()


def test_an_end_that_no_caller_receives_is_logged(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    session.register("x", "float", 0.5)
    session.watch("x", on_update=lambda _: None)
    Follower(session, "x", on_change=lambda *_: None)
    session.clean_up()
    assert eventually(lambda: len(caplog.records) == 2, DEADLINE_S)
    assert {(record.name, record.levelno) for record in caplog.records} == {("varbridge", logging.ERROR)}
    ended = sorted(record.getMessage().partition(":")[0] for record in caplog.records)
    assert ended == ["a follower ended", "a watch ended"]
    assert all("NOT_FOUND" in record.getMessage() for record in caplog.records)


def test_on_end_gets_the_status_that_ended_a_follower(session: Session) -> None:
    session.register("x", "float", 0.5)
    ends: SimpleQueue[Exception | None] = SimpleQueue()
    follower = Follower(session, "x", on_change=lambda *_: None, on_end=ends.put)
    session.clean_up()
    assert "NOT_FOUND" in str(ends.get(timeout=DEADLINE_S))
    with pytest.raises(BridgeError, match="NOT_FOUND"):
        list(follower)
    follower.close()


def test_on_end_gets_none_after_close(session: Session) -> None:
    ends: SimpleQueue[Exception | None] = SimpleQueue()
    session.watch(on_update=lambda _: None, on_end=ends.put).close()
    Follower(session, on_change=lambda *_: None, on_end=ends.put).close()
    assert [ends.get(timeout=DEADLINE_S) for _ in range(2)] == [None, None]
    with pytest.raises(ValueError, match="on_end belongs to on_update"):
        session.watch(on_end=ends.put)
    with pytest.raises(ValueError, match="on_end belongs to on_change"):
        Follower(session, on_end=ends.put)


# Resuming


def changed(sequence: int) -> pb.VariableUpdate:
    variable = pb.Variable(id="var_x", name="x", type="integer", version=sequence)
    return pb.VariableUpdate(
        variable_id="var_x", update_type="value_change", sequence=sequence, variable=variable
    )


class Script:
    """A connection whose watches follow a script."""

    def __init__(self, *calls: Calls) -> None:
        self.calls = [*calls]
        self.requests: list[pb.WatchVariablesRequest] = []

    def call(self, method: str, request: Any, *, timeout: float | None = None) -> Any:
        raise NotImplementedError

    def stream(self, method: str, request: Any, *, timeout: float | None = None) -> Calls:
        self.requests.append(request)
        return self.calls.pop(0)

    def another(self) -> Script:
        return self

    def close(self) -> None:
        """Close the connection, which has nothing to close."""


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
    ],
)
def test_a_follower_resumes_after_a_status_that_resuming_can_cure(code: grpc.StatusCode) -> None:
    script = Script(Calls(code, changed(5)), Calls(code), Calls(None, changed(6)))
    with Follower(Session(script, "s"), "x", backoff=0.001) as follower:
        updates = iter(follower)
        assert [next(updates).sequence, next(updates).sequence] == [5, 6]
    assert [request.resume_after for request in script.requests[1:]] == [5, 5]


@pytest.mark.parametrize("code", [grpc.StatusCode.OUT_OF_RANGE, grpc.StatusCode.PERMISSION_DENIED])
def test_a_follower_raises_a_status_that_resuming_cannot_cure(code: grpc.StatusCode) -> None:
    script = Script(Calls(grpc.StatusCode.UNAVAILABLE, changed(5)), Calls(code))
    with Follower(Session(script, "s"), "x", backoff=0.001) as follower:
        updates = iter(follower)
        assert next(updates).sequence == 5
        with pytest.raises(BridgeError, match=code.name):
            next(updates)


def resumption(**options: Any) -> Resumption:
    defaults: dict[str, Any] = {
        "initial": False,
        "resume_after": None,
        "backoff": 0.1,
        "max_backoff": 0.3,
        "patience": None,
        "silence": "auto",
    }
    return Resumption(["x"], **defaults | options)


def test_the_silence_follows_from_the_interval_that_the_bridge_states() -> None:
    assert resumption().silence_s(60.0) == 150.0
    assert resumption().silence_s(None) == 2.5 * HEARTBEAT_INTERVAL_S
    assert resumption(silence=7.0).silence_s(60.0) == 7.0
    assert resumption(silence=None).silence_s(60.0) is None


@BOTH
def test_a_watch_knows_the_interval_that_the_bridge_states(library: ModuleType, address: str) -> None:
    async def test() -> None:
        async with session_at(library, address, "interval") as session, using(session.watch()) as watch:
            assert watch.heartbeat_interval_s == HEARTBEAT_INTERVAL_S

    run(test)
    assert INTERVAL_KEY == "heartbeat-interval-ms"


# Leaks


def watching(before: set[threading.Thread]) -> list[threading.Thread]:
    """Return the threads of watches and followers that have begun since."""
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread.name in ("watch", "follower")
    ]


WATCHES = 1000
MAX_WATCHES = 100


@pytest.fixture(scope="module")
def narrow_address() -> Iterator[str]:
    """The address of a bridge that limits the watches of a session."""
    command = [sys.executable, "-m", "server", "--port", "0", "--max-watches", str(MAX_WATCHES)]
    process = ServerProcess(command)
    yield f"127.0.0.1:{process.wait_ready()}"
    process.stop()


@BOTH
def test_dropped_watches_leave_no_thread_and_no_watch_at_the_bridge(
    library: ModuleType, narrow_address: str
) -> None:
    before = set(threading.enumerate())

    async def fill(session: Any) -> float:
        """Open as many watches as the bridge allows, and drop them; return the time that it took."""
        began = time.monotonic()
        watches: list[Any] = []
        while len(watches) < MAX_WATCHES:
            assert time.monotonic() - began < DEADLINE_S, f"only {len(watches)} watches could be opened"
            try:
                watches.append(await got(session.watch("x")))
            except BridgeError as error:
                assert "RESOURCE_EXHAUSTED" in str(error)  # noqa: PT017  # it is repeated
        return time.monotonic() - began

    async def test() -> None:
        async with session_at(library, narrow_address, f"dropped-{library.__name__}") as session:
            await got(session.register("x", "integer", 1))
            times = [await fill(session) for _ in range(WATCHES // MAX_WATCHES)]
            followers = [library.Follower(session, "x", initial=True) for _ in range(5)]
            assert [(await upcoming(follower)).sequence for follower in followers] == [1] * 5
            followers.clear()
            print(f"{max(times):.2f} s at most to open {MAX_WATCHES} watches after others were dropped")
            began = time.monotonic()
            await fill(session)
            while watching(before):
                assert time.monotonic() - began < DEADLINE_S
                await asyncio.sleep(0)
            print(f"no thread is left {time.monotonic() - began:.2f} s later")

    run(test)


@pytest.mark.slow
@BOTH
def test_a_watch_that_is_not_read_retains_a_bounded_number_of_updates(
    library: ModuleType, address: str
) -> None:
    count = 3000

    async def test() -> None:
        async with session_at(library, address, f"unread-{library.__name__}") as session:
            await got(session.register("x", "integer", 0))
            async with using(session.watch("x")) as watch:
                for number in range(count):
                    await got(session.set("x", number))
                if library is varbridge:  # for asyncio, gRPC's own buffers are the only ones
                    assert len(watch._reading._updates) <= 1000
                versions = [(await upcoming(watch)).variable.version for _ in range(count)]
                assert versions == [*range(2, count + 2)]

    run(test)


def test_a_watch_with_a_callback_goes_on_without_a_reference(session: Session) -> None:
    session.register("x", "integer", 1)
    seen: SimpleQueue[object] = SimpleQueue()
    session.watch("x", on_update=seen.put)
    gc.collect()
    session.set("x", 2)
    assert seen.get(timeout=DEADLINE_S)


# Connections that fail


@BOTH
@pytest.mark.parametrize("fault", ["cut", "fall_silent"])
def test_a_follower_resumes_over_a_new_connection(library: ModuleType, address: str, fault: str) -> None:
    proxy = FaultProxy(address)

    async def test() -> None:
        async with (
            session_at(library, address, f"{fault}-{library.__name__}") as session,
            session_at(library, proxy.address, session.id) as through_proxy,
        ):
            await got(session.register("x", "integer", 1))
            options = {"initial": True, "backoff": 0.001, "silence": 0.5 if fault == "fall_silent" else None}
            async with using(library.Follower(through_proxy, "x", **options)) as follower:
                versions = [(await upcoming(follower)).variable.version]
                for value in range(2, 5):
                    getattr(proxy, fault)()
                    await got(session.set("x", value))
                    versions.append((await upcoming(follower)).variable.version)
                assert versions == [1, 2, 3, 4]
            assert proxy.taken >= 4

    try:
        run(test)
    finally:
        proxy.close()


@BOTH
def test_a_follower_gives_up_after_its_patience(library: ModuleType, address: str) -> None:
    proxy = FaultProxy(address)

    async def test() -> None:
        async with (
            session_at(library, proxy.address, f"patience-{library.__name__}") as session,
            using(library.Follower(session, silence=None, patience=0.0)) as follower,
        ):
            proxy.close()
            with pytest.raises(BridgeError, match="UNAVAILABLE"):
                await upcoming(follower)
            with pytest.raises(BridgeError, match="UNAVAILABLE"):
                await upcoming(follower)

    run(test)


def test_a_cancelled_wait_loses_no_update(address: str) -> None:
    async def test() -> None:
        async with session_at(varbridge.aio, address, "cancelled") as session:
            await session.register("x", "integer", 1)
            async with session.watch("x") as watch:
                for version in range(2, 20):
                    waiting = asyncio.ensure_future(anext(watch))
                    await session.set("x", version)
                    waiting.cancel()
                    received = (await asyncio.gather(waiting, return_exceptions=True))[0]
                    if isinstance(received, asyncio.CancelledError):
                        received = await anext(watch)
                    assert received.variable.version == version
            await session.clean_up()

    run(test)


def test_closing_ends_the_waits_of_other_threads_and_tasks(session: Session, address: str) -> None:
    with session.watch() as watch, Follower(session) as follower:
        ends: SimpleQueue[object] = SimpleQueue()
        threads = [
            threading.Thread(target=lambda source=source: ends.put(next(iter(source), None)))
            for source in (watch, follower)
        ]
        for thread in threads:
            thread.start()
        watch.close()
        follower.close()
        assert [ends.get(timeout=DEADLINE_S) for _ in threads] == [None, None]

    async def test() -> None:
        async with session_at(varbridge.aio, address, "closing") as other:
            async with other.watch() as watch, varbridge.aio.Follower(other) as follower:
                waits = [asyncio.ensure_future(anext(source, None)) for source in (watch, follower)]
                await asyncio.sleep(0)
                await watch.close()
                await follower.close()
                assert await asyncio.gather(*waits) == [None, None]
            await other.clean_up()

    run(test)


def test_a_callback_may_close_its_follower(session: Session) -> None:
    session.register("x", "integer", 1)
    ends: SimpleQueue[object] = SimpleQueue()
    started = threading.Event()

    def close(*_: object) -> None:
        started.wait(DEADLINE_S)
        follower.close()

    follower = Follower(session, "x", on_change=close, on_end=ends.put)
    started.set()
    session.set("x", 2)
    assert ends.get(timeout=DEADLINE_S) is None
