"""The world of a scenario, where several threads ask it at once."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from varbridge.conformance.scenario.world import World
from varbridge.conformance.target.target import Target


def test_several_clients_that_ask_first_at_once_speak_of_one_session(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(Target.from_options({"target": "127.0.0.1:1"}))
    meeting = threading.Barrier(2, timeout=10.0)
    new_id = uuid.uuid4

    def when_both_are_there() -> uuid.UUID:
        meeting.wait()
        return new_id()

    monkeypatch.setattr(uuid, "uuid4", when_both_are_there)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: world.sessions.id, range(2))
    assert one == other == world.sessions.id
