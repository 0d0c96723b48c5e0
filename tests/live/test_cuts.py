"""A follower whose connection is cut again and again, at random moments, while others write."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator

import grpc
import pytest

from client import BridgeError, Connection, Follower, Session, Update
from harness.line import Line

CUTS = int(os.environ.get("CUTS", "50"))
"""The long run is `CUTS=1000 pytest tests/live/test_cuts.py`."""


@pytest.fixture
def line(address: str) -> Iterator[Line]:
    made = Line(address)
    yield made
    made.close()


@pytest.mark.timeout(900)
def test_nothing_is_missing_and_nothing_comes_twice(session: Session, line: Line) -> None:
    session.register("x", "integer", 1)
    session.register("y", "integer", 1)
    chance = random.Random()
    stop = threading.Event()
    arrived = threading.Condition()
    got: list[Update] = []

    def write(name: str) -> None:
        while not stop.is_set():
            version = session.get(name).version + 1
            assert session.set(name, version, kind="integer") == version

    with Connection(line.address) as connection:
        follower = Follower(connection.session(session.id), "x", "y", initial=True, backoff=0.001)

        def read() -> None:
            for update in follower:
                with arrived:
                    got.append(update)
                    arrived.notify_all()

        workers = [threading.Thread(target=write, args=(name,)) for name in ("x", "y")]
        workers.append(threading.Thread(target=read))
        for worker in workers:
            worker.start()
        for _ in range(CUTS):
            # A random moment is one after a random number of further updates.
            with arrived:
                goal = len(got) + chance.randrange(12)
                assert arrived.wait_for(lambda goal=goal: len(got) >= goal, 30.0), "the follower fell silent"
            line.cut()
        stop.set()
        for worker in workers[:2]:
            worker.join()
        last = {name: session.get(name).version for name in ("x", "y")}
        with arrived:
            total = last["x"] + last["y"]
            arrived.wait_for(lambda: len(got) >= total, 30.0)
        follower.close()
        workers[2].join()
    for name in ("x", "y"):
        mine = [update.variable for update in got if update.variable and update.variable.name == name]
        versions = [variable.version for variable in mine]
        assert versions == list(range(versions[0], last[name] + 1))
        assert [variable.value for variable in mine] == versions
    changes = [update.sequence for update in got if update.kind == "value_change"]
    assert changes == sorted(set(changes))


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
    told: list[tuple[object, ...]] = []
    with Follower(session, "x", on_change=lambda *change: told.append(change)) as follower:
        session.set("x", 0.75, metadata={"reason": "tuning"})
        next(iter(follower))
    assert told == [("x", 0.5, 0.75, {"reason": "tuning"})]


def test_closing_is_immediate(session: Session, address: str) -> None:
    session.register("x", "float", 0.5)
    line = Line(address)
    with Connection(line.address) as connection:
        follower = Follower(connection.session(session.id), backoff=60.0)
        line.close()
        follower.close()
    assert list(follower) == []
