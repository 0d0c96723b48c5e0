"""``python -m varbridge`` as people and scripts meet it: a process, its output, its exit code."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from varbridge import Connection, Follower, Session, Worker
from varbridge.output import read, shown, whole
from varbridge.process import ServerProcess

COMMAND = (sys.executable, "-m", "varbridge")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0"])
    yield f"127.0.0.1:{process.wait_ready(15.0)}"
    assert process.exit_code is None
    process.stop()


@pytest.fixture
def session(address: str) -> Iterator[Session]:
    with Connection(address) as connection:
        made = connection.session(f"session-{uuid.uuid4().hex[:8]}")
        made.initialize({"owner": "tests"})
        yield made


def environment(**given: str) -> dict[str, str]:
    """That of these tests, less what would change what is tested."""
    theirs = ("BRIDGE_", "GRPC_", "PYTHONUNBUFFERED", "PYTHONIOENCODING")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(theirs)}
    return {**kept, **{f"BRIDGE_{key.upper()}": value for key, value in given.items()}}


def client(address: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        timeout=30.0,
        check=False,
        env=environment(address=address, **more),
    )


def lines(run: subprocess.CompletedProcess[str]) -> list[str]:
    """What a command that succeeded has told."""
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout.splitlines()


def rows(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(run)]


def refused(run: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The command ended with one line on stderr, that says so."""
    assert (run.returncode, run.stdout) == (code, ""), run
    assert run.stderr.startswith("varbridge: ")
    assert run.stderr.count("\n") == 1
    assert run.stderr.endswith("\n")
    for word in words:
        assert word in run.stderr


class Live:
    """A command that goes on, and the lines that it has written so far."""

    def __init__(self, address: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(address=address),
        )
        self._lines: list[str] = []
        self._told = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for(self, enough: Callable[[Sequence[str]], bool]) -> Sequence[str]:
        with self._told:
            assert self._told.wait_for(lambda: enough(self._lines), 30.0), self._lines
            return tuple(self._lines)

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Send a signal; return the exit code, and what stood on stderr."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        assert self.process.stderr is not None
        code = self.process.wait(30.0)
        self._reader.join(30.0)
        with self.process.stderr as stderr:
            return code, stderr.read()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stdout:
            for line in stdout:
                with self._told:
                    self._lines.append(line)
                    self._told.notify_all()


@pytest.fixture
def live(address: str) -> Iterator[Callable[..., Live]]:
    """Start commands that go on; they end with the test."""
    started: list[Live] = []

    def start(*arguments: str, at: str = address) -> Live:
        started.append(Live(at, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait(30.0)


# The bridge and its sessions


def test_ping(address: str) -> None:
    (line,) = lines(client(address, "ping"))
    assert line.startswith(f"the bridge at {address} answered within ")
    (row,) = rows(client(address, "ping", "--json"))
    assert row["address"] == address
    assert 0 < row["milliseconds"] < 10_000


def test_a_session_is_opened_described_and_ended(address: str) -> None:
    (row,) = rows(client(address, "--json", "open", "evening", "owner=me", "note=a=b", "--ttl", "600"))
    assert (row["session"], row["metadata"]) == ("evening", {"owner": "me", "note": "a=b"})
    assert lines(client(address, "register", "evening", "x", "integer", "1"))
    told = lines(client(address, "session", "evening"))
    assert [told[0], *told[2:]] == [
        "session     evening",
        'metadata    {"note": "a=b", "owner": "me"}',
        "variables   1",
        "tools       9",
    ]
    assert told[1].startswith("created at  20")
    (row,) = rows(client(address, "--json", "session", "evening"))
    assert (row["variables"], row["tools"]) == (1, 9)
    assert rows(client(address, "--json", "end", "evening")) == [{"session": "evening", "ended": 1}]
    refused(client(address, "session", "evening"), 1, "NOT_FOUND: Session not found: evening")


def test_a_time_to_live_is_passed_on(address: str) -> None:
    assert lines(client(address, "open", "short", "--ttl", "1"))
    with Connection(address) as connection, connection.session("short").watch() as watch:
        assert watch.wait_until_over(20.0), "the session outlived its time"


def test_what_only_reads_opens_no_session(address: str) -> None:
    for command in (["list"], ["tools"], ["session"], ["get", "x"], ["watch"], ["run", "add", "a=1", "b=2"]):
        refused(client(address, command[0], "nowhere", *command[1:]), 1, "NOT_FOUND: Session not found")
    with Connection(address) as connection:
        assert not connection.session("nowhere").heartbeat()


# Variables


def test_a_variable_from_its_registration_to_its_end(address: str, session: Session) -> None:
    constraints = '{"min": 0, "max": 2}'
    told = client(address, "register", session.id, "rate", "float", "0.5", "--constraints", constraints)
    fields = dict(line.split(maxsplit=1) for line in lines(told))
    assert (fields["name"], fields["type"], fields["value"], fields["version"]) == (
        "rate",
        "float",
        "0.5",
        "1",
    )
    assert json.loads(fields["constraints"]) == {"min": 0, "max": 2}
    assert lines(client(address, "set", session.id, "rate", "0.75", "--meta", "changed_by=me")) == [
        "rate is at version 2"
    ]
    assert rows(client(address, "--json", "set", session.id, "rate", "1", "--expected-version", "2")) == [
        {"name": "rate", "version": 3}
    ]
    refused(client(address, "set", session.id, "rate", "2", "--expected-version", "2"), 1, "ABORTED: ")
    refused(client(address, "set", session.id, "rate", "2.5"), 1, "INVALID_ARGUMENT: ", "is above maximum")
    (row,) = rows(client(address, "--json", "get", session.id, "rate"))
    assert (row["value"], row["version"], row["metadata"]) == (1.0, 3, {"changed_by": "me"})
    heading, *told = lines(client(address, "history", session.id, "rate"))
    assert heading.split() == ["VERSION", "TIME", "CHANGED", "BY", "VALUE"]
    assert [(line.split()[0], line.split()[-1]) for line in told] == [
        ("3", "1.0"),
        ("2", "0.75"),
        ("1", "0.5"),
    ]
    assert all(line.rindex(line.split()[-1]) == heading.index("VALUE") for line in told)
    (row,) = rows(client(address, "--json", "history", session.id, "rate", "--limit", "1"))
    assert (row["version"], row["value"], row["changed_by"]) == (3, 1.0, "client")
    (row,) = rows(client(address, "--json", "rollback", session.id, "rate", "1"))
    assert (row["version"], row["value"]) == (4, 0.5)
    assert lines(client(address, "delete", session.id, "rate")) == ["rate is deleted"]
    refused(client(address, "get", session.id, "rate"), 1, "NOT_FOUND: Variable not found: rate")


def test_variables_are_listed_in_columns_and_for_scripts(address: str, session: Session) -> None:
    assert lines(client(address, "list", session.id)) == []
    session.register("temperature", "float", 0.5)
    session.register("x", "string", "line\nand\x1b[31m\x85 more", metadata={"unit": "é"})
    assert lines(client(address, "list", session.id)) == [
        "NAME         TYPE    VERSION  VALUE",
        "temperature  float   1        0.5",
        'x            string  1        "line\\nand\\u001b[31m\\x85 more"',
    ]
    (row,) = rows(client(address, "--json", "list", session.id, "x*"))
    assert (row["name"], row["value"]) == ("x", "line\nand\x1b[31m\x85 more")
    assert row["metadata"] == {"unit": "é"}


def test_large_arrays_are_shown_as_their_shape_and_told_in_full(address: str, session: Session) -> None:
    import numpy

    small, large = numpy.arange(4.0), numpy.arange(12_000, dtype="float32").reshape(100, 120)
    session.register("small", "embedding", small)
    session.register("listed", "embedding", [0.5] * 100)
    session.register("large", "tensor", large)
    values = [line.split(maxsplit=3)[3] for line in lines(client(address, "list", session.id))[1:]]
    assert values == ["[0.0, 1.0, 2.0, 3.0]", "numbers of shape [100]", "float32 of shape [100, 120]"]
    (row,) = rows(client(address, "get", session.id, "large", "--json"))
    assert row["value"] == {"shape": [100, 120], "data": large.tolist()}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.5", 0.5),
        ("-3", -3),
        ("true", True),
        ("null", None),
        ('"42"', "42"),
        ("42", 42),
        ("fast", "fast"),
        ("", ""),
        ("two words", "two words"),
        ("[1, 2]", [1, 2]),
        ('{"a": "b"}', {"a": "b"}),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("1e999", "1e999"),
        ("9" * 5000, "9" * 5000),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_what_is_typed_is_json_or_else_a_text(text: str, value: Any) -> None:
    assert read(text) == value
    assert type(read(text)) is type(value)


def test_every_type_can_be_typed_and_is_shown_so_that_it_can_be_typed_again(
    address: str, session: Session
) -> None:
    for number, (kind, typed) in enumerate(
        {
            "float": "NaN",
            "integer": "9223372036854775807",
            "string": '"42"',
            "boolean": "true",
            "choice": "fast",
            "module": "some.module",
            "embedding": "[0.5, -1]",
            "tensor": '{"shape": [1, 2], "data": [[1, 2.5]]}',
        }.items()
    ):
        more = ["--constraints", '{"choices": ["fast", "slow"]}'] if kind == "choice" else []
        assert lines(client(address, "register", session.id, kind, kind, typed, *more))
        value = session.get(kind).value
        again = shown(value, kind)
        assert read(again) == read(typed) == whole(value, kind), number
    assert lines(client(address, "set", session.id, "float", "--", "-1e3"))
    assert session.get("float").value == -1000.0


# Watching


def test_a_watch_shows_what_comes_and_ends_after_so_many(
    address: str, session: Session, live: Callable[..., Live]
) -> None:
    session.register("x", "integer", 1)
    watch = live("watch", session.id, "--initial", "--count", "4")
    watch.wait_for(lambda lines: len(lines) == 1)
    session.set("x", 2, metadata={"source": "elixir"})
    session.register("longer", "string", "a")
    session.delete("x")
    told = watch.wait_for(lambda lines: len(lines) == 4)
    assert watch.wait() == (0, "")
    assert [line.split()[2:] for line in told] == [
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


def test_a_watch_of_some_hears_of_no_others(session: Session, live: Callable[..., Live]) -> None:
    for name in ("a", "b"):
        session.register(name, "integer", 1)
    watch = live("watch", session.id, "a", "--initial", "--json")
    watch.wait_for(lambda lines: len(lines) == 1)
    session.set("b", 2)
    session.set("a", 2)
    told = watch.wait_for(lambda lines: len(lines) == 2)
    assert [(row["name"], row["version"]) for row in map(json.loads, told)] == [("a", 1), ("a", 2)]
    assert watch.end(signal.SIGINT) == (0, "")


def test_a_watch_goes_on_when_the_bridge_was_away(live: Callable[..., Live], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "server", "--port", "0", "--data-dir", str(tmp_path)]
    with Worker(command, max_backoff=0.05) as worker:
        connection = worker.connection()
        connection.session("s").register("x", "integer", 1)
        watch = live("watch", "s", "--initial", "--json", at=connection.address)
        watch.wait_for(lambda lines: len(lines) == 1)
        for version in (2, 3):
            process = worker.process
            assert process is not None
            process.kill()
            worker.connection_after(process).session("s").set("x", version)
            watch.wait_for(lambda lines, version=version: len(lines) == version)
        assert [json.loads(line)["value"] for line in watch.wait_for(bool)] == [1, 2, 3]
        # It is ended while the bridge is away, too.
        worker.stop()
        assert watch.end(signal.SIGINT) == (0, "")


def test_a_watch_ends_with_its_session(session: Session, live: Callable[..., Live]) -> None:
    session.register("x", "integer", 1)
    watch = live("watch", session.id, "--initial")
    watch.wait_for(bool)
    session.clean_up()
    code, words = watch.wait()
    assert code == 1
    assert words.startswith("varbridge: NOT_FOUND: ")
    assert words.count("\n") == 1


def test_what_the_log_no_longer_has_cannot_be_resumed(address: str, session: Session) -> None:
    refused(client(address, "watch", session.id, "--resume-after", "999"), 1, "OUT_OF_RANGE: ")
    refused(client(address, "watch", session.id, "x"), 1, "NOT_FOUND: ")
    with pytest.raises(ValueError, match="does not begin with the present values"):
        Follower(session, initial=True, resume_after=1)


# Tools


def test_tools_are_listed(address: str, session: Session) -> None:
    heading, *told = lines(client(address, "tools", session.id))
    assert heading.split("  ")[0] == "NAME"
    by_name = {line.split()[0]: line for line in told}
    assert [*by_name] == sorted(by_name)
    assert " yes " in by_name["count"]
    assert "name: string, by: integer = 1 " in by_name["increment"]
    found = {row["name"]: row for row in rows(client(address, "--json", "tools", session.id))}
    assert found.keys() == by_name.keys()
    assert found["count"]["streaming"]
    assert [(one["name"], one["required"], one["default"]) for one in found["increment"]["parameters"]] == [
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


def test_chunks_are_shown_as_they_come(session: Session, live: Callable[..., Live]) -> None:
    # The tool has far more to say than the pipe and the connection hold, so it is not over.
    run = live("run", session.id, "count", "n=1000000000", "--json")
    run.wait_for(lambda lines: len(lines) >= 3)
    assert run.end(signal.SIGINT) == (130, "")


def test_a_tool_may_take_longer_than_other_calls_unless_told(address: str, session: Session) -> None:
    refused(
        client(address, "run", session.id, "sleep", "seconds=60", "--timeout", "0.2"), 3, "DEADLINE_EXCEEDED"
    )


# Usage, exit codes, and odd terminals


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "COMMAND"),
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["get", "s"], "required: NAME"),
        (["get", "s", "x", "y"], "unrecognized arguments: y"),
        (["ping", "--address", "nowhere"], "'nowhere' is no HOST:PORT"),
        (["ping", "--address", "a:1,b"], "'b' is no HOST:PORT"),
        (["ping", "--address", "a:65536"], "'a:65536' is no HOST:PORT"),
        (["ping", "--timeout", "soon"], "must be a number of seconds above 0, not 'soon'"),
        (["ping", "--token", "secret"], "unrecognized arguments: --token"),
        (["set", "s", "x", "1", "--expected-version", "-1"], "--expected-version"),
        (
            ["set", "s", "x", "1", "--expected-version", "2147483648"],
            "must be a whole number, 0 to 2147483647",
        ),
        (["set", "s", "x", "1", "--meta", "novalue"], "must be KEY=VALUE, not 'novalue'"),
        (["rollback", "s", "x", "first"], "must be a whole number"),
        (["watch", "s", "--initial", "--resume-after", "1"], "not allowed with"),
        (["run", "s", "add", "a"], "must be NAME=JSON, not 'a'"),
        (["ping", "--ca", "/nowhere/ca.pem"], "cannot read /nowhere/ca.pem: No such file or directory"),
        (["ping", "--cert", "/nowhere/cert.pem"], "belong together"),
        (["ping", "--token-file", "/nowhere/token"], "cannot read /nowhere/token: No such file or directory"),
        (["ping", "--token-file", os.devnull], "holds no token"),
        (["get", "s", os.fsdecode(b"\xff")], "is no UTF-8"),
    ],
)
def test_bad_usage_is_told_in_one_line(address: str, arguments: list[str], reason: str) -> None:
    refused(client(address, *arguments), 2, reason)


def test_a_token_goes_to_another_machine_over_tls_alone(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("# who: me\n\n  correct-horse-battery \n")
    run = client("192.0.2.1:50051", "ping", token_file=str(token))
    refused(run, 2, "over TLS alone")
    assert "horse" not in run.stderr


def test_where_nobody_answers_the_exit_code_is_3() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at = f"127.0.0.1:{silent.getsockname()[1]}"
        refused(client(at, "ping", "--timeout", "0.2"), 3, "varbridge: ")
    for command in (["ping"], ["list", "s"], ["watch", "s"]):
        refused(client(at, *command), 3, "UNAVAILABLE: ")


def test_ctrl_c_before_an_answer_is_quiet(live: Callable[..., Live]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30.0)
        waiting = live("ping", "--timeout", "60", at=f"127.0.0.1:{silent.getsockname()[1]}")
        taken, _ = silent.accept()
        with taken:
            assert waiting.end(signal.SIGINT) == (130, "")


def test_options_come_from_the_environment_and_the_command_line_wins(address: str) -> None:
    gone = "127.0.0.1:1"
    assert lines(client(gone, "--address", address, "ping"))
    assert lines(client(gone, "ping", "--address", address))
    refused(client(address, "ping", ca="/nowhere/ca.pem"), 2, "/nowhere/ca.pem")
    refused(client(address, "ping", cert="/nowhere/c.pem", key="/nowhere/k.pem"), 2, "cannot read /nowhere/")
    assert lines(client(address, "ping", ca=""))
    help_text = "\n".join(lines(client(address, "--help")))
    for name in ("ADDRESS", "CA", "CERT", "KEY", "TOKEN_FILE"):
        assert f"BRIDGE_{name}" in help_text


def test_tls_and_a_token_as_flags_and_as_variables(tmp_path: Path) -> None:
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    (tmp_path / "token").write_text("correct-horse-battery-staple\n")
    ca, cert, key, token = (str(tmp_path / name) for name in ("ca.pem", "cert.pem", "key.pem", "token"))
    flags = ["--tls-cert", cert, "--tls-key", key, "--tls-ca", ca, "--token-file", token]
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0", *flags])
    try:
        at = f"localhost:{process.wait_ready(15.0)}"
        assert lines(client(at, "ping", "--ca", ca, "--cert", cert, "--key", key, "--token-file", token))
        assert lines(client(at, "ping", ca=ca, cert=cert, key=key, token_file=token))
        refused(client(at, "ping", ca=ca, cert=cert, key=key), 1, "UNAUTHENTICATED: ")
        refused(client(at, "ping", ca=ca, token_file=token), 3, "UNAVAILABLE: ")
        refused(client(at, "ping", token_file=token), 3, "UNAVAILABLE: ")
        trustme.CA().cert_pem.write_to_path(tmp_path / "stranger.pem")
        # gRPC would tell of this one in a line of its own.
        stranger = str(tmp_path / "stranger.pem")
        refused(client(at, "ping", ca=stranger, token_file=token), 3, "CERTIFICATE_VERIFY_FAILED")
    finally:
        process.kill()
        process.wait_ended(10.0)


def test_whoever_reads_may_have_seen_enough(address: str, session: Session) -> None:
    for arguments in (["run", session.id, "count", "n=1000000000"], ["--help"]):
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(address=address),
        )
        assert process.stdout is not None
        assert process.stderr is not None
        if arguments[0] == "run":
            assert process.stdout.readline() == "1\n"
        process.stdout.close()
        assert (process.wait(30.0), process.stderr.read()) == (0, "")
        process.stderr.close()


def test_without_a_stdout_and_with_a_full_one(address: str, session: Session) -> None:
    session.register("x", "integer", 1)
    for shell, expected in (
        (">&-", (0, "")),
        (">/dev/full", (1, "varbridge: cannot write: No space left on device\n")),
    ):
        words = ["sh", "-c", f'"$@" {shell}', "sh", *COMMAND, "get", session.id, "x"]
        run = subprocess.run(
            words, capture_output=True, text=True, timeout=30.0, check=False, env=environment(address=address)
        )
        assert (run.returncode, run.stderr) == expected


def test_a_terminal_that_knows_few_characters_is_shown_their_numbers(address: str, session: Session) -> None:
    session.register("x", "string", "é→")
    run = subprocess.run(
        [*COMMAND, "list", session.id],
        capture_output=True,
        timeout=30.0,
        check=False,
        env={**environment(address=address), "PYTHONIOENCODING": "latin-1"},
    )
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.splitlines()[1].endswith(b'"\xe9\\u2192"')
