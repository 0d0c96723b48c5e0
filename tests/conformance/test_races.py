"""Tests of races: calls that a bridge decides one after the other, and calls that it does not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import grpc
import pytest

from varbridge.conformance.clients.races import CALLS, ROUND, Races


class Refusal(grpc.RpcError, grpc.Call):  # type: ignore[misc]
    """A refusal as gRPC raises it."""

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.ABORTED

    def details(self) -> str:
        return "no"

    def trailing_metadata(self) -> tuple[()]:
        return ()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


Refusal.__abstractmethods__ = frozenset()  # type: ignore[attr-defined]


class Bridge:
    """A bridge in this process, whose ``decide`` answers a request or returns None to refuse it."""

    def __init__(self, decide: Callable[[Bridge, Any], object]) -> None:
        self.version = 1
        self.calls = 0
        self._decide = decide

    def session(self, session_id: str) -> Any:
        return SimpleNamespace(
            id=session_id,
            register=lambda *_: SimpleNamespace(id="the id"),
            get=lambda _: SimpleNamespace(version=self.version),
        )

    def start(self, method: str, request: Any) -> Future[object]:
        self.calls += 1
        future: Future[object] = Future()
        reply = self._decide(self, request)
        if reply is None:
            future.set_exception(Refusal())
        else:
            future.set_result(reply)
        return future


def compare_and_set(bridge: Bridge, request: Any) -> object:
    if request.expected_version != bridge.version:
        return None
    bridge.version += 1
    return SimpleNamespace(new_version=bridge.version)


def races(bridge: Bridge, times: int) -> Races:
    return Races(bridge, "s", times)  # type: ignore[arg-type]


def test_one_of_the_sets_that_expect_one_version_succeeds() -> None:
    outcomes = races(Bridge(compare_and_set), ROUND + 1).set_expecting_one_version()
    assert len(outcomes) >= ROUND + 1
    assert {(len(race.accepted), len(race.refused)) for race in outcomes} == {(1, CALLS - 1)}


def test_races_whose_calls_overtake_each_other_are_not_counted() -> None:
    def decide(bridge: Bridge, request: Any) -> object:
        if bridge.calls % (ROUND * CALLS) == 1:
            return None  # the first call of a round comes too early, and another one of its race succeeds
        if bridge.calls % (ROUND * CALLS) > ROUND * CALLS // 2:
            return None
        return compare_and_set(bridge, request)

    outcomes = races(Bridge(decide), 30).set_expecting_one_version()
    assert len(outcomes) >= 30
    assert all(len(race.accepted) == 1 for race in outcomes)


def test_two_sets_of_one_version_that_succeed_are_found() -> None:
    def decide(bridge: Bridge, request: Any) -> object:
        if bridge.calls in (7, 8):
            return SimpleNamespace(new_version=bridge.version)
        return compare_and_set(bridge, request)

    outcomes = races(Bridge(decide), ROUND).set_expecting_one_version()
    assert [len(race.accepted) for race in outcomes].count(1) < len(outcomes)


def test_a_bridge_that_accepts_nothing_is_asked_one_round() -> None:
    bridge = Bridge(lambda *_: None)
    outcomes = races(bridge, 300).set_expecting_one_version()
    assert [race.accepted for race in outcomes] == [[]]
    assert bridge.calls == ROUND * CALLS


def test_the_variable_is_set_by_its_name_and_its_id_and_either_comes_first() -> None:
    named: list[str] = []

    def decide(bridge: Bridge, request: Any) -> object:
        named.append(request.variable_identifier)
        return compare_and_set(bridge, request)

    races(Bridge(decide), 2).set_by_name_or_id_expecting_one_version()
    first = [named[:CALLS], named[CALLS : 2 * CALLS]]
    assert sorted(first) == [
        ["raced", "the id", "raced", "the id", "raced"],
        ["the id", "raced", "the id", "raced", "the id"],
    ]


@pytest.mark.parametrize(
    ("name", "amid"),
    [("set_or_delete_one_variable", "DeleteVariable"), ("set_or_lock_one_variable", "StartOptimization")],
)
def test_another_call_is_amid_the_sets_of_a_race(name: str, amid: str) -> None:
    methods: list[str] = []

    class Listening(Bridge):
        def start(self, method: str, request: Any) -> Future[object]:
            methods.append(method)
            assert request.variable_identifier == "name 0"
            return super().start(method, request)

    getattr(races(Listening(lambda *_: SimpleNamespace()), 1), name)()
    assert methods == ["SetVariable"] * 2 + [amid] + ["SetVariable"] * 2


@pytest.mark.parametrize("name", ["set_with_one_request_id", "register_one_name", "lock_one_variable"])
def test_each_race_has_five_calls(name: str) -> None:
    bridge = Bridge(lambda *_: SimpleNamespace(new_version=2))
    outcomes = getattr(races(bridge, 30), name)()
    assert len(outcomes) == 30
    assert bridge.calls == 30 * CALLS
    assert all(len(race.accepted) == CALLS and not race.refused for race in outcomes)
