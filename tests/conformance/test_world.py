"""A test of the world of a scenario with several threads."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from varbridge.conformance.scenario.world import World
from varbridge.conformance.target.target import Target


def test_concurrent_first_uses_of_the_session_have_the_same_id(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(Target.from_options({"target": "127.0.0.1:1"}))
    barrier = threading.Barrier(2, timeout=10.0)
    new_id = uuid.uuid4

    def wait_for_both() -> uuid.UUID:
        barrier.wait()
        return new_id()

    monkeypatch.setattr(uuid, "uuid4", wait_for_both)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: world.sessions.id, range(2))
    assert first == second == world.sessions.id
