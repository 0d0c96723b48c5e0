"""History and rollback of variables, and refused changes, which leave the session unchanged."""

from __future__ import annotations

from collections.abc import Callable

import pytest

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
from tests.server.core.builders import FakeClock, a_session, put, reader, register
from tests.server.core.session_builders import versions
from tests.server.core.snapshot import refused

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
    (change,) = session.log.after(2)
    assert (change.kind, change.variable, change.changed_by) == ("value_change", variable, "ada")
    assert change.previous is not None
    assert change.previous.native() == 0.2
    assert session.roll_back("rate", 3, ChangeContext()).version == 4


@pytest.mark.parametrize("version", [0, -1, 3, 2**31 - 1])
def test_a_rollback_to_what_is_not_in_the_history_is_refused(version: int) -> None:
    session = a_session()
    register(session, "rate")
    put(session, "rate", 0.2)
    with refused(session, OutOfRangeError, f"version {version} of rate is not in its history: 1 to 2 are"):
        session.roll_back("rate", version, ChangeContext())


# Refused changes


def full_session() -> Session:
    """Return a session at its limits of variables, of metadata of ``rate``, and of watches.

    The limit of watches is reached with the watch that ``refused`` opens.
    """
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
        (lambda s: s.watch(["rate"], print, 4), OutOfRangeError, "beyond the latest"),
    ],
)
def test_what_is_refused_leaves_no_trace(
    change: Callable[[Session], object], refusal: type[RefusalError], words: str
) -> None:
    session = full_session()
    with refused(session, refusal, words):
        change(session)


def test_a_session_at_its_caps_works_on() -> None:
    session = full_session()
    with refused(session, ResourceExhaustedError, "variables"):
        register(session, "third")
    assert put(session, "rate", 0.7, metadata={"a": "3"}) == 3
    session.delete("mode", ChangeContext())
    assert register(session, "third").version == 1


class RefusingStore(MemoryStore):
    """A store that refuses all records once ``refuses`` is set."""

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
