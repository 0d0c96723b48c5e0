"""Dependencies and optimization locks (D1 to D3): updates of followers, refusals, and expiry of locks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core import change_log
from server.core.changes import ChangeContext
from server.core.dependencies import Dependencies
from server.core.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    NotFoundError,
    ResourceExhaustedError,
)
from server.core.locks import LOCK_TIMEOUT_S
from server.core.session import Session
from tests.server.core.builders import FakeClock, a_session, put, register
from tests.server.core.snapshot import refused


def a_pair(clock: FakeClock | None = None) -> Session:
    session = a_session(clock)
    register(session, "model")
    register(session, "prompt")
    return session


def changes_of(session: Session, *names: str) -> list[tuple[str, str]]:
    """Return the kinds and variables of the session's changes, for variables with these names."""
    return [
        (change.kind, change.variable.name)
        for change in session.log.after(0)
        if change.variable.name in names
    ]


def test_a_follower_is_updated_after_the_change_itself() -> None:
    session = a_pair()
    session.depend("model", "prompt", "tuned for")
    put(session, "model", 0.6)
    change, news = session.log.after(2)
    assert (change.kind, change.variable.name) == (change_log.VALUE_CHANGE, "model")
    assert (news.kind, news.variable) == (change_log.DEPENDENCY_CHANGE, session.get("prompt"))
    assert news.metadata == {
        "cause": "model",
        "cause_id": session.get("model").id,
        "cause_version": "2",
        "dependency_type": "tuned for",
    }


def test_the_updates_of_a_batch_stay_together() -> None:
    session = a_pair()
    register(session, "other")
    session.depend("model", "prompt", "")
    session.depend("other", "prompt", "")
    reads = {name: lambda kind, constraints: session.get("prompt").value for name in ("model", "other")}
    session.set_many(reads, ChangeContext(), atomic=True)
    kinds = [change.kind for change in session.log.after(3)]
    assert kinds == [
        change_log.VALUE_CHANGE,
        change_log.VALUE_CHANGE,
        change_log.DEPENDENCY_CHANGE,
        change_log.DEPENDENCY_CHANGE,
    ]
    assert [change.sequence for change in session.log.after(3)] == [4, 5, 6, 7]


def test_the_times_of_a_batch_never_decrease() -> None:
    class TickingClock(FakeClock):
        def utc(self) -> int:
            self.advance(1.0)
            return super().utc()

    session = a_pair(TickingClock())
    session.depend("model", "prompt", "")
    reads = {name: lambda kind, constraints: session.get("prompt").value for name in ("model", "prompt")}
    session.set_many(reads, ChangeContext(), atomic=True)
    times = [change.at for change in session.log.after(0)]
    assert len(times) == 5
    assert times == sorted(times)


def test_a_refused_dependency_is_not_recorded() -> None:
    session = a_pair()
    session.depend("model", "prompt", "")
    with refused(session, FailedPreconditionError, "would create a cycle"):
        session.depend("prompt", "model", "")
    with refused(session, FailedPreconditionError, "would create a cycle"):
        session.depend("model", "model", "")
    with refused(session, NotFoundError, "gone"):
        session.depend("model", "gone", "")
    with refused(session, InvalidArgumentError, "dependency_type"):
        session.depend("model", "prompt", "t" * 257)
    put(session, "prompt", 0.6)
    assert changes_of(session, "model") == [(change_log.REGISTERED, "model")]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=40), st.sets(st.integers(0, 6)))
def test_there_are_no_cycles(edges: list[tuple[int, int]], dropped: set[int]) -> None:
    graph = Dependencies(100)
    accepted: set[tuple[str, str]] = set()
    for followed, follower in edges:
        before = reachable(accepted, str(follower))
        if followed == follower or str(followed) in before:
            with pytest.raises(FailedPreconditionError):
                graph.add(str(followed), str(follower), "")
        else:
            graph.add(str(followed), str(follower), "")
            accepted.add((str(followed), str(follower)))
    for variable in map(str, dropped):
        graph.drop(variable)
        accepted = {edge for edge in accepted if variable not in edge}
    for variable in map(str, range(7)):
        assert set(graph.followers(variable)) == {to for start, to in accepted if start == variable}


def reachable(edges: set[tuple[str, str]], start: str) -> set[str]:
    reached, pending = set(), [start]
    while pending:
        here = pending.pop()
        new = {to for origin, to in edges if origin == here} - reached
        reached |= new
        pending += new
    return reached


def test_dependencies_are_capped_and_a_drop_makes_room() -> None:
    graph = Dependencies(1)
    graph.add("a", "b", "")
    graph.add("a", "b", "again")
    with pytest.raises(ResourceExhaustedError):
        graph.add("b", "c", "")
    graph.drop("a")
    graph.add("b", "c", "")


def test_a_lock_lapses_when_its_holder_is_silent_for_five_minutes() -> None:
    clock = FakeClock()
    session = a_pair(clock)
    session.start_optimization("model", "mipro")
    clock.advance(LOCK_TIMEOUT_S - 1)
    with refused(session, FailedPreconditionError, "variable_locked_for_optimization"):
        put(session, "model", 0.6)
    clock.advance(1)
    assert session.get("model").optimization is None
    assert put(session, "model", 0.6) == 2


def test_a_set_by_the_holder_renews_its_lock_and_a_refused_one_does_not() -> None:
    clock = FakeClock()
    session = a_pair(clock)
    session.start_optimization("model", "mipro")
    clock.advance(200)
    put(session, "model", 0.6, metadata={"optimizer_id": "mipro"})
    clock.advance(200)
    with refused(session, InvalidArgumentError, "must be a number"):
        put(session, "model", "text", metadata={"optimizer_id": "mipro"})
    assert session.get("model").optimization is not None
    clock.advance(100)
    assert session.get("model").optimization is None
    with pytest.raises(FailedPreconditionError, match="not being optimized"):
        session.stop_optimization("model", "mipro", force=True)


def test_a_new_variable_of_the_name_is_free() -> None:
    session = a_pair()
    session.start_optimization("model", "mipro")
    session.delete("model", ChangeContext({"optimizer_id": "mipro"}))
    register(session, "model")
    assert session.get("model").optimization is None
    assert put(session, "model", 0.6) == 2
