"""The expiry, the closing and the reopening of sessions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.core import sessions as module
from server.core.changes import ChangeContext
from server.core.errors import (
    InvalidArgumentError,
    NotFoundError,
    OutOfRangeError,
    RefusalError,
    ResourceExhaustedError,
)
from tests.server.core.builders import put, register
from tests.server.core.session_builders import TTL, Bridge


@given(st.lists(st.floats(0, TTL - 0.001), max_size=20))
def test_a_session_that_is_called_often_enough_lives_for_ever(pauses: list[float]) -> None:
    bridge = Bridge()
    session = bridge.open("tuning")
    for pause in pauses:
        bridge.clock.advance(pause)
        bridge.expire()
        assert bridge.find("tuning") is session


# Ending, and opening again


def test_ending_returns_the_number_of_ended_resources_and_ends_watches() -> None:
    bridge = Bridge()
    session = bridge.open("tuning")
    register(session, "rate")
    register(session, "other")
    woken: list[str] = []
    watch, _ = session.watch(["rate"], lambda: woken.append("rate"))
    closed, _ = session.watch([], lambda: woken.append("all"))
    closed.close()
    assert bridge.close("tuning") == 3
    assert woken == ["rate"]
    assert isinstance(watch.ended, NotFoundError)
    assert watch.ended.message.startswith("Session not found")
    assert watch.take() == []
    assert len(bridge) == 0


def test_ending_what_is_not_open_or_over_ends_nothing() -> None:
    bridge = Bridge()
    assert bridge.close("tuning") == 0
    register(bridge.open("tuning"), "rate")
    bridge.clock.advance(TTL)
    assert bridge.close("tuning") == 0


def test_the_end_of_all_watches_leaves_the_sessions() -> None:
    bridge = Bridge()
    watches = [bridge.open(name).watch([], lambda: None)[0] for name in ("first", "second")]
    reason = RefusalError("the server is shutting down")
    bridge.end_watches(reason)
    assert [watch.ended for watch in watches] == [reason, reason]
    assert len(bridge) == 2


def how_a_session_ends(by: str, bridge: Bridge, session_id: str) -> None:
    if by == "being ended":
        bridge.close(session_id)
    else:
        bridge.clock.advance(TTL)
        bridge.expire()


@pytest.mark.parametrize("by", ["being ended", "expiring"])
def test_a_session_opened_again_starts_empty(by: str) -> None:
    bridge = Bridge()
    old = bridge.open("tuning", {"user": "ada"})
    variable = register(old, "rate")
    put(old, "rate", 0.6, request_id="r1")
    how_a_session_ends(by, bridge, "tuning")
    new = bridge.open("tuning")
    assert (len(new), new.metadata, new.matching()) == (0, {}, [])
    for identifier in ("rate", variable.id):
        with pytest.raises(NotFoundError, match="Variable not found"):
            put(new, identifier, 0.7, request_id="r1")


@pytest.mark.parametrize("by", ["being ended", "expiring"])
def test_its_sequence_goes_on_above_the_old_one_so_that_no_old_watch_resumes(by: str) -> None:
    bridge = Bridge()
    old = bridge.open("tuning")
    for name in ("a", "b", "c"):
        register(old, name)
    how_a_session_ends(by, bridge, "tuning")
    new = bridge.open("tuning")
    for sequence in range(4):  # 3, the last of the old one, included
        with pytest.raises(OutOfRangeError):
            new.watch([], lambda: None, sequence)
    register(new, "a")
    for sequence in range(4):
        with pytest.raises(OutOfRangeError, match="no longer retained"):
            new.watch([], lambda: None, sequence)
    watch, _ = new.watch([], lambda: None, new.log.last - 1)
    assert [change.sequence for change in watch.take()] == [new.log.last]
    assert new.log.last > 4


def test_the_sequence_of_a_session_never_comes_again_however_often_it_is_opened() -> None:
    bridge = Bridge()
    seen: list[int] = []
    for round_ in range(6):
        session = bridge.open("tuning")
        for number in range(round_ % 3):
            register(session, f"v{number}")
        with pytest.raises(OutOfRangeError):
            session.watch([], lambda: None, seen[-1] if seen else 99)
        seen.append(session.log.last)
        bridge.close("tuning")
    assert seen == sorted({*seen})


def test_a_call_that_is_refused_while_it_opens_a_session_again_forgets_nothing() -> None:
    bridge = Bridge()
    for name in ("a", "b", "c"):
        register(bridge.open("tuning"), name)
    bridge.close("tuning")
    with pytest.raises(InvalidArgumentError), bridge.opening("tuning") as session:
        register(session, "")
    assert bridge.open("tuning").log.last > 3


def test_sequences_go_on_even_where_too_many_sessions_ended_to_remember_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MAX_TOMBSTONES", 2)
    bridge = Bridge()
    for number in range(5):
        session = bridge.open(f"s{number}")
        for name in range(10 - number):
            register(session, f"v{name}")
        bridge.close(f"s{number}")
    for number in range(5):
        session = bridge.open(f"s{number}")
        with pytest.raises(OutOfRangeError):
            session.watch([], lambda: None, 10 - number)


@pytest.mark.parametrize("again", [False, True])
def test_a_tool_that_outlives_its_session_can_do_nothing_any_more(again: bool) -> None:
    bridge = Bridge()
    bridge.open("tuning")
    with bridge.held_open("tuning") as old:
        identifier = register(old, "rate", 0.5).id
        assert bridge.close("tuning") == 1
        if again:
            register(bridge.open("tuning"), "rate", 0.7)
        for attempt in (
            lambda: put(old, "rate", 0.6),
            lambda: put(old, identifier, 0.6),
            lambda: old.get("rate"),
            lambda: old.roll_back("rate", 1, ChangeContext()),
            lambda: old.delete("rate", ChangeContext()),
        ):
            with pytest.raises(NotFoundError, match="^Session not found: tuning was cleaned up"):
                attempt()
    if again:
        assert bridge.find("tuning").get("rate").value.native() == 0.7


def test_the_tools_of_an_ended_session_do_not_keep_a_new_one_of_its_id() -> None:
    bridge = Bridge()
    bridge.open("tuning")
    with bridge.held_open("tuning"):
        bridge.close("tuning")
        bridge.open("tuning")
        bridge.clock.advance(TTL / 2)
    bridge.clock.advance(TTL / 2)
    assert not bridge.is_open("tuning")


# Limits


def test_one_session_over_the_cap_is_refused_and_the_rest_works_on() -> None:
    bridge = Bridge(sessions=2)
    first, _ = bridge.open("first"), bridge.open("second")
    with pytest.raises(ResourceExhaustedError, match="sessions: at most 2 are open at a time"):
        bridge.open("third")
    assert bridge.open("first") is first
    bridge.close("second")
    assert bridge.open("third").id == "third"


def test_expired_sessions_do_not_count() -> None:
    bridge = Bridge(sessions=1)
    bridge.open("first")
    bridge.clock.advance(TTL)
    assert bridge.open("second").id == "second"


def test_too_much_metadata_is_refused_and_opens_nothing() -> None:
    bridge = Bridge(metadata=2)
    with pytest.raises(ResourceExhaustedError, match="metadata: at most 2"):
        bridge.open("tuning", {"a": "", "b": "", "c": ""})
    assert len(bridge) == 0
    assert bridge.open("tuning", {"a": "", "b": ""}).metadata == {"a": "", "b": ""}


def test_a_sessions_metadata_does_not_follow_what_the_request_holds() -> None:
    bridge, metadata = Bridge(), {"user": "ada"}
    session = bridge.open("tuning", metadata)
    metadata["user"] = "ben"
    session.set_many({}, ChangeContext(), atomic=True)
    assert session.metadata == {"user": "ada"}
