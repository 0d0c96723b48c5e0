"""One session's variables: what each change does, and that a refused one leaves no trace."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.changes import ChangeContext
from server.core.errors import (
    AbortedError,
    AlreadyExistsError,
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    RefusalError,
    ResourceExhaustedError,
    UnavailableError,
)
from server.core.limits import Limits
from server.core.session import Session
from server.storage.memory import MemoryStore
from server.storage.records import Opened, Record
from tests.model import glob
from tests.server.core.builders import SECOND, FakeClock, a_session, put, reader, register
from tests.server.core.snapshot import picture, refused


def versions(session: Session, identifier: str) -> list[int]:
    return [change.variable.version for change in session.history(identifier)]


def values(session: Session) -> dict[str, object]:
    return {variable.name: variable.value.native() for variable in session.matching()}


# Registering


def test_a_registered_variable_is_at_version_1_and_found_by_id_and_name() -> None:
    session = a_session()
    variable = register(session, "rate", 0.5, constraints={"max": 1}, metadata={"unit": "1/s"})
    assert re.fullmatch(r"var_rate_\w+", variable.id)
    assert (variable.version, variable.value.native(), variable.metadata) == (1, 0.5, {"unit": "1/s"})
    assert session.get("rate") is session.get(variable.id) is variable
    assert versions(session, "rate") == [1]


def test_a_taken_name_is_refused_whatever_its_type() -> None:
    session = a_session()
    register(session, "rate", 0.5)
    with refused(session, AlreadyExistsError, "Variable already exists: rate"):
        register(session, "rate", "fast", kind="string")


def test_what_is_found_by_name_does_not_share_what_the_request_holds() -> None:
    session = a_session()
    metadata = {"unit": "s"}
    register(session, "rate", metadata=metadata)
    metadata["unit"] = "h"
    assert session.get("rate").metadata == {"unit": "s"}


@pytest.mark.parametrize("name", ["a", "x" * 256, "with space", "größe", "a/b", "*", "[a]", "var_rate_0"])
def test_a_name_may_be_any_256_characters(name: str) -> None:
    session = a_session()
    assert session.get(register(session, name).id).name == name


@pytest.mark.parametrize("name", ["", "x" * 257, "a\nb", "\x00", "\x7f", "a\x9f"])
def test_a_name_without_characters_or_with_control_characters_or_too_long_is_refused(name: str) -> None:
    session = a_session()
    with refused(session, InvalidArgumentError, "^name: must"):
        register(session, name)
    for attempt in (session.get, session.history):
        with refused(session, InvalidArgumentError, "^variable_identifier: must"):
            attempt(name)


def test_an_id_wins_over_an_equal_name() -> None:
    session = a_session()
    first = register(session, "first", 0.1)
    second = register(session, first.id, 0.2)
    assert session.get(first.id) is first
    put(session, first.id, 0.3)
    assert values(session) == {"first": 0.3, first.id: 0.2}
    session.delete(first.id, ChangeContext())
    assert session.get(first.id) is second


def test_two_variables_of_one_name_in_turn_have_two_ids() -> None:
    session = a_session()
    ids = set()
    for _ in range(50):
        ids.add(register(session, "rate").id)
        session.delete("rate", ChangeContext())
    assert len(ids) == 50


# Setting


def test_every_set_adds_one_to_the_version_an_equal_value_too() -> None:
    session = a_session()
    variable = register(session, "rate", 0.5)
    assert [put(session, "rate", 0.6), put(session, variable.id, 0.6), put(session, "rate", 0.6)] == [2, 3, 4]
    assert session.get("rate").version == 4


def test_an_older_version_that_a_reader_holds_does_not_change() -> None:
    session = a_session()
    held = register(session, "rate", 0.5, metadata={"a": "1"})
    put(session, "rate", 0.6, metadata={"a": "2", "b": "3"})
    assert (held.version, held.value.native(), held.metadata) == (1, 0.5, {"a": "1"})


def test_metadata_is_merged_into_the_variables() -> None:
    session = a_session()
    register(session, "rate", metadata={"a": "1", "b": "1"})
    put(session, "rate", 0.6, metadata={"b": "2", "c": "2"})
    put(session, "rate", 0.7)
    assert session.get("rate").metadata == {"a": "1", "b": "2", "c": "2"}
    assert [change.metadata for change in session.history("rate")] == [
        {},
        {"b": "2", "c": "2"},
        {"a": "1", "b": "1"},
    ]


def test_the_source_is_that_of_the_last_change() -> None:
    session = a_session()
    sources = [register(session, "rate", metadata={"source": "elixir"}).from_elixir]
    for metadata in ({}, {"source": "elixir"}, {"source": "Elixir"}, {"source": "python"}):
        put(session, "rate", 0.5, metadata=metadata)
        sources.append(session.get("rate").from_elixir)
    assert sources == [True, False, True, False, False]


def test_the_time_is_the_clocks_and_never_goes_backwards() -> None:
    clock = FakeClock()
    session = a_session(clock)
    times = [register(session, "rate").updated_at]
    for step in (5, -3600, 1, 3600):
        clock.nanoseconds += step * SECOND
        put(session, "rate", 0.5)
        times.append(session.get("rate").updated_at)
    start = times[0]
    assert times == [start + seconds * SECOND for seconds in (0, 5, 5, 5, 6)]
    clock.nanoseconds -= 7200 * SECOND
    assert register(session, "other").updated_at == times[-1]
    session.delete("rate", ChangeContext())
    assert [change.at for change in session.log.after(0)] == [*times, times[-1], times[-1]]


# Versions expected, and sets that are repeated


def test_an_expected_version_that_is_the_present_one_sets() -> None:
    session = a_session()
    register(session, "rate")
    assert put(session, "rate", 0.6, expected=1) == 2
    assert put(session, "rate", 0.7, expected=2) == 3


@pytest.mark.parametrize("expected", [0, 1, 3, -1, 2**31 - 1])
def test_an_expected_version_that_is_another_is_refused_with_the_present_one(expected: int) -> None:
    session = a_session()
    register(session, "rate")
    put(session, "rate", 0.6)
    with refused(session, AbortedError, f"rate: expected version {expected}, the current version is 2"):
        put(session, "rate", 0.7, expected=expected)


def test_the_versions_of_a_name_begin_again_with_a_new_variable() -> None:
    session = a_session()
    old = register(session, "rate")
    put(session, "rate", 0.6)
    session.delete("rate", ChangeContext())
    new = register(session, "rate")
    assert new.version == 1
    assert versions(session, "rate") == [1]
    with refused(session, NotFoundError, f"Variable not found: {old.id}"):
        put(session, old.id, 0.7)
    with refused(session, AbortedError, "the current version is 1"):
        put(session, "rate", 0.7, expected=2)


def test_a_repeated_request_applies_once_and_gets_the_first_answer() -> None:
    session = a_session()
    register(session, "rate")
    assert put(session, "rate", 0.6, request_id="r1") == 2
    assert put(session, "rate", 0.7) == 3
    before = picture(session)
    assert put(session, "rate", 0.6, request_id="r1") == 2
    assert put(session, "rate", 0.6, request_id="r1", expected=1) == 2
    assert picture(session) == before


def test_a_refused_request_is_not_kept() -> None:
    session = a_session()
    register(session, "rate", constraints={"max": 1})
    with refused(session, InvalidArgumentError, "above maximum"):
        put(session, "rate", 2, request_id="r1")
    with refused(session, AbortedError, "current version"):
        put(session, "rate", 0.1, request_id="r1", expected=7)
    with refused(session, NotFoundError, "not found"):
        put(session, "other", 0.1, request_id="r1")
    assert put(session, "rate", 0.1, request_id="r1") == 2


def test_only_the_newest_requests_are_kept() -> None:
    session = a_session(request_ids=3)
    register(session, "rate")
    for number in range(1, 5):
        put(session, "rate", 0.5, request_id=f"r{number}")
    assert put(session, "rate", 0.5, request_id="r2") == 3  # a repeat makes it no newer
    assert put(session, "rate", 0.5, request_id="r1") == 6
    assert put(session, "rate", 0.5, request_id="r2") == 7
    assert put(session, "rate", 0.5, request_id="r4") == 5


def test_a_request_id_is_a_name_like_any() -> None:
    session = a_session()
    register(session, "rate")
    for request_id in ("x" * 257, "a\nb"):
        with refused(session, InvalidArgumentError, "^request_id: must"):
            put(session, "rate", 0.5, request_id=request_id)
    assert put(session, "rate", 0.5, request_id="x" * 256) == 2


# Several at once


def a_trio(**limits: int) -> Session:
    session = a_session(**limits)
    for name in ("a", "b", "c"):
        register(session, name, 0, constraints={"max": 9})
    return session


def updates(**values: object) -> dict[str, Callable[..., object]]:
    return {name: reader("float", value) for name, value in values.items()}


@pytest.mark.parametrize("atomic", [True, False])
def test_a_batch_sets_each_in_the_order_given(atomic: bool) -> None:
    session = a_trio()
    identifier = session.get("a").id
    batch = {"c": reader("float", 3), identifier: reader("float", 1)}
    assert session.set_many(batch, ChangeContext({"why": "all"}), atomic=atomic) == (
        {"c": 2, identifier: 2},
        {},
    )
    assert values(session) == {"a": 1, "b": 0, "c": 3}
    told = session.log.after(3)
    assert [(change.sequence, change.variable.name) for change in told] == [(4, "c"), (5, "a")]
    assert [change.previous.native() for change in told if change.previous] == [0, 0]
    assert session.get("a").metadata == session.get("c").metadata == {"why": "all"}


@pytest.mark.parametrize("atomic", [True, False])
def test_an_empty_batch_succeeds_and_changes_nothing(atomic: bool) -> None:
    session = a_trio()
    before = picture(session)
    assert session.set_many({}, ChangeContext(), atomic=atomic) == ({}, {})
    assert picture(session) == before


def test_an_atomic_batch_with_a_fault_changes_nothing_and_names_only_those_at_fault() -> None:
    session = a_trio()
    before = picture(session)
    batch = updates(a=1, b=10, c="x", d=1)
    done, errors = session.set_many(batch, ChangeContext({"why": "all"}), atomic=True)
    assert done == {}
    assert errors.keys() == {"b", "c", "d"}
    assert "10.0 is above maximum 9" in errors["b"]
    assert "must be a number" in errors["c"]
    assert errors["d"] == "Variable not found: d"
    assert picture(session) == before


def test_a_batch_that_is_not_atomic_sets_what_is_not_at_fault() -> None:
    session = a_trio()
    assert session.set_many(updates(d=1, a=1, b=10, c=3), ChangeContext(), atomic=False)[0] == {
        "a": 2,
        "c": 2,
    }
    assert values(session) == {"a": 1, "b": 0, "c": 3}


def test_too_much_metadata_is_a_fault_of_the_variable_that_has_no_room() -> None:
    session = a_trio(metadata=2)
    put(session, "b", 1, metadata={"x": "1", "y": "1"})
    done, errors = session.set_many(updates(a=1, b=2), ChangeContext({"z": "1"}), atomic=False)
    assert done == {"a": 2}
    assert errors.keys() == {"b"}


@pytest.mark.parametrize("atomic", [True, False])
def test_a_variable_named_twice_is_refused(atomic: bool) -> None:
    session = a_trio()
    identifier = session.get("a").id
    batch = {"b": reader("float", 1), "a": reader("float", 1), identifier: reader("float", 1)}
    with refused(session, InvalidArgumentError, f"updates: a and {identifier} name the same variable"):
        session.set_many(batch, ChangeContext(), atomic=atomic)


def test_a_variable_named_twice_is_refused_even_where_one_value_is_at_fault() -> None:
    session = a_trio()
    batch = {"a": reader("float", 10), session.get("a").id: reader("float", 1)}
    with refused(session, InvalidArgumentError, "name the same variable"):
        session.set_many(batch, ChangeContext(), atomic=False)


def test_several_are_read_by_the_identifiers_asked_for() -> None:
    session = a_trio()
    first = session.get("a")
    found, missing = session.get_many(["z", "c", first.id, "y", "a", "z", "c"])
    assert [*found] == ["c", first.id, "a"]
    assert found[first.id] is found["a"] is first
    assert missing == ["z", "y"]
    assert session.get_many([]) == ({}, [])
    with refused(session, InvalidArgumentError, "^variable_identifiers: must"):
        session.get_many(["a", ""])


# Listing


def test_variables_are_listed_in_order_of_registration() -> None:
    session = a_session()
    for name in ("b", "a", "c"):
        register(session, name)
    put(session, "a", 1)
    session.delete("b", ChangeContext())
    register(session, "b")
    assert [variable.name for variable in session.matching()] == ["a", "c", "b"]
    assert [variable.name for variable in session.matching("?")] == ["a", "c", "b"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("", ["rate", "rate.max", "[a]", "a", "Rate", "r\u2028e"]),
        ("*", ["rate", "rate.max", "[a]", "a", "Rate", "r\u2028e"]),
        ("***", ["rate", "rate.max", "[a]", "a", "Rate", "r\u2028e"]),
        ("rate", ["rate"]),
        ("rate*", ["rate", "rate.max"]),
        ("rate.*", ["rate.max"]),
        ("rate?max", ["rate.max"]),
        ("r*e", ["rate", "r\u2028e"]),
        ("r?e", ["r\u2028e"]),
        ("?a*", ["rate", "rate.max", "[a]", "Rate"]),
        ("[a]", ["[a]"]),
        ("[!b]", []),
        ("[*", ["[a]"]),
        ("?", ["a"]),
        ("???", ["[a]", "r\u2028e"]),
        ("a|rate", []),
        ("(a)", []),
        ("^a$", []),
        (r"\a", []),
        ("rat", []),
        ("ate", []),
    ],
)
def test_a_pattern_is_a_glob_over_the_whole_name(pattern: str, names: list[str]) -> None:
    session = a_session()
    for name in ("rate", "rate.max", "[a]", "a", "Rate", "r\u2028e"):
        register(session, name)
    assert [variable.name for variable in session.matching(pattern)] == names


@given(st.text("ab*?.", max_size=8), st.lists(st.text("ab.", min_size=1, max_size=6), unique=True))
def test_a_glob_matches_what_its_definition_says(pattern: str, names: list[str]) -> None:
    session = a_session()
    for name in names:
        register(session, name)
    matched = [variable.name for variable in session.matching(pattern)]
    assert matched == [name for name in names if glob(pattern or "*", name)]


@pytest.mark.timeout(10)
def test_no_pattern_takes_long() -> None:
    session = a_session()
    register(session, "a" * 256)
    for pattern in ("*a" * 60 + "*b", "*" * 100_000 + "b", "?" * 1_000_000, "*?" * 200 + "b"):
        assert session.matching(pattern) == []


# Deleting


def test_a_deleted_variable_is_gone_under_both_its_names() -> None:
    session = a_session()
    variable = register(session, "rate")
    register(session, "other")
    session.delete(variable.id, ChangeContext({"why": "done"}))
    assert len(session) == 1
    for identifier in ("rate", variable.id):
        with refused(session, NotFoundError, f"Variable not found: {identifier}"):
            session.get(identifier)
        with refused(session, NotFoundError, "Variable not found"):
            session.delete(identifier, ChangeContext())
        with refused(session, NotFoundError, "Variable not found"):
            session.history(identifier)
    (told,) = session.log.after(2)
    assert (told.kind, told.variable, told.previous, told.metadata) == (
        "deleted",
        variable,
        None,
        {"why": "done"},
    )


# History and rollback


def test_the_history_has_one_entry_for_each_change_newest_first() -> None:
    session = a_session()
    register(session, "rate", 0.1, metadata={"changed_by": "ada"})
    put(session, "rate", 0.2, metadata={"why": "x"})
    put(session, "rate", 0.3, metadata={"changed_by": "ben"})
    session.roll_back("rate", 1, ChangeContext())
    session.set("rate", reader("float", 0.5), ChangeContext(made_by="tool:increment"))
    entries = session.history("rate")
    assert [(e.variable.version, e.variable.value.native(), e.changed_by) for e in entries] == [
        (5, 0.5, "tool:increment"),
        (4, 0.1, "rollback to version 1"),
        (3, 0.3, "ben"),
        (2, 0.2, "client"),
        (1, 0.1, "ada"),
    ]
    assert session.history("rate", 2) == entries[:2]
    assert session.history("rate", 99) == session.history("rate", 0) == entries
    with refused(session, InvalidArgumentError, "limit: must not be negative, not -1"):
        session.history("rate", -1)


def test_the_history_keeps_the_newest() -> None:
    session = a_session(history=3)
    register(session, "rate", 1)
    for value in (2, 3):
        put(session, "rate", value)
    assert versions(session, "rate") == [3, 2, 1]
    put(session, "rate", 4)
    assert versions(session, "rate") == [4, 3, 2]
    with refused(session, OutOfRangeError, "version 1 of rate is not in its history: 2 to 4 are"):
        session.roll_back("rate", 1, ChangeContext())
    assert session.roll_back("rate", 2, ChangeContext()).value.native() == 2


def test_a_rollback_writes_the_old_value_as_a_new_version_and_merges_its_metadata() -> None:
    session = a_session()
    register(session, "rate", 0.1, metadata={"a": "1"})
    put(session, "rate", 0.2, metadata={"a": "2"})
    variable = session.roll_back("rate", 1, ChangeContext({"b": "3", "changed_by": "ada"}))
    assert variable is session.get("rate")
    assert (variable.version, variable.value.native()) == (3, 0.1)
    assert variable.metadata == {"a": "2", "b": "3", "changed_by": "ada"}
    (told,) = session.log.after(2)
    assert (told.kind, told.variable, told.changed_by) == ("value_change", variable, "ada")
    assert told.previous is not None
    assert told.previous.native() == 0.2
    assert session.roll_back("rate", 3, ChangeContext()).version == 4


@pytest.mark.parametrize("version", [0, -1, 3, 2**31 - 1])
def test_a_rollback_to_what_is_not_in_the_history_is_refused(version: int) -> None:
    session = a_session()
    register(session, "rate")
    put(session, "rate", 0.2)
    with refused(session, OutOfRangeError, f"version {version} of rate is not in its history: 1 to 2 are"):
        session.roll_back("rate", version, ChangeContext())


# What is refused


def crowded() -> Session:
    """A session at its caps: variables, metadata of ``rate`` and, with the one of ``refused``, watches."""
    session = a_session(variables=2, metadata=2, watches=3)
    register(session, "rate", 0.5, constraints={"min": 0, "max": 1}, metadata={"a": "1"})
    register(session, "mode", "fast", kind="choice", constraints={"choices": ["fast", "slow"]})
    put(session, "rate", 0.6, metadata={"b": "2"}, request_id="r1")
    session.watch(["rate"], lambda: None)
    session.watch([], lambda: None)
    return session


LONG = {"x": "1", "y": "1", "z": "1"}


@pytest.mark.parametrize(
    ("change", "refusal", "words"),
    [
        (lambda s: register(s, "third"), ResourceExhaustedError, "variables: a session holds at most 2"),
        (lambda s: register(s, "rate"), AlreadyExistsError, "already exists"),
        (lambda s: register(s, "third", kind="real"), InvalidArgumentError, "type: must be one of"),
        (lambda s: register(s, "third", "x"), InvalidArgumentError, "must be a number"),
        (lambda s: register(s, "third", 2, constraints={"max": 1}), InvalidArgumentError, "above maximum"),
        (lambda s: register(s, "third", constraints={"mx": 1}), InvalidArgumentError, "Invalid constraints"),
        (lambda s: register(s, "third", metadata=LONG), ResourceExhaustedError, "metadata: at most 2"),
        (lambda s: put(s, "rate", 2), InvalidArgumentError, "above maximum"),
        (lambda s: put(s, "rate", "x"), InvalidArgumentError, "must be a number"),
        (lambda s: put(s, "rate", 1, kind="integer"), InvalidArgumentError, "the variable of type float"),
        (lambda s: put(s, "mode", "Fast", kind="choice"), InvalidArgumentError, "must be one of fast, slow"),
        (lambda s: put(s, "rate", 0.1, metadata={"c": "3"}), ResourceExhaustedError, "metadata: at most 2"),
        (lambda s: put(s, "rate", 0.1, expected=1), AbortedError, "the current version is 2"),
        (lambda s: put(s, "third", 0.1), NotFoundError, "Variable not found: third"),
        (lambda s: put(s, "", 0.1), InvalidArgumentError, "variable_identifier: must not be empty"),
        (lambda s: s.roll_back("rate", 3, ChangeContext()), OutOfRangeError, "not in its history"),
        (
            lambda s: s.roll_back("rate", 1, ChangeContext({"c": "3"})),
            ResourceExhaustedError,
            "metadata: at most 2",
        ),
        (
            lambda s: s.roll_back("rate", 1, ChangeContext(expected_version=1)),
            AbortedError,
            "the current version is 2",
        ),
        (lambda s: s.roll_back("third", 1, ChangeContext()), NotFoundError, "Variable not found"),
        (lambda s: s.delete("third", ChangeContext()), NotFoundError, "Variable not found"),
        (lambda s: s.delete("rate", ChangeContext(LONG)), ResourceExhaustedError, "metadata: at most 2"),
        (lambda s: s.watch([], print), ResourceExhaustedError, "watches: a session has at most 3"),
        (lambda s: s.watch(["rate", "third"], print), NotFoundError, "Variable not found: third"),
        (lambda s: s.watch(["rate"], print, -1), InvalidArgumentError, "resume_after: must not be negative"),
        (lambda s: s.watch(["rate"], print, 4), OutOfRangeError, "yet to come"),
    ],
)
def test_what_is_refused_leaves_no_trace(
    change: Callable[[Session], object], refusal: type[RefusalError], words: str
) -> None:
    session = crowded()
    with refused(session, refusal, words):
        change(session)


def test_a_session_at_its_caps_works_on() -> None:
    session = crowded()
    with refused(session, ResourceExhaustedError, "variables"):
        register(session, "third")
    assert put(session, "rate", 0.7, metadata={"a": "3"}) == 3
    session.delete("mode", ChangeContext())
    assert register(session, "third").version == 1


class RefusingStore(MemoryStore):
    """Takes nothing more from a moment on."""

    refuses = False

    def write(self, record: Record, publish: Callable[[], object]) -> None:
        if self.refuses:
            raise UnavailableError("another bridge has the session now")
        super().write(record, publish)


def test_what_a_store_refuses_leaves_no_trace() -> None:
    store, clock = RefusingStore(), FakeClock()
    session = Session(Opened("tuning", {}, clock.utc(), 60.0, 0), clock, Limits(request_ids=1), store)
    register(session, "rate")
    register(session, "other")
    session.depend("rate", "other", "derived")
    put(session, "rate", 0.1, request_id="first")
    changes: list[Callable[[], object]] = [
        lambda: register(session, "new"),
        lambda: put(session, "rate", 0.2, request_id="second"),
        lambda: session.set_many({"rate": reader("float", 0.2)}, ChangeContext(), atomic=True),
        lambda: session.roll_back("rate", 1, ChangeContext()),
        lambda: session.delete("rate", ChangeContext()),
    ]
    for change in changes:
        store.refuses = True
        with refused(session, UnavailableError, "another bridge"):
            change()
        store.refuses = False
        assert session.sequence == session.log.last
    assert put(session, "rate", 0.3, request_id="first") == 2
    assert put(session, "rate", 0.3, request_id="second") == 3
    assert session.log.newest.variable.name == "other", "it follows still"
