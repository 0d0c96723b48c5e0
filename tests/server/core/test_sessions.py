"""The open sessions: opening, renewing, expiring, ending, opening again."""

from __future__ import annotations

from collections.abc import Callable

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
from server.core.limits import Limits
from server.core.session import Session
from server.core.sessions import Sessions
from tests.server.core.builders import FakeClock, put, register

TTL = 60.0


class Bridge(Sessions):
    """The open sessions, with a clock at hand."""

    def __init__(self, default_ttl: float = TTL, **limits: int) -> None:
        self.clock = FakeClock()
        super().__init__(self.clock, Limits(**limits), default_ttl)

    def open(self, session_id: str, metadata: dict[str, str] | None = None, ttl: int = 0) -> Session:
        with self.opening(session_id, metadata, ttl) as session:
            return session

    def is_open(self, session_id: str) -> bool:
        """Whether a session is open; asking renews it."""
        return self.renew(session_id) is not None


# Opening


def test_a_session_that_was_not_opened_is_not_found() -> None:
    bridge = Bridge()
    with pytest.raises(NotFoundError, match="^Session not found: tuning$"):
        bridge.find("tuning")
    assert bridge.renew("tuning") is None


def test_an_open_session_is_found() -> None:
    bridge = Bridge()
    session = bridge.open("tuning", {"user": "ada"})
    assert bridge.find("tuning") is session
    assert (session.id, session.metadata, len(bridge)) == ("tuning", {"user": "ada"}, 1)
    assert session.created_at == bridge.clock.utc()


def test_opening_an_open_session_changes_nothing() -> None:
    bridge = Bridge()
    session = bridge.open("tuning", {"user": "ada"}, ttl=5)
    register(session, "rate")
    assert bridge.open("tuning", {"user": "ben"}, ttl=500) is session
    assert session.metadata == {"user": "ada"}
    bridge.clock.advance(5)
    assert not bridge.is_open("tuning")


@pytest.mark.parametrize("session_id", ["", "x" * 257, "a\nb", "\x85"])
def test_an_id_that_is_none_is_refused_everywhere(session_id: str) -> None:
    bridge = Bridge()
    attempts: list[Callable[[str], object]] = [bridge.find, bridge.open, bridge.close]
    for attempt in attempts:
        with pytest.raises(InvalidArgumentError, match="^session_id: must"):
            attempt(session_id)
    assert len(bridge) == 0


def test_a_refused_call_opens_nothing() -> None:
    bridge = Bridge()
    with pytest.raises(InvalidArgumentError), bridge.opening("tuning") as session:
        register(session, "")
    assert len(bridge) == 0
    assert not bridge.is_open("tuning")


def test_a_refused_call_leaves_an_open_session_open() -> None:
    bridge = Bridge()
    session = bridge.open("tuning")
    with pytest.raises(InvalidArgumentError), bridge.opening("tuning") as opened:
        register(opened, "")
    assert bridge.find("tuning") is session


@pytest.mark.parametrize("already", [False, True])
def test_a_negative_time_to_live_is_refused_whether_the_session_is_open_or_not(already: bool) -> None:
    bridge = Bridge()
    if already:
        bridge.open("tuning")
    with pytest.raises(InvalidArgumentError, match="ttl_seconds: must not be negative, not -1"):
        bridge.open("tuning", ttl=-1)
    assert len(bridge) == already


def test_sessions_share_nothing() -> None:
    bridge = Bridge()
    first, second = bridge.open("first"), bridge.open("second")
    variable = register(first, "rate", 0.5)
    register(second, "rate", "fast", kind="string")
    assert second.get("rate").value.native() == "fast"
    with pytest.raises(NotFoundError, match=f"Variable not found: {variable.id}"):
        second.get(variable.id)
    put(first, "rate", 0.6)
    assert second.log.last == 1
    bridge.close("first")
    assert bridge.find("second") is second


# Expiring


def test_a_session_ends_after_its_time_to_live_and_never_before() -> None:
    bridge = Bridge()
    bridge.open("tuning")
    bridge.clock.advance(TTL - 0.001)
    bridge.expire()
    assert len(bridge) == 1
    bridge.clock.advance(0.001)
    bridge.expire()
    assert len(bridge) == 0


def test_a_session_that_is_over_is_not_found_even_before_anyone_looked_for_expired_ones() -> None:
    bridge = Bridge()
    bridge.open("tuning")
    bridge.clock.advance(TTL)
    with pytest.raises(NotFoundError, match="Session not found: tuning"):
        bridge.find("tuning")
    assert len(bridge) == 0


def test_a_session_may_have_a_time_to_live_of_its_own() -> None:
    bridge = Bridge()
    bridge.open("short", ttl=1)
    bridge.open("long", ttl=1000)
    bridge.clock.advance(1)
    bridge.expire()
    assert len(bridge) == 1
    bridge.clock.advance(998)
    assert bridge.is_open("long")


@pytest.mark.parametrize(
    "call",
    [
        lambda bridge: bridge.find("tuning"),
        lambda bridge: bridge.renew("tuning"),
        lambda bridge: bridge.open("tuning"),
    ],
)
def test_every_call_renews(call: Callable[[Bridge], object]) -> None:
    bridge = Bridge()
    bridge.open("tuning")
    for _ in range(5):
        bridge.clock.advance(TTL * 0.9)
        call(bridge)
    bridge.expire()
    assert len(bridge) == 1


def test_an_open_watch_keeps_nothing_open() -> None:
    bridge = Bridge()
    watch, _ = bridge.open("tuning").watch([], lambda: None)
    bridge.clock.advance(TTL)
    bridge.expire()
    assert len(bridge) == 0
    assert isinstance(watch.ended, NotFoundError)
    assert watch.ended.message == "Session not found: tuning expired"


def test_running_tools_keep_a_session_open_and_it_lives_on_from_the_end_of_the_last() -> None:
    bridge = Bridge()
    session = bridge.open("tuning")
    with bridge.kept("tuning") as kept:
        assert kept is session
        with bridge.kept("tuning"):
            bridge.clock.advance(10 * TTL)
            bridge.expire()
        bridge.clock.advance(10 * TTL)
        bridge.expire()
        assert bridge.find("tuning") is session
        bridge.clock.advance(10 * TTL)
    bridge.clock.advance(TTL - 1)
    bridge.expire()
    assert len(bridge) == 1
    bridge.clock.advance(1)
    bridge.expire()
    assert len(bridge) == 0


def test_a_tool_that_fails_keeps_a_session_no_longer() -> None:
    bridge = Bridge()
    bridge.open("tuning")
    with pytest.raises(RuntimeError), bridge.kept("tuning"):
        raise RuntimeError
    bridge.clock.advance(TTL)
    assert not bridge.is_open("tuning")


def test_no_tool_runs_in_a_session_that_is_not_open() -> None:
    bridge = Bridge()
    with pytest.raises(NotFoundError, match="Session not found"), bridge.kept("tuning"):
        pass
    assert len(bridge) == 0


@given(st.lists(st.floats(0, TTL - 0.001), max_size=20))
def test_a_session_that_is_called_often_enough_lives_for_ever(pauses: list[float]) -> None:
    bridge = Bridge()
    session = bridge.open("tuning")
    for pause in pauses:
        bridge.clock.advance(pause)
        bridge.expire()
        assert bridge.find("tuning") is session


# Ending, and opening again


def test_ending_answers_how_much_ended_and_tells_the_watches() -> None:
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
        with pytest.raises(OutOfRangeError, match="no longer kept"):
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
    with bridge.kept("tuning") as old:
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
    with bridge.kept("tuning"):
        bridge.close("tuning")
        bridge.open("tuning")
        bridge.clock.advance(TTL / 2)
    bridge.clock.advance(TTL / 2)
    assert not bridge.is_open("tuning")


# Caps


def test_one_session_over_the_cap_is_refused_and_the_rest_works_on() -> None:
    bridge = Bridge(sessions=2)
    first, _ = bridge.open("first"), bridge.open("second")
    with pytest.raises(ResourceExhaustedError, match="sessions: at most 2 are open at a time"):
        bridge.open("third")
    assert bridge.open("first") is first
    bridge.close("second")
    assert bridge.open("third").id == "third"


def test_sessions_whose_time_is_over_make_room() -> None:
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
