"""A follower whose connection is cut again and again, at random moments, while others write."""

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
from varbridge.follower import BUFFER

CUTS = int(os.environ.get("CUTS", "50"))
"""The long run is `CUTS=1000 pytest tests/live/test_cuts.py`."""


@pytest.fixture
def line(address: str) -> Iterator[FaultProxy]:
    made = FaultProxy(address)
    yield made
    made.close()


@pytest.mark.timeout(900)
def test_nothing_is_missing_and_nothing_comes_twice(session: Session, line: FaultProxy) -> None:
    check_following(session, line, CUTS, line.cut, silence=None)


def test_it_says_so_when_it_cannot_go_on(session: Session, connection: Connection) -> None:
    session.register("x", "integer", 1)
    follower = Follower(session, "x")
    session.set("x", 2)
    updates = iter(follower)
    assert next(updates).sequence == 2
    session.clean_up()
    with pytest.raises(BridgeError) as ended:
        next(updates)
    assert ended.value.code is grpc.StatusCode.NOT_FOUND


def test_a_change_is_told_by_name_old_and_new(session: Session) -> None:
    session.register("x", "float", 0.5)
    told: SimpleQueue[tuple[object, ...]] = SimpleQueue()
    with Follower(session, "x", on_change=lambda *change: told.put(change)):
        session.set("x", 0.75, metadata={"reason": "tuning"})
        assert told.get(timeout=10.0) == ("x", 0.5, 0.75, {"reason": "tuning"})


@pytest.mark.slow
def test_who_iterates_slowly_holds_on_to_little_and_misses_nothing(session: Session) -> None:
    session.register("x", "string", "first")
    with Follower(session, "x") as follower:
        for number in range(5 * BUFFER):
            session.set("x", f"{number:06}" + "x" * 1000, kind="string")
        assert len(follower._updates) + len(follower._watch._updates) <= 2 * BUFFER
        got = [update.variable for _, update in zip(range(5 * BUFFER), follower, strict=False)]
    assert [variable and variable.value[:6] for variable in got] == [f"{n:06}" for n in range(5 * BUFFER)]


def test_closing_releases_a_follower_whose_buffer_is_full(session: Session) -> None:
    session.register("x", "integer", 1)
    follower = Follower(session, "x")
    for number in range(BUFFER + 10):
        session.set("x", number)
    follower.close()


class Hanging(Session):
    """A session whose second watch is not put in place in time."""

    watches = 0

    def watch(self, *identifiers: str, **options: Any) -> Watch:
        self.watches += 1
        if self.watches == 2:
            raise TimeoutError
        return super().watch(*identifiers, **options)


def test_nothing_comes_twice_after_a_bridge_that_hung(session: Session, line: FaultProxy) -> None:
    session.register("x", "integer", 1)
    with (
        Connection(line.address) as connection,
        Follower(Hanging(connection, session.id), "x", backoff=0.001) as follower,
    ):
        updates = iter(follower)
        session.set("x", 2)
        assert next(updates).sequence == 2
        line.cut()
        session.set("x", 3)
        assert next(updates).sequence == 3


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_a_callback_raises_ends_the_following_and_is_told(session: Session) -> None:
    session.register("x", "float", 0.5)

    def refuse(*_: object) -> None:
        raise ValueError("not this one")

    with Follower(session, "x", on_change=refuse) as follower:
        session.set("x", 0.75)
        with pytest.raises(ValueError, match="not this one"):
            next(iter(follower))


@pytest.mark.parametrize("kind", [Follower, Session.watch])
def test_ctrl_c_ends_a_wait_also_when_another_thread_takes_the_signal(
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
        in_time.append(heard.wait(10.0))
        waiting.close()  # which wakes it up in any case

    in_time: list[bool] = []
    begun, heard = threading.Event(), threading.Event()
    other = threading.Thread(target=interrupt)
    other.start()
    with kind(session, "x") as waiting:
        updates = iter(waiting)
        begun.set()
        with pytest.raises(KeyboardInterrupt):
            next(updates)
    heard.set()
    other.join()
    assert in_time == [True]


def test_closing_is_immediate(session: Session, address: str) -> None:
    session.register("x", "float", 0.5)
    line = FaultProxy(address)
    with Connection(line.address) as connection:
        follower = Follower(connection.session(session.id), backoff=60.0)
        line.close()
        follower.close()
    assert list(follower) == []
