"""Group commit: the publication and the failure of records that are written during a commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any

import pytest

from server.core.errors import UnavailableError
from server.storage.group_commit import GroupCommit
from server.storage.records import Changed

REASON = UnavailableError("the change cannot be written to the disk")


def on_a_loop(test: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], None]:
    @wraps(test)
    def run() -> None:
        asyncio.run(test())

    return run


class Writing:
    """A group commit, with the ids of the sessions whose records it has published."""

    def __init__(self) -> None:
        self.commits = GroupCommit()
        self.published: list[str] = []

    def add(self, *session_ids: str) -> None:
        for session_id in session_ids:
            self.commits.add(Changed(session_id, ()), partial(self.published.append, session_id))

    def flushed(self, session_id: str) -> asyncio.Future[None]:
        future = self.commits.flushed(session_id)
        assert future is not None
        return future


@on_a_loop
async def test_a_group_is_published_in_the_order_of_writing_when_it_is_durable() -> None:
    writing = Writing()
    writing.add("a", "b", "a")
    writing.commits.take_all()
    writing.add("c")
    assert writing.published == []
    writing.commits.succeed()
    assert writing.published == ["a", "b", "a"]
    writing.commits.take_all()
    writing.commits.succeed()
    assert writing.published == ["a", "b", "a", "c"]


@on_a_loop
async def test_what_is_written_while_a_group_is_published_gathers_for_the_next() -> None:
    writing = Writing()
    writing.commits.add(Changed("a", ()), partial(writing.add, "a"))
    writing.commits.take_all()
    writing.commits.succeed()
    assert len(writing.commits.gathered) == 1
    assert not writing.flushed("a").done()


@on_a_loop
async def test_a_session_is_flushed_with_the_group_of_its_newest_record() -> None:
    writing = Writing()
    writing.add("a", "a", "b")
    writing.commits.take_all()
    writing.add("b", "c")
    waiters = {session_id: writing.flushed(session_id) for session_id in ("c", "b", "a")}
    assert writing.commits.flushed("unknown") is None
    writing.commits.succeed()
    assert {session_id for session_id, waiter in waiters.items() if waiter.done()} == {"a"}
    assert writing.commits.flushed("a") is None
    writing.commits.take_all()
    writing.commits.succeed()
    assert all(waiter.done() for waiter in waiters.values())
    assert writing.commits.flushed("b") is None


@on_a_loop
async def test_a_group_of_a_part_of_what_has_gathered_leaves_the_rest() -> None:
    writing = Writing()
    writing.add("a", "a", "a")
    early = writing.flushed("a")
    assert writing.commits.take() == Changed("a", ())
    writing.commits.succeed()
    assert writing.published == ["a"]
    assert not early.done()
    writing.commits.take_all()
    writing.commits.succeed()
    assert early.done()


@on_a_loop
async def test_a_failure_drops_the_group_and_the_gathered_records() -> None:
    writing = Writing()
    writing.add("a")
    writing.commits.take_all()
    writing.add("b")
    waiters = [writing.flushed("a"), writing.flushed("b")]
    assert [*writing.commits.session_ids] == ["a", "b"]
    writing.commits.fail(REASON)
    for waiter in waiters:
        with pytest.raises(UnavailableError, match="disk"):
            await waiter
    assert (writing.commits.flushed("a"), writing.commits.flushed("b")) == (None, None)
    writing.add("a")
    writing.commits.take_all()
    writing.commits.succeed()
    assert writing.published == ["a"]


@on_a_loop
async def test_each_that_is_refused_has_a_refusal_of_its_own() -> None:
    writing = Writing()
    writing.add("a")
    waiters = [writing.flushed("a"), writing.flushed("a")]
    writing.commits.fail(REASON)
    first, second = (waiter.exception() for waiter in waiters)
    assert first is not second


@on_a_loop
async def test_a_cancelled_future_does_not_affect_others() -> None:
    writing = Writing()
    writing.add("a")
    patient, hasty = writing.flushed("a"), writing.flushed("a")
    hasty.cancel()
    writing.commits.take_all()
    writing.commits.succeed()
    assert patient.done()
    assert not patient.cancelled()
    assert hasty.cancelled()
    assert writing.published == ["a"]


@on_a_loop
async def test_those_that_wait_can_be_refused_while_the_commit_goes_on() -> None:
    writing = Writing()
    writing.add("a")
    early = writing.flushed("a")
    writing.commits.refuse_waiters(REASON)
    assert isinstance(early.exception(), UnavailableError)
    late = writing.flushed("a")
    writing.commits.take_all()
    writing.commits.succeed()
    assert late.done()
    assert writing.published == ["a"]


@on_a_loop
async def test_the_end_of_a_commit_of_nothing_can_be_waited_for() -> None:
    writing = Writing()
    settled = writing.commits.settled()
    assert not settled.done()
    writing.commits.succeed()
    assert settled.done()
