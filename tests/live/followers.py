"""A follower on a line that fails again and again, at random moments, while others write."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

from varbridge import Connection, Follower, Session, Update
from varbridge.conformance.faults.fault_proxy import FaultProxy

NAMES = ("x", "y")


def check_following(
    session: Session, line: FaultProxy, failures: int, fail: Callable[[], None], silence: float | None
) -> None:
    """Let the line fail until it has led to so many new connections: nothing is missing, nothing comes twice.

    Args:
        session: a new one, that the writers reach without the line.
        line: a new one, for all of the follower's connections.
        failures: how many new connections.
        fail: makes the line fail.
        silence: the follower's.
    """
    for name in NAMES:
        session.register(name, "integer", 1)
    chance = random.Random()
    stop = threading.Event()
    arrived = threading.Condition()
    got: list[Update] = []

    def write(name: str) -> None:
        while not stop.is_set():
            version = session.get(name).version + 1
            assert session.set(name, version, kind="integer") == version

    with Connection(line.address) as connection:
        over_line = connection.session(session.id)
        follower = Follower(over_line, *NAMES, initial=True, backoff=0.001, silence=silence)

        def read() -> None:
            for update in follower:
                with arrived:
                    got.append(update)
                    arrived.notify_all()

        writers = [threading.Thread(target=write, args=(name,)) for name in NAMES]
        reader = threading.Thread(target=read)
        for thread in (*writers, reader):
            thread.start()
        try:
            while line.taken <= failures:
                # A random moment is one after a random number of further updates.
                with arrived:
                    goal = len(got) + chance.randrange(12)
                    assert arrived.wait_for(lambda goal=goal: len(got) >= goal, 30.0), "it stopped"
                fail()
        finally:
            stop.set()
            for thread in writers:
                thread.join()
        last = {name: session.get(name).version for name in NAMES}
        with arrived:
            arrived.wait_for(lambda: len(got) >= sum(last.values()), 30.0)
        follower.close()
        reader.join()
    for name in NAMES:
        mine = [update.variable for update in got if update.variable and update.variable.name == name]
        versions = [variable.version for variable in mine]
        assert versions == list(range(versions[0], last[name] + 1))
        assert [variable.value for variable in mine] == versions
    changes = [update.sequence for update in got if update.kind == "value_change"]
    assert changes == sorted(set(changes))
