"""Containment: tools that block, crash or exhaust memory fail without harm to other calls."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

import grpc
import numpy
import pytest

from tests.server.tools.containment_builders import failure, free_again, running, start
from tests.server.tools.process_tree import descendants, runs, within
from varbridge import BridgeError, Connection, Session
from varbridge.process import ServerProcess

BOUND = 0.05
"""The maximum mean duration of a get while a tool runs, in seconds; ``tests.server.tools.interference``
measures it."""


# Effects on other calls


@pytest.mark.parametrize(
    ("tool", "parameters"),
    [
        ("block", {"seconds": 60.0}),
        ("spin", {"seconds": 60.0}),
        ("eat", {}),
        ("gorge", {}),
        ("stubborn", {"name": "n"}),
        ("die", {}),
    ],
)
def test_gets_of_others_do_not_wait(connection: Connection, tool: str, parameters: dict[str, Any]) -> None:
    other = connection.session(f"other-{tool}")
    other.register("x", "float", 0.5)
    with Connection(connection.address) as own:
        session = own.session(f"misbehaving-{tool}")
        session.register("n", "integer", 0)
        with running(session, tool, **parameters):
            took = []
            for _ in range(200):
                started = time.perf_counter()
                assert other.get("x").value == 0.5
                took.append(time.perf_counter() - started)
    assert statistics.mean(took) < BOUND
    assert free_again(other)


# Ending


@pytest.mark.parametrize("tool", ["block", "spin"])
def test_a_deadline_ends_the_process(server: ServerProcess, session: Session, tool: str) -> None:
    session.execute("block", {"seconds": 0.0})
    idle = descendants(server.pid)
    with pytest.raises(BridgeError, match="DEADLINE_EXCEEDED"):
        session.execute(tool, {"seconds": 60.0}, timeout=0.3)
    assert within(20.0, lambda: descendants(server.pid) == idle)
    assert free_again(session)


def test_a_cancel_ends_the_process_and_what_it_started(session: Session) -> None:
    session.register("pids", "string", "")
    with running(session, "family", name="pids"):
        assert within(20.0, lambda: session.get("pids").value != "")
        pids = [int(pid) for pid in session.get("pids").value.split()]
        assert all(map(runs, pids))
    assert within(20.0, lambda: not any(map(runs, pids)))


def test_the_end_of_a_client_ends_the_process(connection: Connection, session: Session) -> None:
    session.register("pids", "string", "")
    with Connection(connection.address) as gone:
        call = start(gone.session(session.id), "family", name="pids")
        assert within(20.0, lambda: session.get("pids").value != "")
        pids = [int(pid) for pid in session.get("pids").value.split()]
    assert call.code() is grpc.StatusCode.CANCELLED
    assert within(20.0, lambda: not any(map(runs, pids)))


def test_a_write_that_was_to_come_after_the_deadline_never_comes(session: Session) -> None:
    session.register("note", "string", "")
    with pytest.raises(BridgeError, match="DEADLINE_EXCEEDED"):
        session.execute("write_after", {"name": "note", "seconds": 0.4}, timeout=0.2)
    # A call that began later and waits as long has ended: the first would have written before it.
    session.register("later", "string", "")
    session.execute("write_after", {"name": "later", "seconds": 0.4})
    assert session.get("later").value == "written"
    assert session.get("note").version == 1


def test_one_more_than_may_run_is_refused_and_the_rest_goes_on(session: Session) -> None:
    calls = [start(session, "block", seconds=0.5) for _ in range(5)]
    codes = [call.code() for call in calls]
    assert sorted(code.name for code in codes) == ["OK"] * 4 + ["RESOURCE_EXHAUSTED"]
    assert "at most 4 blocking tools run at a time" in str(calls[4].details())
    assert session.execute("echo", {"message": "here"}) == "here"
    assert session.execute("block", {"seconds": 0.0}) == 0.0


# Crashing


@pytest.mark.parametrize(
    ("tool", "parameters", "words"),
    [
        ("die", {}, "the tool's process ended (exit code -9)"),
        ("exit_with", {"code": 0}, "the tool's process ended (exit code 0)"),
        ("exit_with", {"code": 7}, "the tool's process ended (exit code 7)"),
        ("leave", {}, "the tool's process ended (exit code 3)"),
        ("segfault", {}, "the tool's process ended (exit code -11)"),
        ("eat", {}, "out of memory: a tool may use 512 MiB"),
        ("kill_parent", {}, "the tool's process ended"),
        ("close_everything", {}, "the tool's process ended"),
        ("set_of", {"n": 1}, "Object of type set is not JSON serializable"),
        ("quits", {}, "the tool cancelled itself"),
    ],
)
def test_a_crash_fails_its_call_and_nothing_else(
    session: Session, tool: str, parameters: dict[str, Any], words: str
) -> None:
    with running(session, "sleep", seconds=60.0) as other:
        assert failure(session, tool, **parameters) == words
        assert not other.done()
        assert session.execute("block", {"seconds": 0.01}) == 0.01


def test_a_crash_does_not_reach_other_calls(session: Session) -> None:
    with running(session, "block", seconds=60.0) as other:
        for _ in range(3):
            failure(session, "die")
        session.heartbeat()
        assert not other.done()


def test_a_stream_whose_process_dies_ends_after_its_chunks(session: Session) -> None:
    chunks = session.stream("die_after", {"n": 2})
    assert [json.loads(next(chunks).data) for _ in range(2)] == [1, 2]
    with pytest.raises(BridgeError) as failed:
        next(chunks)
    assert failed.value.code is grpc.StatusCode.INTERNAL
    assert failed.value.message == "the tool's process ended (exit code -9)"


# Working


def test_a_tool_that_blocks_reads_and_writes_its_session_through_the_same_checks(session: Session) -> None:
    session.register("n", "integer", 1, constraints={"max": 2})
    assert session.execute("bump", {"name": "n"}) == 1
    assert session.history("n")[0].changed_by == "tool:bump"
    assert "above maximum 2" in failure(session, "bump", name="n")
    assert failure(session, "bump", name="m") == "Variable not found: m"
    assert session.get("n").version == 2


def test_it_acts_for_the_optimizer_of_its_call(session: Session) -> None:
    session.register("n", "integer", 1)
    session.start_optimization("n", "mipro")
    assert "variable_locked_for_optimization" in failure(session, "bump", name="n")
    assert session.execute("bump", {"name": "n"}, metadata={"optimizer_id": "mipro"}) == 1


@pytest.mark.parametrize(
    "value", [1, 2.5, "é🚀", True, None, [1, {"a": [None]}], {}, float("inf"), 2**62, "x" * 3_000_000]
)
def test_what_goes_in_comes_out(session: Session, value: Any) -> None:
    assert session.execute("answer", {"what": value}) == value


def test_arrays_get_through(session: Session) -> None:
    array = numpy.arange(12_000, dtype="<f4").reshape(100, 120)
    assert session.execute("shape", {"array": array}) == ["float32", [100, 120], float(array.sum() * 2.0)]
    session.register("weights", "tensor", array)
    session.register("copy", "float", 0.0)
    assert session.get("weights").value.shape == (100, 120)


def test_an_answer_beyond_what_a_message_may_have_fails(session: Session) -> None:
    assert "bytes exceed the maximum" in failure(session, "large", n=101 * 2**20)


def test_calls_do_not_draw_the_same_numbers(session: Session) -> None:
    assert len({session.execute("drawn") for _ in range(3)}) == 3


def test_a_process_has_nothing_open_of_the_server(session: Session) -> None:
    opened = session.execute("open_files")
    assert [entry for entry in opened if entry.startswith("socket:")] == opened[3:4]
    assert len(opened) <= 5, opened  # stdin, stdout, stderr, the connection, and the folder that is listed


def test_what_is_printed_is_on_stderr(server: ServerProcess, session: Session) -> None:
    for tool in ("shout", "shout_here"):
        session.execute(tool, {"text": f"heard from {tool}"})
    expected = {"heard from shout": 3, "heard from shout_here": 2, "printed by an import": 1}
    assert within(20.0, lambda: all([*server.stderr].count(text) >= n for text, n in expected.items()))
    assert len(server.stdout) == 1
