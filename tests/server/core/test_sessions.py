"""The open sessions: opening, renewal, and isolation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from server.core.errors import (
    InvalidArgumentError,
    NotFoundError,
)
from tests.server.core.builders import put, register
from tests.server.core.session_builders import TTL, Bridge

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
    with bridge.held_open("tuning") as held:
        assert held is session
        with bridge.held_open("tuning"):
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
    with pytest.raises(RuntimeError), bridge.held_open("tuning"):
        raise RuntimeError
    bridge.clock.advance(TTL)
    assert not bridge.is_open("tuning")


def test_no_tool_runs_in_a_session_that_is_not_open() -> None:
    bridge = Bridge()
    with pytest.raises(NotFoundError, match="Session not found"), bridge.held_open("tuning"):
        pass
    assert len(bridge) == 0
