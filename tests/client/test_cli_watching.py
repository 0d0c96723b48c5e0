"""Tests of ``python -m varbridge``: the commands about watches and tools."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.client.cli_builders import RunningCommand, client, lines, refused, rows
from varbridge import Follower, Session, Worker

# Watching


def test_a_watch_shows_updates_and_ends_after_a_count(
    address: str, session: Session, start: Callable[..., RunningCommand]
) -> None:
    session.register("x", "integer", 1)
    watch = start("watch", session.id, "--initial", "--count", "4")
    watch.wait_for(lambda lines: len(lines) == 1)
    session.set("x", 2, metadata={"source": "elixir"})
    session.register("longer", "string", "a")
    session.delete("x")
    printed = watch.wait_for(lambda lines: len(lines) == 4)
    assert watch.wait() == (0, "")
    assert [line.split()[2:] for line in printed] == [
        ["initial_value", "x", "v1", "1"],
        ["value_change", "x", "v2", "2", "(was", "1)"],
        ["registered", "longer", "v1", '"a"'],
        ["deleted", "x", "v2", "2"],
    ]
    resumed = rows(client(address, "--json", "watch", session.id, "--resume-after", "1", "--count", "2"))
    assert [(row["sequence"], row["kind"], row["name"]) for row in resumed] == [
        (2, "value_change", "x"),
        (3, "registered", "longer"),
    ]
    assert (resumed[0]["previous"], resumed[0]["value"], resumed[0]["metadata"]) == (
        1,
        2,
        {"source": "elixir"},
    )


def test_a_watch_of_one_variable_shows_no_others(
    session: Session, start: Callable[..., RunningCommand]
) -> None:
    for name in ("a", "b"):
        session.register(name, "integer", 1)
    watch = start("watch", session.id, "a", "--initial", "--json")
    watch.wait_for(lambda lines: len(lines) == 1)
    session.set("b", 2)
    session.set("a", 2)
    printed = watch.wait_for(lambda lines: len(lines) == 2)
    assert [(row["name"], row["version"]) for row in map(json.loads, printed)] == [("a", 1), ("a", 2)]
    assert watch.end(signal.SIGINT) == (0, "")


def test_a_watch_continues_after_restarts_of_the_bridge(
    start: Callable[..., RunningCommand], tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "server", "--port", "0", "--data-dir", str(tmp_path)]
    with Worker(command, max_backoff=0.05) as worker:
        connection = worker.connection()
        connection.session("s").register("x", "integer", 1)
        watch = start("watch", "s", "--initial", "--json", at=connection.address)
        watch.wait_for(lambda lines: len(lines) == 1)
        for version in (2, 3):
            process = worker.process
            assert process is not None
            process.kill()
            worker.connection_after(process).session("s").set("x", version)
            watch.wait_for(lambda lines, version=version: len(lines) == version)
        assert [json.loads(line)["value"] for line in watch.wait_for(bool)] == [1, 2, 3]
        # Ctrl-C also ends the watch while no bridge is running.
        worker.stop()
        assert watch.end(signal.SIGINT) == (0, "")


def test_a_watch_ends_with_its_session(session: Session, start: Callable[..., RunningCommand]) -> None:
    session.register("x", "integer", 1)
    watch = start("watch", session.id, "--initial")
    watch.wait_for(bool)
    session.clean_up()
    code, message = watch.wait()
    assert code == 1
    assert message.startswith("varbridge: NOT_FOUND: ")
    assert message.count("\n") == 1


def test_a_watch_that_the_bridge_refuses_is_an_error(address: str, session: Session) -> None:
    refused(client(address, "watch", session.id, "--resume-after", "999"), 1, "OUT_OF_RANGE: ")
    refused(client(address, "watch", session.id, "x"), 1, "NOT_FOUND: ")
    with pytest.raises(ValueError, match="does not begin with the present values"):
        Follower(session, initial=True, resume_after=1)


# Tools


def test_tools_are_listed(address: str, session: Session) -> None:
    heading, *entries = lines(client(address, "tools", session.id))
    assert heading.split("  ")[0] == "NAME"
    by_name = {line.split()[0]: line for line in entries}
    assert [*by_name] == sorted(by_name)
    assert " yes " in by_name["count"]
    assert "name: string, by: integer = 1 " in by_name["increment"]
    tools = {row["name"]: row for row in rows(client(address, "--json", "tools", session.id))}
    assert tools.keys() == by_name.keys()
    assert tools["count"]["streaming"]
    assert [
        (parameter["name"], parameter["required"], parameter["default"])
        for parameter in tools["increment"]["parameters"]
    ] == [
        ("name", True, None),
        ("by", False, 1),
    ]


def test_tools_are_run(address: str, session: Session) -> None:
    assert lines(client(address, "run", session.id, "add", "a=1", "b=0.5")) == ["1.5"]
    assert lines(client(address, "run", session.id, "echo", "message=hello")) == ['"hello"']
    assert rows(client(address, "--json", "run", session.id, "add", "a=1", "b=2")) == [{"result": 3.0}]
    assert lines(client(address, "run", session.id, "count", "n=3")) == ["1", "2", "3"]
    assert rows(client(address, "--json", "run", session.id, "count", "n=2")) == [
        {"chunk": "count-1", "data": 1},
        {"chunk": "count-2", "data": 2},
    ]
    refused(client(address, "run", session.id, "fail", "message=no\nway"), 1, "the tool failed: no way")
    refused(client(address, "run", session.id, "add", "a=1"), 1, "INVALID_ARGUMENT: ", "parameter b")
    refused(client(address, "run", session.id, "nothing"), 1, "NOT_FOUND: Tool not found: nothing")
    run = client(address, "run", session.id, "fail_after", "n=1")
    assert (run.returncode, run.stdout) == (1, "1\n")
    assert run.stderr == "varbridge: INTERNAL: failed after 1 chunks\n"


def test_chunks_are_printed_as_they_arrive(session: Session, start: Callable[..., RunningCommand]) -> None:
    # The output does not fit in the buffers of the pipe and the connection, so the tool is still running.
    run = start("run", session.id, "count", "n=1000000000", "--json")
    run.wait_for(lambda lines: len(lines) >= 3)
    assert run.end(signal.SIGINT) == (130, "")


def test_the_timeout_of_a_tool_can_be_set(address: str, session: Session) -> None:
    refused(
        client(address, "run", session.id, "sleep", "seconds=60", "--timeout", "0.2"), 3, "DEADLINE_EXCEEDED"
    )
