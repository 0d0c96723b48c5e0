"""Batches, lists and deletions of a session: their results and their order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core.changes import ChangeContext
from server.core.errors import (
    InvalidArgumentError,
    NotFoundError,
)
from server.core.session import Session
from tests.server.core.builders import FakeClock, a_session, put, reader, register
from tests.server.core.session_builders import values
from tests.server.core.snapshot import refused, snapshot
from varbridge.conformance.model.model import matches

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
    changes = [*session.log.after(3)]
    assert [(change.sequence, change.variable.name) for change in changes] == [(4, "c"), (5, "a")]
    assert [change.previous.native() for change in changes if change.previous] == [0, 0]
    assert session.get("a").metadata == session.get("c").metadata == {"why": "all"}


def test_a_planned_batch_is_applied_as_if_it_had_been_planned_at_that_moment() -> None:
    clock = FakeClock()
    session = a_session(clock)
    for name in ("same", "set", "locked", "registered", "deleted"):
        register(session, name, 0, constraints={"max": 9})
    batch, edit = updates(same=1, set=2, locked=3, registered=10, deleted=5), ChangeContext({"why": "all"})
    plans = {name: session.plan_set(session.get(name), batch[name], edit) for name in batch}
    put(session, "set", 7, metadata={"by": "another"})
    session.start_optimization("locked", "Bo")
    session.delete("registered", ChangeContext())
    register(session, "registered", 0, constraints={"max": 10})
    session.delete("deleted", ChangeContext())
    clock.advance(60)
    first = session.sequence + 1

    done, errors = session.set_many(batch, edit, atomic=False, plans=plans)

    assert done == {"same": 2, "set": 3, "registered": 2}
    assert errors.keys() == {"locked", "deleted"}
    assert "locked_for_optimization" in errors["locked"]
    assert errors["deleted"] == "Variable not found: deleted"
    changes = [*session.log.after(first - 1)]
    assert [(change.sequence, change.variable.name) for change in changes] == [
        (first, "same"),
        (first + 1, "set"),
        (first + 2, "registered"),
    ]
    assert [change.previous.native() for change in changes if change.previous] == [0, 7, 0]
    assert {change.at for change in changes} == {clock.utc()}
    assert {change.variable.updated_at for change in changes} == {clock.utc()}
    assert session.get("set").metadata == {"by": "another", "why": "all"}


def test_the_refusal_of_a_plan_holds_only_as_long_as_its_variable() -> None:
    session = a_trio()
    session.start_optimization("a", "Bo")
    batch = updates(a=1, b=10)
    plans = {name: session.plan_set(session.get(name), batch[name], ChangeContext()) for name in batch}
    session.stop_optimization("a", "Bo", force=False)
    before = snapshot(session)
    done, errors = session.set_many(batch, ChangeContext(), atomic=True, plans=plans)
    assert (done, errors.keys()) == ({}, {"b"})
    assert "is above maximum 9" in errors["b"]
    assert snapshot(session) == before
    done, errors = session.set_many(batch, ChangeContext(), atomic=False, plans=plans)
    assert (done, errors.keys()) == ({"a": 2}, {"b"})


@pytest.mark.parametrize("atomic", [True, False])
def test_an_empty_batch_succeeds_and_changes_nothing(atomic: bool) -> None:
    session = a_trio()
    before = snapshot(session)
    assert session.set_many({}, ChangeContext(), atomic=atomic) == ({}, {})
    assert snapshot(session) == before


def test_an_atomic_batch_with_a_fault_changes_nothing_and_names_only_those_at_fault() -> None:
    session = a_trio()
    before = snapshot(session)
    batch = updates(a=1, b=10, c="x", d=1)
    done, errors = session.set_many(batch, ChangeContext({"why": "all"}), atomic=True)
    assert done == {}
    assert errors.keys() == {"b", "c", "d"}
    assert "10.0 is above maximum 9" in errors["b"]
    assert "must be a number" in errors["c"]
    assert errors["d"] == "Variable not found: d"
    assert snapshot(session) == before


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
    variables, missing = session.get_many(["z", "c", first.id, "y", "a", "z", "c"])
    assert [*variables] == ["c", first.id, "a"]
    assert variables[first.id] is variables["a"] is first
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
    assert matched == [name for name in names if matches(pattern or "*", name)]


@pytest.mark.timeout(10)
def test_no_pattern_takes_long() -> None:
    session = a_session()
    register(session, "a" * 256)
    for pattern in ("*a" * 60 + "*b", "*" * 100_000 + "b", "?" * 1_000_000, "*?" * 200 + "b"):
        assert session.matching(pattern) == []


# Deleting


def test_a_deleted_variable_is_not_found_by_id_or_name() -> None:
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
    (change,) = session.log.after(2)
    assert (change.kind, change.variable, change.previous, change.metadata) == (
        "deleted",
        variable,
        None,
        {"why": "done"},
    )
