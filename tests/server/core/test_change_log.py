"""The change log and its watches: one order, each change once, everything or ``OutOfRangeError``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.change_log import TAKEN, Change
from server.core.changes import ChangeContext
from server.core.errors import InvalidArgumentError, NotFoundError, OutOfRangeError, UnavailableError
from server.core.session import Session
from tests.server.core.builders import a_session, put, reader, register
from tests.server.core.snapshot import refused


class Reader:
    """A watch and how often it was woken."""

    def __init__(self, session: Session, *identifiers: str, resume_after: int | None = None) -> None:
        self.woken = 0
        self.watch, self.watched = session.watch(identifiers, self._wake, resume_after)

    def _wake(self) -> None:
        self.woken += 1

    def sequences(self) -> list[int]:
        """All that is there to take, in however many parts."""
        found: list[int] = []
        while part := self.watch.take():
            found += [change.sequence for change in part]
        return found


def a_busy_session(**limits: int) -> Session:
    """Sequences 1 and 2 register a and b, 3 to 7 set a, b, a, b, a."""
    session = a_session(**limits)
    register(session, "a", 0)
    register(session, "b", 0)
    for number, name in enumerate("ababa", start=1):
        put(session, name, number)
    return session


def delete(session: Session, identifier: str) -> None:
    session.delete(identifier, ChangeContext())


# Reading on


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
    told = [
        (change.variable.version, change.variable.value, change.previous) for change in reader.watch.take()
    ]
    assert [(version, value.native(), before and before.native()) for version, value, before in told] == [
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


def test_a_deleted_variable_is_told_once_and_a_new_one_of_its_name_not_at_all() -> None:
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
    for one in readers:
        one.watch.close()
        one.watch.close()
    put(session, "a", 6)
    assert [one.woken for one in readers] == [0, 0]
    assert session.log.watches == set()
    assert session.close(NotFoundError("over")) == 2


def test_a_watch_that_is_ended_takes_what_was_accepted_and_then_learns_why() -> None:
    session = a_busy_session()
    of_a, reason = Reader(session, "a"), UnavailableError("the server is shutting down")
    put(session, "a", 6)
    assert session.end_watches(reason) == 1
    assert of_a.woken == 2
    put(session, "a", 7)
    assert of_a.woken == 2
    assert of_a.watch.ended is reason
    assert of_a.watch.take()[0].sequence == 8


# What is kept


def test_the_log_keeps_the_newest_by_number() -> None:
    session = a_busy_session(log_changes=3)
    assert (session.log.oldest, session.log.last) == (5, 7)
    assert [change.sequence for change in session.log.after(4)] == [5, 6, 7]
    with pytest.raises(OutOfRangeError, match="sequence 3 is no longer kept: the oldest kept is 5"):
        session.log.after(3)


def test_the_log_keeps_the_newest_by_bytes_and_always_one() -> None:
    session = a_session(log_bytes=100_000)
    register(session, "text", "", kind="string")
    for length in (10_000, 10_000, 10_000, 500_000):
        session.set("text", reader("string", "x" * length), ChangeContext())
        kept = session.log.after(session.log.oldest - 1)
        assert len(kept) == 1 or sum(change.size for change in kept) <= 100_000
    assert session.log.oldest == session.log.last == 5
    session.set("text", reader("string", ""), ChangeContext())
    assert (session.log.oldest, session.log.last) == (6, 6)
    for _ in range(20):
        session.set("text", reader("string", ""), ChangeContext())
    assert session.log.oldest == 7  # what is small is kept; 6 still holds the long text as its previous value


def test_metadata_counts_among_the_bytes() -> None:
    session = a_session(log_bytes=100_000)
    register(session, "a", metadata={"note": "x" * 60_000})
    put(session, "a", 1)
    assert session.log.oldest == 2


def test_a_slow_reader_gets_everything_or_is_told() -> None:
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
        with pytest.raises(OutOfRangeError, match="no longer kept: the oldest kept is 12"):
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


# Resuming


@pytest.mark.parametrize("after", range(8))
@pytest.mark.parametrize("identifiers", [["a"], ["b"], ["a", "b"], []])
def test_resuming_goes_on_with_exactly_what_follows(after: int, identifiers: list[str]) -> None:
    session = a_busy_session()
    owners = dict(zip(range(1, 8), "abababa", strict=True))
    resumed = Reader(session, *identifiers, resume_after=after)
    put(session, "b", 6)
    owners[8] = "b"
    assert resumed.sequences() == [
        sequence for sequence, name in owners.items() if sequence > after and name in (identifiers or "ab")
    ]


def test_resuming_where_it_is_not_kept_or_yet_to_come_is_refused() -> None:
    session = a_busy_session(log_changes=3)
    for after, words in (
        (3, "the oldest kept is 5"),
        (0, "the oldest kept is 5"),
        (8, "yet to come: the newest is 7"),
    ):
        with refused(session, OutOfRangeError, words):
            Reader(session, "a", resume_after=after)
    with refused(session, InvalidArgumentError, "resume_after: must not be negative, not -1"):
        Reader(session, "a", resume_after=-1)
    assert Reader(session, "a", resume_after=4).sequences() == [5, 7]
    assert Reader(session, "a", resume_after=7).sequences() == []


def test_a_new_session_has_nothing_before_its_first_sequence() -> None:
    session = a_session(start_sequence=5)
    assert Reader(session, resume_after=5).sequences() == []
    with refused(session, OutOfRangeError, "no longer kept"):
        Reader(session, resume_after=4)
    register(session, "a")
    assert Reader(session, resume_after=5).sequences() == [6]


@pytest.mark.parametrize("by_id", [True, False])
def test_resuming_tells_of_a_variable_that_was_deleted_meanwhile(by_id: bool) -> None:
    session = a_busy_session()
    identifier = session.get("a").id if by_id else "a"
    put(session, "a", 6)
    delete(session, "a")
    resumed = Reader(session, identifier, resume_after=7)
    assert [(change.sequence, change.kind) for change in resumed.watch.take()] == [
        (8, "value_change"),
        (9, "deleted"),
    ]
    with refused(session, NotFoundError, "Variable not found"):
        Reader(session, identifier, resume_after=9)


@pytest.mark.parametrize("by_id", [True, False])
def test_resuming_tells_the_end_of_the_variable_watched_and_not_of_a_new_one_of_its_name(by_id: bool) -> None:
    session = a_busy_session()
    identifier = session.get("a").id if by_id else "a"
    delete(session, "a")
    register(session, "a")
    put(session, "a", 6)
    assert Reader(session, identifier, resume_after=7).sequences() == [8]


def test_resuming_after_the_end_of_a_variable_goes_on_with_a_new_one_of_its_name() -> None:
    session = a_busy_session()
    delete(session, "a")
    register(session, "a")
    put(session, "a", 6)
    assert Reader(session, "a", resume_after=8).sequences() == [9, 10]


def test_a_watch_takes_a_long_backlog_in_parts_that_leave_nothing_out() -> None:
    session = a_busy_session()
    reader = Reader(session, "a")
    for number in range(3 * TAKEN):
        put(session, "b" if number % 3 == 0 else "a", number)
    part = reader.watch.take()
    assert len(part) == TAKEN
    assert reader.watch.seen < session.log.last
    rest = reader.sequences()
    expected = [change.sequence for change in session.log.after(7) if change.variable.name == "a"]
    assert [change.sequence for change in part] + rest == expected
    assert reader.watch.seen == session.log.last


def test_resuming_takes_an_id_before_an_equal_name() -> None:
    session = a_session()
    first = register(session, "first")
    register(session, first.id)
    put(session, "first", 1)
    delete(session, first.id)
    put(session, first.id, 2)
    assert Reader(session, first.id, resume_after=2).sequences() == [3, 4]


def test_resuming_costs_no_more_for_many_variables_than_for_one() -> None:
    session = a_session(log_changes=3000)
    names = [f"v{number}" for number in range(3000)]
    for name in names:
        register(session, name)
    assert len(Reader(session, *names, resume_after=0).sequences()) == 3000


def test_a_resumed_watch_that_is_not_read_holds_on_to_what_concerns_it_only() -> None:
    session = a_busy_session(log_changes=3)
    resumed = Reader(session, "a", resume_after=5)
    put(session, "b", 6)
    assert resumed.sequences() == [7]
    resumed = Reader(session, "a", resume_after=7)
    for value in range(4):
        put(session, "b", value)
    assert resumed.sequences() == []


# Any history


NAMES = ("a", "b", "c")

actions = st.one_of(
    st.tuples(st.sampled_from(["register", "set", "set", "set", "delete"]), st.sampled_from(NAMES)),
    st.tuples(st.just("batch"), st.lists(st.sampled_from(NAMES), unique=True)),
    st.tuples(st.just("watch"), st.lists(st.sampled_from(NAMES), max_size=3)),
    st.tuples(st.just("take"), st.integers(0, 9)),
)


class Witness:
    """A watch, what it was to see, and what it took."""

    def __init__(self, session: Session, names: Sequence[str]) -> None:
        self.watch, watched = session.watch(names, lambda: None)
        self.ids = {variable.id for variable in watched} if names else None
        self.opened_after = session.log.last
        self.taken: list[Change] = []

    def take(self) -> None:
        self.taken += self.watch.take()

    def concerns(self, change: Change) -> bool:
        return change.sequence > self.opened_after and (self.ids is None or change.variable.id in self.ids)


def play(session: Session, steps: Sequence[tuple[str, Any]], witnesses: list[Witness]) -> None:
    for number, (action, what) in enumerate(steps):
        known = {variable.name for variable in session.matching()}
        if action == "register" and what not in known:
            register(session, what, number)
        elif action == "set" and what in known:
            put(session, what, number)
        elif action == "delete" and what in known:
            delete(session, what)
        elif action == "batch":
            session.set_many({name: reader("float", number) for name in what}, ChangeContext(), atomic=False)
        elif action == "watch" and known.issuperset(what):
            witnesses.append(Witness(session, what))
        elif action == "take" and witnesses:
            witnesses[what % len(witnesses)].take()


@given(st.lists(actions, max_size=60))
def test_a_watch_opened_and_read_at_any_moments_takes_its_part_of_the_whole_log(
    steps: list[tuple[str, Any]],
) -> None:
    session = a_session()
    witnesses: list[Witness] = []
    play(session, steps, witnesses)
    whole = session.log.after(0)
    assert [change.sequence for change in whole] == [*range(1, len(whole) + 1)]
    for witness in witnesses:
        witness.take()
        assert witness.taken == [change for change in whole if witness.concerns(change)]


@given(st.lists(actions, max_size=60), st.integers(3, 6))
def test_with_a_short_log_a_watch_takes_its_part_or_is_told_that_some_of_it_is_gone(
    steps: list[tuple[str, Any]], kept: int
) -> None:
    session = a_session(log_changes=kept)
    whole = Witness(session, [])
    witnesses: list[Witness] = []
    for step in steps:
        if step[0] == "take":
            for witness in witnesses[step[1] :: 2]:
                left = [change.sequence for change in whole.taken if witness.concerns(change)]
                left = left[len(witness.taken) :]
                if left and left[0] < session.log.oldest:
                    with pytest.raises(OutOfRangeError, match=f"oldest kept is {session.log.oldest}$"):
                        witness.take()
                else:
                    witness.take()
                    assert [change.sequence for change in witness.taken[-len(left) :]] == left or not left
        else:
            play(session, [step], witnesses)
            whole.take()
