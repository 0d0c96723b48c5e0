"""The resumption of watches, and watches of random histories: they get all changes or an error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.change_log import MAX_TAKEN_BYTES, MAX_TAKEN_CHANGES, Change
from server.core.changes import ChangeContext
from server.core.errors import InvalidArgumentError, NotFoundError, OutOfRangeError
from server.core.session import Session
from tests.server.core.builders import a_session, put, reader, register
from tests.server.core.log_builders import Reader, a_busy_session, delete
from tests.server.core.snapshot import refused

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


def test_resuming_before_the_log_or_beyond_the_latest_is_refused() -> None:
    session = a_busy_session(log_changes=3)
    for after, words in (
        (3, "the oldest retained is 5"),
        (0, "the oldest retained is 5"),
        (8, "beyond the latest, 7"),
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
    with refused(session, OutOfRangeError, "no longer retained"):
        Reader(session, resume_after=4)
    register(session, "a")
    assert Reader(session, resume_after=5).sequences() == [6]


@pytest.mark.parametrize("by_id", [True, False])
def test_a_resumed_watch_gets_the_deletion_of_a_variable(by_id: bool) -> None:
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
def test_a_resumed_watch_gets_the_deletion_of_its_variable_and_not_of_a_new_one_of_the_name(
    by_id: bool,
) -> None:
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
    for number in range(3 * MAX_TAKEN_CHANGES):
        put(session, "b" if number % 3 == 0 else "a", number)
    part = reader.watch.take()
    assert len(part) == MAX_TAKEN_CHANGES
    assert reader.watch.seen < session.log.last
    rest = reader.sequences()
    expected = [change.sequence for change in session.log.after(7) if change.variable.name == "a"]
    assert [change.sequence for change in part] + rest == expected
    assert reader.watch.seen == session.log.last


def test_a_watch_takes_large_changes_in_parts() -> None:
    session = a_session()
    session.register("a", "string", "", reader("string", ""), ChangeContext())
    watch = Reader(session, "a").watch
    for size in (3, 3, 1, 1, 1, 3):
        session.set("a", reader("string", "x" * (size * MAX_TAKEN_BYTES // 8)), ChangeContext())
    parts = []
    while part := watch.take():
        parts.append([change.sequence for change in part])
    assert parts == [[2], [3], [4], [5, 6], [7]]


def test_a_watch_that_has_fallen_behind_drops_its_initial_values() -> None:
    session = a_busy_session(log_changes=3)
    watches = [Reader(session, *names).watch for names in (["a"], ["b"], [])]
    for watch in watches:
        watch.initial.append(lambda: b"value")
    for expected in ((1, 1, 1), (1, 1, 1), (1, 1, 1), (0, 1, 0)):
        put(session, "a", 1)
        assert tuple(len(watch.initial) for watch in watches) == expected
    with pytest.raises(OutOfRangeError):
        watches[0].take()
    assert watches[1].take() == []


def test_a_watch_keeps_its_initial_values_during_a_batch_beyond_the_log() -> None:
    session = a_busy_session(log_changes=1)
    watch = Reader(session, "a").watch
    watch.initial.append(lambda: b"value")
    readers = {name: reader("float", 1) for name in "ab"}
    session.set_many(readers, ChangeContext(), atomic=True)
    assert len(watch.initial) == 1
    assert [change.sequence for change in watch.take()] == [8]
    watch.close()
    assert not watch.initial
    assert not session.log._beginning


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


# Random histories


NAMES = ("a", "b", "c")

actions = st.one_of(
    st.tuples(st.sampled_from(["register", "set", "set", "set", "delete"]), st.sampled_from(NAMES)),
    st.tuples(st.just("batch"), st.lists(st.sampled_from(NAMES), unique=True)),
    st.tuples(st.just("watch"), st.lists(st.sampled_from(NAMES), max_size=3)),
    st.tuples(st.just("take"), st.integers(0, 9)),
)


class Witness:
    """A watch, with the ids and the sequence that determine its changes, and those that it took."""

    def __init__(self, session: Session, names: Sequence[str]) -> None:
        self.watch, watched = session.watch(names, lambda: None)
        self.ids = {variable.id for variable in watched} if names else None
        self.opened_after = session.log.last
        self.taken: list[Change] = []

    def take(self) -> None:
        self.taken += self.watch.take()

    def includes(self, change: Change) -> bool:
        return change.sequence > self.opened_after and (self.ids is None or change.variable.id in self.ids)


def play(session: Session, steps: Sequence[tuple[str, Any]], witnesses: list[Witness]) -> None:
    for number, (action, target) in enumerate(steps):
        known = {variable.name for variable in session.matching()}
        if action == "register" and target not in known:
            register(session, target, number)
        elif action == "set" and target in known:
            put(session, target, number)
        elif action == "delete" and target in known:
            delete(session, target)
        elif action == "batch":
            readers = {name: reader("float", number) for name in target}
            session.set_many(readers, ChangeContext(), atomic=False)
        elif action == "watch" and known.issuperset(target):
            witnesses.append(Witness(session, target))
        elif action == "take" and witnesses:
            witnesses[target % len(witnesses)].take()


@given(st.lists(actions, max_size=60))
def test_a_watch_opened_and_read_at_any_moments_takes_its_part_of_the_whole_log(
    steps: list[tuple[str, Any]],
) -> None:
    session = a_session()
    witnesses: list[Witness] = []
    play(session, steps, witnesses)
    whole = [*session.log.after(0)]
    assert [change.sequence for change in whole] == [*range(1, len(whole) + 1)]
    for witness in witnesses:
        witness.take()
        assert witness.taken == [change for change in whole if witness.includes(change)]


@given(st.lists(actions, max_size=60), st.integers(3, 6))
def test_with_a_short_log_a_watch_takes_its_part_or_gets_an_error(
    steps: list[tuple[str, Any]], log_changes: int
) -> None:
    session = a_session(log_changes=log_changes)
    whole = Witness(session, [])
    witnesses: list[Witness] = []
    for step in steps:
        if step[0] == "take":
            for witness in witnesses[step[1] :: 2]:
                left = [change.sequence for change in whole.taken if witness.includes(change)]
                left = left[len(witness.taken) :]
                if left and left[0] < session.log.oldest:
                    with pytest.raises(OutOfRangeError, match=f"oldest retained is {session.log.oldest}$"):
                        witness.take()
                else:
                    witness.take()
                    assert [change.sequence for change in witness.taken[-len(left) :]] == left or not left
        else:
            play(session, [step], witnesses)
            whole.take()
