"""The answers of a bridge in a cluster that loses a session while a call about it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest

from server.core.clock import SystemClock
from server.core.errors import NotFoundError, UnavailableError
from server.core.limits import Limits
from server.core.sessions import Sessions
from server.rpc.dispatch import Dispatcher, Forwarder
from server.rpc.service import Method
from tests.server.rpc.test_service import servicers
from varbridge.messages import snakepit_bridge_pb2 as pb


class Owner:
    """A forwarder of a bridge that owns every session, until it loses them."""

    def __init__(self) -> None:
        self.lost = False
        self.calls: list[str] = []

    def has(self, session_id: str) -> bool:
        return not self.lost

    @contextmanager
    def running(self, session_id: str) -> Iterator[None]:
        self.calls.append(session_id)
        yield
        self.calls.pop()


def answer(name: str, *, loses: bool, refuses: bool = False) -> Any:
    """Answer a call about a session, which the bridge may lose meanwhile."""
    owner = Owner()
    sessions = Sessions(SystemClock(), Limits(), 60.0)
    dispatcher = Dispatcher(sessions, servicers(), cast(Forwarder, owner))

    async def behaviour(client: str) -> str:
        assert owner.calls == ["tuning"], "the bridge may give up the session while a call about it runs"
        owner.lost = loses
        if refuses:
            raise NotFoundError("Session not found")
        return "the reply"

    method = Method.of(pb.DESCRIPTOR.services_by_name["BridgeService"].methods_by_name[name])
    request = pb.GetVariableRequest(session_id="tuning")
    return asyncio.run(dispatcher._answer_or_forward(behaviour, request, cast(Any, None), method, "client"))


@pytest.mark.parametrize("method", ["GetVariable", "ListVariables", "Heartbeat", "CleanupSession"])
def test_a_reply_that_may_be_outdated_is_not_sent(method: str) -> None:
    assert answer(method, loses=False) == "the reply"
    with pytest.raises(UnavailableError, match="another bridge has the session now"):
        answer(method, loses=True)


@pytest.mark.parametrize("method", ["GetVariable", "SetVariable", "WatchVariables"])
def test_a_session_that_was_lost_is_not_reported_as_not_found(method: str) -> None:
    with pytest.raises(UnavailableError, match="another bridge has the session now"):
        answer(method, loses=True, refuses=True)
    with pytest.raises(NotFoundError):
        answer(method, loses=False, refuses=True)


def test_a_change_that_is_saved_is_acknowledged() -> None:
    assert answer("SetVariable", loses=True) == "the reply"
