"""A follower whose connection is cut again and again, at random moments, while others write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from client import BridgeError, Connection, Follower, Session, Watch
from harness.line import Line
from tests.live.following import check_following

CUTS = int(os.environ.get("CUTS", "50"))
"""The long run is `CUTS=1000 pytest tests/live/test_cuts.py`."""


@pytest.fixture
def line(address: str) -> Iterator[Line]:
    made = Line(address)
    yield made
    made.close()


@pytest.mark.timeout(900)
def test_nothing_is_missing_and_nothing_comes_twice(session: Session, line: Line) -> None:
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
    told: list[tuple[object, ...]] = []
    with Follower(session, "x", on_change=lambda *change: told.append(change)) as follower:
        session.set("x", 0.75, metadata={"reason": "tuning"})
        next(iter(follower))
    assert told == [("x", 0.5, 0.75, {"reason": "tuning"})]


class Hanging(Session):
    """A session whose second watch is not put in place in time."""

    watches = 0

    def watch(self, *identifiers: str, **options: Any) -> Watch:
        self.watches += 1
        if self.watches == 2:
            raise TimeoutError
        return super().watch(*identifiers, **options)


def test_nothing_comes_twice_after_a_bridge_that_hung(session: Session, line: Line) -> None:
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
        updates = iter(follower)
        assert next(updates).kind == "value_change"
        with pytest.raises(ValueError, match="not this one"):
            next(updates)


def test_closing_is_immediate(session: Session, address: str) -> None:
    session.register("x", "float", 0.5)
    line = Line(address)
    with Connection(line.address) as connection:
        follower = Follower(connection.session(session.id), backoff=60.0)
        line.close()
        follower.close()
    assert list(follower) == []
