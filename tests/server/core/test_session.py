"""The variables of a session: registration, sets, expected versions and repeated requests."""

from __future__ import annotations

import re

import pytest

from server.core.changes import ChangeContext
from server.core.errors import (
    AbortedError,
    AlreadyExistsError,
    InvalidArgumentError,
    NotFoundError,
)
from tests.server.core.builders import SECOND, FakeClock, a_session, put, register
from tests.server.core.session_builders import values, versions
from tests.server.core.snapshot import refused, snapshot

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


def test_the_id_of_a_deleted_variable_with_a_long_name_is_not_found() -> None:
    session = a_session()
    variable = register(session, "n" * 256, 0.5)
    session.delete(variable.id, ChangeContext())
    with refused(session, NotFoundError, "Variable not found"):
        session.get(variable.id)
    assert session.get_many([variable.id, "x"]) == ({}, [variable.id, "x"])


def test_an_identifier_that_is_neither_a_name_nor_an_id_is_refused() -> None:
    session = a_session()
    for identifier in (
        "n" * 257,
        f"var_{'n' * 257}_0123456789abcdef",
        "var__0123456789abcdef",
        "var_\n_0123456789abcdef",
    ):
        with refused(session, InvalidArgumentError, "variable_identifier"):
            session.get(identifier)


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
    before = snapshot(session)
    assert put(session, "rate", 0.6, request_id="r1") == 2
    assert put(session, "rate", 0.6, request_id="r1", expected=1) == 2
    assert snapshot(session) == before


def test_a_refused_request_id_is_not_stored() -> None:
    session = a_session()
    register(session, "rate", constraints={"max": 1})
    with refused(session, InvalidArgumentError, "above maximum"):
        put(session, "rate", 2, request_id="r1")
    with refused(session, AbortedError, "current version"):
        put(session, "rate", 0.1, request_id="r1", expected=7)
    with refused(session, NotFoundError, "not found"):
        put(session, "other", 0.1, request_id="r1")
    assert put(session, "rate", 0.1, request_id="r1") == 2


def test_only_the_newest_request_ids_are_retained() -> None:
    session = a_session(request_ids=3)
    register(session, "rate")
    for number in range(1, 5):
        put(session, "rate", 0.5, request_id=f"r{number}")
    assert put(session, "rate", 0.5, request_id="r2") == 3  # the repeat has not changed the version
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
