"""A check of a follower whose connection fails again and again at random moments, while others write."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from itertools import pairwise

from varbridge import Connection, Follower, Session, Update
from varbridge.conformance.faults.fault_proxy import FaultProxy

NAMES = ("x", "y")


def check_following(
    session: Session, proxy: FaultProxy, failures: int, fail: Callable[[], None], silence: float | None
) -> None:
    """Check that a follower misses and repeats no update while its connection fails a number of times.

    Args:
        session: a new session, which the writers reach directly.
        proxy: a new fault proxy for all connections of the follower.
        failures: the number of new connections to wait for.
        fail: the function that makes the present connection fail.
        silence: the option ``silence`` of the follower, in seconds.
    """
    for name in NAMES:
        session.register(name, "integer", 1)
    chance = random.Random()
    stop = threading.Event()
    arrived = threading.Condition()
    received: list[Update] = []
    errors: list[Exception] = []

    def write(name: str) -> None:
        while not stop.is_set():
            version = session.get(name).version + 1
            assert session.set(name, version, kind="integer") == version

    with Connection(proxy.address) as connection:
        through_proxy = connection.session(session.id)
        follower = Follower(through_proxy, *NAMES, initial=True, backoff=0.001, silence=silence)

        def read() -> None:
            try:
                for update in follower:
                    with arrived:
                        received.append(update)
                        arrived.notify_all()
            except Exception as error:  # raised where the follower is closed
                errors.append(error)

        writers = [threading.Thread(target=write, args=(name,)) for name in NAMES]
        reader = threading.Thread(target=read)
        for thread in (*writers, reader):
            thread.start()
        try:
            # A follower whose connection fails amid the present values begins with the present values again.
            with arrived:
                assert arrived.wait_for(lambda: len(received) >= len(NAMES), 30.0), (
                    "no present values arrived"
                )
            while proxy.taken <= failures:
                # The random moment comes after a random number of further updates.
                with arrived:
                    goal = len(received) + chance.randrange(12)
                    assert arrived.wait_for(lambda goal=goal: len(received) >= goal, 30.0), (
                        "no more updates arrived"
                    )
                fail()
        finally:
            stop.set()
            for thread in writers:
                thread.join()
        last = {name: session.get(name).version for name in NAMES}
        with arrived:
            arrived.wait_for(lambda: len(received) >= sum(last.values()), 30.0)
        follower.close()
        reader.join()
    if errors:
        raise errors[0]
    for name in NAMES:
        variables = [
            update.variable for update in received if update.variable and update.variable.name == name
        ]
        versions = [variable.version for variable in variables]
        gaps = [(before, after) for before, after in pairwise(versions) if after != before + 1]
        assert (versions[-1], gaps) == (last[name], []), f"the last version of {name!r}, and its gaps"
        assert [variable.value for variable in variables] == versions
    changes = [update.sequence for update in received if update.kind == "value_change"]
    assert changes == sorted(set(changes))
