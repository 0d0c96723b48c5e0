"""Watches that open while many write: between present value and first change nothing is lost."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from varbridge import Connection, Session, Update, Watch
from varbridge.conformance.clients.racing_writers import RacingWriters
from varbridge.conformance.invariants.watches import violations

ROUNDS = int(os.environ.get("ROUNDS", "3"))
"""The long run is `ROUNDS=200 pytest tests/live/test_racing_writers.py`."""

WATCHES = 40
WRITERS = 4
OPENERS = 4
NAMES = ["x", "y", "z"]


@pytest.mark.timeout(900)
def test_watches_that_open_under_fire_miss_nothing(session: Session, address: str) -> None:
    for name in NAMES:
        session.register(name, "integer", 1)
    with ExitStack() as stack:
        sessions = [
            stack.enter_context(Connection(address)).session(session.id) for _ in range(WRITERS + OPENERS)
        ]
        for _ in range(ROUNDS):
            check_round(sessions[:WRITERS], sessions[WRITERS:])


def check_round(writing: list[Session], opening: list[Session]) -> None:
    """Every watch that opens while they write begins with the present values, and misses nothing after."""

    def watch(number: int) -> Watch:
        return opening[number % OPENERS].watch(*NAMES, initial=True)

    with RacingWriters(writing, NAMES) as writers, ThreadPoolExecutor(OPENERS) as pool:
        watches = [*pool.map(watch, range(WATCHES))]
    orders: dict[int, Update] = {}
    for number, opened in enumerate(watches):
        with opened:
            got = opened.wait_for(writers.arrived, 30.0)
        who = f"watch {number}"
        assert writers.violations(who, got) == []
        assert violations(who, got) == []
        for update in got[len(NAMES) :]:
            told = orders.setdefault(update.sequence, update)
            assert told.message == update.message, f"{who} and another disagree on {update.sequence}"
