"""Blocking tools that stream or ignore cancellation, and the end of all tools with the server."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.server.tools.conftest import COMMAND
from tests.server.tools.containment_builders import failure, free_again, running
from tests.server.tools.process_tree import descendants, runs, within
from varbridge import BridgeError, Connection, Session
from varbridge.process import ServerProcess

# Streaming


def test_a_slow_reader_holds_the_tool_back(connection: Connection, session: Session) -> None:
    session.register("made", "integer", 0)
    with Connection(connection.address) as slow:
        chunks = slow.session(session.id).stream("produce", {"name": "made"})
        next(chunks)
        seen: list[int] = []

        def settled() -> bool:
            seen.append(session.get("made").value)
            session.execute("sleep", {"seconds": 0.1})
            return len(seen) > 3 and len(set(seen[-3:])) == 1

        # Chunks in the reader's buffers count as taken, since the bridge cannot see these.
        assert within(10.0, settled)
        assert seen[-1] < 500
    assert free_again(session)
    assert session.get("made").value <= seen[-1] + 2


def test_a_blocking_generator_run_for_one_answer_gives_the_list(session: Session) -> None:
    assert "exit code -9" in failure(session, "die_after", n=3)


# Tools that ignore cancellation


def test_a_tool_that_ignores_its_deadline_is_answered_for_and_writes_no_more(session: Session) -> None:
    session.register("n", "integer", 0)
    started = time.monotonic()
    with pytest.raises(BridgeError, match="DEADLINE_EXCEEDED"):
        session.execute("stubborn", {"name": "n"}, timeout=0.3)
    assert time.monotonic() - started < 15.0
    session.execute("sleep", {"seconds": 0.1})
    written = session.get("n").version
    session.execute("sleep", {"seconds": 0.1})
    assert session.get("n").version == written


@pytest.mark.parametrize("tool", ["stubborn", "stubborn_stream", "spin", "gorge"])
def test_shutdown_does_not_wait_for_it(tool: str) -> None:
    process = ServerProcess(COMMAND)
    with Connection(f"127.0.0.1:{process.wait_ready()}") as connection:
        session = connection.session("s")
        session.register("n", "integer", 0)
        call = _begin(session, tool)
        connection.ping()
        left = descendants(process.pid)
        started = time.monotonic()
        assert process.stop(30.0) == 0
        assert time.monotonic() - started < 15.0
        assert call() in ("UNAVAILABLE", "CANCELLED")
    assert within(20.0, lambda: not any(map(runs, left)))


def _begin(session: Session, tool: str) -> Callable[[], str]:
    """Begin a call; return a function that returns its final status."""
    code: list[str] = []

    def call() -> None:
        try:
            if tool == "stubborn_stream":
                list(session.stream(tool))
            else:
                parameters = {"stubborn": {"name": "n"}, "spin": {"seconds": 60.0}}.get(tool, {})
                session.execute(tool, parameters, timeout=30.0)
        except BridgeError as error:
            code.append(error.code.name)

    thread = threading.Thread(target=call)
    thread.start()
    time.sleep(0.3)

    def ended() -> str:
        thread.join(5.0)
        return code[0]

    return ended


# The end of the server


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_is_left_of_a_server_that_was_ended(number: signal.Signals) -> None:
    process = ServerProcess(COMMAND)
    with Connection(f"127.0.0.1:{process.wait_ready()}") as connection:
        session = connection.session("s")
        session.register("pids", "string", "")
        _begin(session, "spin")
        _begin(session, "gorge")
        with running(session, "family", name="pids"):
            assert within(20.0, lambda: session.get("pids").value != "")
            left = descendants(process.pid)
            assert (
                len(left) == 5
            )  # the fork server, three tools, and the process that one of them has started
            os.kill(process.pid, number)
            assert process.wait_ended(60.0) == (-9 if number == signal.SIGKILL else 0)
    assert within(20.0, lambda: not any(map(runs, left)))


def test_a_server_that_runs_no_blocking_tool_has_no_other_process() -> None:
    process = ServerProcess(COMMAND)
    with Connection(f"127.0.0.1:{process.wait_ready()}") as connection:
        session = connection.session("s")
        session.initialize()
        session.execute("echo", {"message": "x"})
        assert descendants(process.pid) == set()
    assert process.stop(60.0) == 0


# Processes that leave the group of their tool


def test_a_process_in_a_session_of_its_own_ends_with_the_deadline_of_its_tool(session: Session) -> None:
    session.register("pid", "integer", 0)
    with pytest.raises(BridgeError, match="DEADLINE_EXCEEDED"):
        session.execute("detaches", {"name": "pid", "seconds": 60.0}, timeout=5.0)
    pid = session.get("pid").value
    assert pid > 0
    assert within(10.0, lambda: not runs(pid))


@pytest.mark.parametrize(("tool", "parameters"), [("daemonizes", {}), ("detaches", {"seconds": 0.0})])
def test_a_process_that_a_tool_leaves_behind_is_ended_and_reaped(
    session: Session, tool: str, parameters: dict[str, float]
) -> None:
    session.register("pid", "integer", 0)
    session.execute(tool, {"name": "pid", **parameters})
    pid = session.get("pid").value
    assert pid > 0
    assert within(10.0, lambda: not Path(f"/proc/{pid}").exists())
