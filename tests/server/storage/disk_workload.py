"""A workload that changes sessions in a data directory on a faulty disk, and ends as if it were killed.

``main`` serves as a process: each line of stdin is a data directory, the number of the first change, that of
the one after the last, and a file. For each, a fork of the process opens the directory, makes the changes,
and writes an ``Outcome`` to the file, which is not on the faulty disk. Then it prints a line.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.core.changes import ChangeContext
from server.core.errors import RefusalError, StartupError
from server.core.session import Session
from tests.server.core.builders import FakeClock, put, reader, register
from tests.server.storage.builders import Bridge, a_bridge

MAX_RUN_S = 60
"""The maximum duration of one run, in seconds; the system ends a run that hangs."""

LIMITS = {"history": 5, "log_changes": 30, "request_ids": 10}

SHORT_SESSIONS = [f"short {number}" for number in range(3)]

NAMES = [f"v{number}" for number in range(8)]


@dataclass
class Outcome:
    """The answers to the changes of a run, and the states that the disk may have after it.

    Attributes:
        acknowledged: the number of acknowledged changes.
        refused: the messages of the refusals.
        saved: a snapshot of all sessions after the last acknowledged change; None if the directory could not
            be opened.
        perhaps_saved: a snapshot without logs, after a change of which it is unknown if it is saved.
        broken: what must not happen, in words.
    """

    acknowledged: int = 0
    refused: list[str] = field(default_factory=list)
    saved: Any = None
    perhaps_saved: Any = None
    broken: list[str] = field(default_factory=list)


def change(bridge: Bridge, number: int) -> None:
    """Make the change with a number; most of them are sets, and each kind of record is among them."""
    with bridge.sessions.opening("tuning") as session:
        for name in NAMES:
            if name not in session._variables:
                register(session, name, 0.0)
        name = NAMES[number % len(NAMES)]
        kind = number % 25
        if kind == 3:
            session.set_many(
                {name: reader("float", float(number)) for name in NAMES}, ChangeContext(), atomic=True
            )
        elif kind == 7:
            session.delete(name, ChangeContext())
        elif kind == 8:
            session.depend(NAMES[0], NAMES[1], f"derived {number}")
        elif kind == 11:
            _lock(session, name)
        elif kind == 14:
            with bridge.sessions.opening(SHORT_SESSIONS[number % 3], ttl=5) as other:
                if "text" not in other._variables:
                    register(other, "text", "x" * 9000, kind="string")
                put(other, "text", "y" * 20_000, kind="string")
        elif kind == 19:
            bridge.sessions.close(SHORT_SESSIONS[(number - 5) % 3])
        else:
            metadata = {"optimizer_id": "tuner"}
            put(session, name, float(number), metadata=metadata, request_id=f"request {number}")


async def settle(bridge: Bridge) -> None:
    """Wait until the records of all sessions are durable, also of one that has ended."""
    for session_id in ("tuning", *SHORT_SESSIONS):
        if (flushed := bridge.store.flushed(session_id)) is not None:
            await flushed


def without_logs(snapshots: dict[str, Any]) -> dict[str, Any]:
    """Return snapshots without the logs of the sessions, which have a change when it is saved."""
    return {
        session_id: (content[0]._replace(log=[], last_sequence=0), *content[1:])
        if len(content) > 1
        else content
        for session_id, content in snapshots.items()
    }


def _lock(session: Session, name: str) -> None:
    session.start_optimization(name, "tuner")
    session.stop_optimization(name, "tuner", force=False)


async def run(bridge: Bridge, numbers: range, outcome: Outcome) -> None:
    """Make the changes with these numbers one after another, and note what each answer promises."""
    lost: list[None] = []
    bridge.store.on_loss(lambda: lost.append(None))
    outcome.saved = bridge.snapshots()
    for number in numbers:
        bridge.clock.advance(0.01)
        change(bridge, number)
        after = without_logs(bridge.snapshots())
        try:
            await asyncio.wait_for(settle(bridge), 5.0)
        except RefusalError as refusal:
            outcome.refused.append(refusal.message)
            if "not known" in refusal.message:
                outcome.perhaps_saved = after
                if not lost:
                    outcome.broken.append("the store is not lost, although the outcome is unknown")
                return
            if "nothing was changed" not in refusal.message:
                outcome.broken.append(f"the refusal says nothing about the state: {refusal.message}")
            if bridge.snapshots() != outcome.saved:
                outcome.broken.append(f"change {number} was refused, and memory has changed")
        except TimeoutError:
            outcome.broken.append(f"change {number} hangs")
            outcome.perhaps_saved = after
            return
        else:
            outcome.acknowledged += 1
            outcome.saved = bridge.snapshots()
        await asyncio.sleep(0)


def run_and_end(data: Path, numbers: range, file: Path) -> None:
    """Run in this process, which is a fork, and end it without any clean-up."""
    signal.alarm(MAX_RUN_S)
    gc.disable()
    outcome = Outcome()
    try:
        with a_bridge(data, FakeClock(), **LIMITS) as bridge:
            bridge.run(run(bridge, numbers, outcome))
            file.write_bytes(pickle.dumps(outcome))
            os._exit(0)
    except StartupError as error:
        outcome.refused.append(str(error))
    except BaseException as error:
        outcome.broken.append(repr(error))
    file.write_bytes(pickle.dumps(outcome))
    os._exit(0)


def main() -> None:
    for line in sys.stdin:
        data, first, end, file = line.split()
        child = os.fork()
        if not child:
            run_and_end(Path(data), range(int(first), int(end)), Path(file))
        os.waitpid(child, 0)
        print(data, flush=True)
