"""Tests of followers: connections that are cut, errors, callbacks, slow readers and Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import grpc
import pytest

from tests.live.followers import check_following
from varbridge import BridgeError, Connection, Follower, Session, Watch
from varbridge.conformance.faults.fault_proxy import FaultProxy
from varbridge.watch import BUFFER

CUTS = int(os.environ.get("CUTS", "50"))
"""The number of cut connections; a long run is `CUTS=1000 pytest tests/live/test_cuts.py`."""


@pytest.fixture
def proxy(address: str) -> Iterator[FaultProxy]:
    proxy = FaultProxy(address)
    yield proxy
    proxy.close()


@pytest.mark.timeout(900)
def test_no_update_is_missed_or_repeated_when_connections_are_cut(
    session: Session, proxy: FaultProxy
) -> None:
    check_following(session, proxy, CUTS, proxy.cut, silence=None)


def test_a_follower_ends_with_the_error_of_its_session(session: Session, connection: Connection) -> None:
    session.register("x", "integer", 1)
    follower = Follower(session, "x")
    session.set("x", 2)
    updates = iter(follower)
    assert next(updates).sequence == 2
    session.clean_up()
    with pytest.raises(BridgeError) as ended:
        next(updates)
    assert ended.value.code is grpc.StatusCode.NOT_FOUND


def test_a_callback_gets_the_name_both_values_and_the_metadata(session: Session) -> None:
    session.register("x", "float", 0.5)
    changes: SimpleQueue[tuple[object, ...]] = SimpleQueue()
    with Follower(session, "x", on_change=lambda *change: changes.put(change)):
        session.set("x", 0.75, metadata={"reason": "tuning"})
        assert changes.get(timeout=10.0) == ("x", 0.5, 0.75, {"reason": "tuning"})


@pytest.mark.slow
def test_a_slow_reader_has_a_small_buffer_and_misses_nothing(session: Session) -> None:
    session.register("x", "string", "first")
    with Follower(session, "x") as follower:
        for number in range(5 * BUFFER):
            session.set("x", f"{number:06}" + "x" * 1000, kind="string")
        assert len(follower._watch._reading._updates) <= BUFFER
        got = [update.variable for _, update in zip(range(5 * BUFFER), follower, strict=False)]
    assert [variable and variable.value[:6] for variable in got] == [f"{n:06}" for n in range(5 * BUFFER)]


def test_closing_releases_a_follower_whose_buffer_is_full(session: Session) -> None:
    session.register("x", "integer", 1)
    follower = Follower(session, "x")
    for number in range(BUFFER + 10):
        session.set("x", number)
    follower.close()


def test_no_update_is_repeated_after_a_timeout(
    session: Session, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.register("x", "integer", 1)
    opened: list[str] = []
    watch = Session.watch

    def hang_once(session: Session, *identifiers: str, **options: Any) -> Watch:
        opened.append(session.id)
        if len(opened) == 2:
            raise TimeoutError
        return watch(session, *identifiers, **options)

    monkeypatch.setattr(Session, "watch", hang_once)
    with (
        Connection(proxy.address) as connection,
        Follower(connection.session(session.id), "x", backoff=0.001) as follower,
    ):
        updates = iter(follower)
        session.set("x", 2)
        assert next(updates).sequence == 2
        proxy.cut()
        session.set("x", 3)
        assert next(updates).sequence == 3


def test_an_exception_of_a_callback_ends_the_follower(session: Session) -> None:
    session.register("x", "float", 0.5)

    def refuse(*_: object) -> None:
        raise ValueError("not this one")

    with Follower(session, "x", on_change=refuse) as follower:
        session.set("x", 0.75)
        with pytest.raises(ValueError, match="not this one"):
            next(iter(follower))


@pytest.mark.parametrize("kind", [Follower, Session.watch])
def test_ctrl_c_ends_a_wait_even_if_another_thread_gets_the_signal(
    session: Session, kind: Callable[[Session, str], Follower | Watch]
) -> None:
    session.register("x", "float", 0.5)

    def interrupt() -> None:
        begun.wait()
        main = threading.main_thread().ident
        assert main is not None
        while sys._current_frames()[main].f_code is not threading.Condition.wait.__code__:
            pass
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        in_time.append(interrupted.wait(10.0))
        waiting.close()  # this ends the wait in any case

    in_time: list[bool] = []
    begun, interrupted = threading.Event(), threading.Event()
    thread = threading.Thread(target=interrupt)
    thread.start()
    with kind(session, "x") as waiting:
        updates = iter(waiting)
        begun.set()
        with pytest.raises(KeyboardInterrupt):
            next(updates)
    interrupted.set()
    thread.join()
    assert in_time == [True]


def test_closing_is_immediate(session: Session, address: str) -> None:
    session.register("x", "float", 0.5)
    proxy = FaultProxy(address)
    with Connection(proxy.address) as connection:
        follower = Follower(connection.session(session.id), backoff=60.0)
        proxy.close()
        follower.close()
    assert list(follower) == []
