"""Tests of the opening of sessions before their first use."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from varbridge import BridgeError
from varbridge.conformance.clients.session_opener import SessionOpener
from varbridge.messages import snakepit_bridge_pb2 as pb

REGISTER = pb.RegisterVariableRequest(session_id="s")


class Bridge:
    """A bridge that keeps the methods that were called, and may refuse them."""

    def __init__(self, code: grpc.StatusCode | None = None) -> None:
        self.called: list[str] = []
        self._code = code

    def opener(self, active: bool = True) -> SessionOpener:
        opener = SessionOpener(active)
        opener.begin(True)
        return opener

    def use(self, opener: SessionOpener, method: str, request: Any = REGISTER) -> None:
        opener.prepare("127.0.0.1:1", method, request, lambda name, _: self.call(opener, name))
        self.called.append(method)

    def call(self, opener: SessionOpener, method: str) -> None:
        self.use(opener, method, pb.InitializeSessionRequest(session_id="s"))
        if self._code is not None:
            raise BridgeError(self._code, "no")


def test_a_session_is_opened_once_before_its_first_use() -> None:
    bridge = Bridge()
    opener = bridge.opener()
    for method in ("GetVariable", "RegisterVariable", "RegisterVariable", "ListVariables"):
        bridge.use(opener, method)
    assert bridge.called == [
        *("GetVariable", "InitializeSession", "RegisterVariable", "RegisterVariable", "ListVariables")
    ]


def test_a_session_that_a_scenario_opens_is_not_opened_again() -> None:
    bridge = Bridge()
    opener = bridge.opener()
    bridge.use(opener, "InitializeSession", pb.InitializeSessionRequest(session_id="s"))
    bridge.use(opener, "RegisterVariable")
    assert bridge.called == ["InitializeSession", "RegisterVariable"]


def test_scenarios_about_sessions_open_their_sessions_themselves() -> None:
    bridge = Bridge()
    opener = bridge.opener()
    opener.begin(False)
    bridge.use(opener, "RegisterVariable")
    opener.begin(True)
    bridge.use(opener, "RegisterVariable")
    assert bridge.called == ["RegisterVariable", "InitializeSession", "RegisterVariable"]


def test_a_bridge_without_the_method_is_asked_once() -> None:
    bridge = Bridge(grpc.StatusCode.UNIMPLEMENTED)
    opener = bridge.opener()
    bridge.use(opener, "RegisterVariable")
    opener.begin(True)
    bridge.use(opener, "RegisterVariable")
    assert bridge.called == ["InitializeSession", "RegisterVariable", "RegisterVariable"]
    bridge = Bridge()
    bridge.use(bridge.opener(active=False), "RegisterVariable")
    assert bridge.called == ["RegisterVariable"]


def test_another_refusal_of_the_opening_is_raised() -> None:
    bridge = Bridge(grpc.StatusCode.INTERNAL)
    with pytest.raises(BridgeError, match="INTERNAL"):
        bridge.use(bridge.opener(), "RegisterVariable")
