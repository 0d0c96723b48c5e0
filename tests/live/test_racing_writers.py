"""Tests of watches that open while clients write: no change is lost between initial values and changes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from varbridge import Connection, Session, Update
from varbridge.conformance.clients.collected_watch import CollectedWatch, collect
from varbridge.conformance.clients.racing_writers import RacingWriters
from varbridge.conformance.invariants.watches import violations

ROUNDS = int(os.environ.get("ROUNDS", "3"))
"""The number of rounds; a long run is `ROUNDS=200 pytest tests/live/test_racing_writers.py`."""

WATCHES = 40
WRITERS = 4
OPENERS = 4
NAMES = ["x", "y", "z"]


@pytest.mark.timeout(900)
def test_watches_that_open_during_writes_miss_nothing(session: Session, address: str) -> None:
    for name in NAMES:
        session.register(name, "integer", 1)
    with ExitStack() as stack:
        sessions = [
            stack.enter_context(Connection(address)).session(session.id) for _ in range(WRITERS + OPENERS)
        ]
        for _ in range(ROUNDS):
            check_round(sessions[:WRITERS], sessions[WRITERS:])


def check_round(writing: list[Session], opening: list[Session]) -> None:
    """Check that every watch that opens during writes starts with initial values and misses no change."""

    def watch(number: int) -> CollectedWatch:
        return collect(opening[number % OPENERS], *NAMES, initial=True)

    with RacingWriters(writing, NAMES) as writers, ThreadPoolExecutor(OPENERS) as pool:
        watches = [*pool.map(watch, range(WATCHES))]
    updates: dict[int, Update] = {}
    for number, opened in enumerate(watches):
        with opened:
            received = opened.wait_for(writers.arrived, 30.0)
        name = f"watch {number}"
        assert writers.violations(name, received) == []
        assert violations(name, received) == []
        for update in received[len(NAMES) :]:
            first = updates.setdefault(update.sequence, update)
            assert first.message == update.message, f"{name} and another differ at {update.sequence}"
