"""The change log and its watches: one order, and each change once in every watch that includes it."""

from __future__ import annotations

import pytest

from server.core.change_log import Change
from server.core.changes import ChangeContext, ReadValue
from server.core.errors import InvalidArgumentError, NotFoundError, OutOfRangeError, UnavailableError
from server.core.session import Session
from tests.server.core.builders import a_session, put, reader, register
from tests.server.core.log_builders import Reader, a_busy_session, delete
from tests.server.core.snapshot import refused

# Taking changes


def test_a_watch_takes_what_comes_after_it_once_and_in_order() -> None:
    session = a_busy_session()
    reader = Reader(session, "a", "b")
    assert reader.sequences() == []
    put(session, "b", 6)
    put(session, "a", 7)
    assert reader.sequences() == [8, 9]
    assert reader.sequences() == []
    put(session, "a", 8)
    assert reader.sequences() == [10]


def test_a_watch_takes_the_value_of_each_version_and_the_one_before() -> None:
    session = a_busy_session()
    reader = Reader(session, "a")
    for value in (6, 7, 7):
        put(session, "a", value)
    taken = [
        (change.variable.version, change.variable.value, change.previous) for change in reader.watch.take()
    ]
    assert [(version, value.native(), before and before.native()) for version, value, before in taken] == [
        (5, 6, 5),
        (6, 7, 6),
        (7, 7, 7),
    ]


def test_a_watch_sees_its_variables_only_and_one_of_all_sees_those_to_come() -> None:
    session = a_busy_session()
    of_a, of_all = Reader(session, "a"), Reader(session)
    put(session, "b", 6)
    register(session, "c")
    put(session, "c", 0)
    put(session, "a", 7)
    delete(session, "b")
    assert of_a.sequences() == [11]
    assert [(change.kind, change.variable.name) for change in of_all.watch.take()] == [
        ("value_change", "b"),
        ("registered", "c"),
        ("value_change", "c"),
        ("value_change", "a"),
        ("deleted", "b"),
    ]


def test_a_variable_named_twice_is_watched_once() -> None:
    session = a_busy_session()
    reader = Reader(session, "b", "a", session.get("b").id, "b")
    assert [variable.name for variable in reader.watched] == ["b", "a"]
    put(session, "b", 6)
    assert reader.sequences() == [8]
    assert reader.woken == 1


def test_a_watch_gets_one_deletion_and_no_updates_of_a_new_variable_of_the_name() -> None:
    session = a_busy_session()
    last_state = session.get("a")
    reader = Reader(session, "a")
    delete(session, "a")
    register(session, "a")
    put(session, "a", 6)
    delete(session, "a")
    assert [(change.kind, change.variable) for change in reader.watch.take()] == [("deleted", last_state)]
    assert reader.sequences() == []


def test_a_batch_is_consecutive_in_every_watch() -> None:
    session = a_busy_session()
    of_all = Reader(session)
    session.set_many({"b": reader("float", 1), "a": reader("float", 1)}, ChangeContext(), atomic=True)
    assert of_all.sequences() == [8, 9]


def test_an_unknown_variable_is_refused_by_name() -> None:
    session = a_busy_session()
    with refused(session, NotFoundError, "Variable not found: z"):
        Reader(session, "a", "z")
    with refused(session, InvalidArgumentError, "must not be empty"):
        Reader(session, "")


# Waking


def test_only_the_watches_concerned_are_woken() -> None:
    session = a_busy_session()
    of_a, of_b, of_both, of_all = (
        Reader(session, "a"),
        Reader(session, "b"),
        Reader(session, "a", "b"),
        Reader(session),
    )
    put(session, "a", 6)
    register(session, "c")
    assert [of_a.woken, of_b.woken, of_both.woken, of_all.woken] == [1, 0, 1, 2]


def test_when_a_watch_is_woken_all_of_the_change_is_there_to_take() -> None:
    session = a_busy_session()
    taken: list[Change] = []
    watch, _ = session.watch(["a", "b"], lambda: taken.extend(watch.take()))
    session.set_many({"b": reader("float", 1), "a": reader("float", 1)}, ChangeContext(), atomic=True)
    assert [change.sequence for change in taken] == [8, 9]


def test_a_closed_watch_is_woken_no_more_and_leaves_nothing_behind() -> None:
    session = a_busy_session()
    readers = [Reader(session, "a"), Reader(session)]
    for closed in readers:
        closed.watch.close()
        closed.watch.close()
    put(session, "a", 6)
    assert [closed.woken for closed in readers] == [0, 0]
    assert session.log.watches == set()
    assert session.close(NotFoundError("over")) == 2


def test_an_ended_watch_takes_the_accepted_changes_and_then_gets_the_reason() -> None:
    session = a_busy_session()
    of_a, reason = Reader(session, "a"), UnavailableError("the server is shutting down")
    put(session, "a", 6)
    assert session.end_watches(reason) == 1
    assert of_a.woken == 2
    put(session, "a", 7)
    assert of_a.woken == 2
    assert of_a.watch.ended is reason
    assert of_a.watch.take()[0].sequence == 8


# Limits of the log


def test_the_log_keeps_the_newest_by_number() -> None:
    session = a_busy_session(log_changes=3)
    assert (session.log.oldest, session.log.last) == (5, 7)
    assert [change.sequence for change in session.log.after(4)] == [5, 6, 7]
    with pytest.raises(OutOfRangeError, match="sequence 3 is no longer retained: the oldest retained is 5"):
        session.log.after(3)


def test_the_log_keeps_the_newest_by_bytes_and_always_one() -> None:
    session = a_session(log_bytes=100_000)
    register(session, "text", "", kind="string")
    for length in (10_000, 10_000, 10_000, 500_000):
        session.set("text", reader("string", "x" * length), ChangeContext())
        changes = [*session.log.after(session.log.oldest - 1)]
        assert len(changes) == 1 or sum(change.size for change in changes) <= 100_000
    assert session.log.oldest == session.log.last == 5
    session.set("text", reader("string", ""), ChangeContext())
    assert (session.log.oldest, session.log.last) == (6, 6)
    for _ in range(20):
        session.set("text", reader("string", ""), ChangeContext())
    assert (
        session.log.oldest == 7
    )  # small changes are retained; 6 still has the long text as its previous value


def test_metadata_counts_among_the_bytes() -> None:
    session = a_session(log_bytes=100_000)
    register(session, "a", metadata={"note": "x" * 60_000})
    put(session, "a", 1)
    assert session.log.oldest == 2


def test_a_slow_reader_gets_everything_or_an_error() -> None:
    session = a_busy_session(log_changes=3)
    slow = Reader(session, "a")
    put(session, "a", 6)
    put(session, "b", 7)
    put(session, "b", 8)
    assert slow.sequences() == [8]
    put(session, "a", 9)
    for value in range(3):
        put(session, "b", value)
    for _ in range(2):
        with pytest.raises(OutOfRangeError, match="no longer retained: the oldest retained is 12"):
            slow.watch.take()


def test_a_reader_that_has_taken_everything_outlives_what_others_write() -> None:
    session = a_busy_session(log_changes=3)
    of_a = Reader(session, "a")
    for value in range(10):
        put(session, "b", value)
    assert of_a.woken == 0
    assert of_a.watch.seen == session.log.last
    put(session, "a", 6)
    assert of_a.watch.seen == session.log.last - 1
    assert of_a.sequences() == [18]
    assert of_a.watch.seen == session.log.last


# Batches that are larger than the log


def a_session_with_many(count: int, **limits: int) -> tuple[Session, dict[str, ReadValue]]:
    """Return a session with variables, and a batch that sets all of them."""
    session = a_session(**limits)
    for number in range(count):
        register(session, f"v{number}", 0.0)
    return session, {f"v{number}": reader("float", 1.0) for number in range(count)}


@pytest.mark.parametrize("limits", [{"log_changes": 10}, {"log_bytes": 5000}])
def test_a_watch_takes_all_of_a_batch_that_is_larger_than_the_log(limits: dict[str, int]) -> None:
    session, batch = a_session_with_many(200, **limits)
    of_all, of_one = Reader(session), Reader(session, "v3")
    late = Reader(session)
    put(session, "v0", 0.5)
    of_all.watch.take()
    session.set_many(batch, ChangeContext(), atomic=True)
    put(session, "v1", 2.0)
    assert of_all.sequences() == [*range(202, 403)]
    assert of_one.sequences() == [205]
    assert late.sequences() == [*range(201, 403)]
    # What no watch needs any more is dropped, and no new watch can resume there.
    assert session.log._surplus == []
    assert session.log.oldest > 390
    with refused(session, OutOfRangeError, "no longer retained"):
        Reader(session, resume_after=201)


def test_a_follower_of_many_variables_is_received_for_each_of_them() -> None:
    session, batch = a_session_with_many(50, log_changes=10)
    register(session, "sum", 0.0)
    for name in batch:
        session.depend(name, "sum", "derived")
    of_sum = Reader(session, "sum")
    session.set_many(batch, ChangeContext(), atomic=True)
    assert len(of_sum.sequences()) == 50


def test_a_reader_that_falls_behind_a_large_batch_by_more_than_the_log_gets_an_error() -> None:
    session, batch = a_session_with_many(50, log_changes=10)
    slow = Reader(session)
    session.set_many(batch, ChangeContext(), atomic=True)
    for _ in range(9):
        put(session, "v0", 2.0)
    assert len(slow.watch.take()) == 59
    slow = Reader(session)
    session.set_many(batch, ChangeContext(), atomic=True)
    for _ in range(10):
        put(session, "v0", 2.0)
    with pytest.raises(OutOfRangeError):
        slow.watch.take()
    assert session.log._surplus == []


def test_a_large_batch_is_dropped_when_its_last_reader_leaves() -> None:
    session, batch = a_session_with_many(50, log_changes=10)
    session.set_many(batch, ChangeContext(), atomic=True)
    assert session.log._surplus == []  # nothing reads it
    slow, other = Reader(session), Reader(session)
    session.set_many(batch, ChangeContext(), atomic=True)
    other.sequences()
    assert len(session.log._surplus) == 50  # ten of the log, and forty of the batch
    slow.watch.close()
    assert session.log._surplus == []
