"""Tests of the verdicts about bridges that do not become ready, or end at a request."""

from __future__ import annotations

import shlex
import signal
from pathlib import Path

import pytest

from tests.client.worker_builders import wait_until
from tests.conformance.bridges import READY, bridge
from tests.conformance.project import GREEN
from tests.conformance.verdict_builders import MakeProject, example
from varbridge.conformance.target.startup import StartupError, startup_error
from varbridge.process import ServerProcess

# Bridges that do not become ready


@pytest.mark.parametrize(
    ("announce", "words"),
    [
        ("print('Listening')", "stdout: 'Listening'"),
        ("print(f'INFO GRPC_READY:{port}')", "is not exactly that line, with a line end"),
        (
            "print(f'\\033[32mGRPC_READY:{port}\\033[0m')",
            "stdout: '\\x1b[32mGRPC_READY:",
        ),
        ("print(f'GRPC_READY:{port} ')", " ' is not exactly that line"),
        ("sys.stdout.write(f'GRPC_READY:{port}')", "is not exactly that line, with a line end"),
        ("print(f'GRPC_READY:{port}', file=sys.stderr)", "it printed it on stderr"),
    ],
    ids=["never", "with a prefix", "in colours", "with a blank", "without a line end", "on stderr"],
)
def test_a_bridge_that_is_never_ready_breaks_the_clause_of_readiness(
    tmp_path: Path, announce: str, words: str
) -> None:
    command = bridge(tmp_path, announce=f"{announce}; sys.stdout.flush(); print('a log', file=sys.stderr)")
    process = ServerProcess(shlex.split(command))
    wait_until(lambda: "a log" in process.stderr)
    error = startup_error(process)
    assert isinstance(error, StartupError)
    assert error.failure.clause == "P1"
    assert "it did not print the READY line on stdout within 15 s" in str(error)
    assert "awaited on stdout: GRPC_READY:<port>" in error.failure.lines
    assert "stderr: 'a log'" in error.failure.lines
    assert words in str(error)
    assert process.exit_code == -signal.SIGKILL


def test_the_verdict_about_a_bridge_that_is_never_ready_shows_its_output(
    make_project: MakeProject, tmp_path: Path
) -> None:
    run = make_project().run("-D", f"command={bridge(tmp_path, announce='print(8000, flush=True)')}")
    assert (run.code, run.word) == (1, "does not conform")
    (cause,) = run.data["causes"]
    assert (cause["kind"], cause["clauses"]) == ("startup", ["P1"])
    assert "it did not print the READY line on stdout within 15 s" in run.sentence
    assert cause["lines"][1:] == [
        "awaited on stdout: GRPC_READY:<port>",
        "stdout: '8000'",
        "stderr: nothing",
    ]
    for line in cause["lines"]:
        assert line in run.out


def test_a_bridge_at_whose_port_nothing_listens_breaks_the_clause_of_readiness(
    make_project: MakeProject, tmp_path: Path
) -> None:
    command = bridge(tmp_path, announce="print('GRPC_READY:1', flush=True)")
    run = make_project().run("-D", f"command={command}")
    assert (run.code, run.word) == (1, "does not conform")
    assert "it printed GRPC_READY:1, but nothing listens at 127.0.0.1:1 (P1)" in run.sentence


def test_a_second_ready_line_breaks_the_clause_of_readiness(
    make_project: MakeProject, tmp_path: Path
) -> None:
    text = GREEN.replace("@A1", "@P1") + example(
        "Given a new bridge", "Then stdout is one line, GRPC_READY with the bridge's port"
    )
    command = bridge(tmp_path, announce='print(f"GRPC_READY:{port}\\nGRPC_READY:{port}", flush=True)')
    run = make_project(text).run("-D", f"command={command}", "--name", "One more")
    assert (run.code, run.word) == (1, "does not conform")
    assert run.data["scenarios"][0]["clauses"] == ["P1"]
    assert str(run.data["scenarios"][0]["explanation"]).count("GRPC_READY:") == 2


@pytest.mark.parametrize(
    ("end", "clause", "words"),
    [
        ("sys.exit('no such model')", "P1", "it ended with exit code 1 before it was ready"),
        ("sys.exit(0)", "P2", "it ended with exit code 0 before it was ready, and not with a reason"),
        ("sys.exit(3)", "P2", "it ended with exit code 3 before it was ready, and not with a reason"),
    ],
)
def test_a_bridge_that_ends_before_it_is_ready_does_not_conform(
    make_project: MakeProject, tmp_path: Path, end: str, clause: str, words: str
) -> None:
    run = make_project().run("-D", f"command={bridge(tmp_path, announce=end)}")
    assert (run.code, run.word) == (1, "does not conform")
    (cause,) = run.data["causes"]
    assert cause["clauses"] == [clause]
    assert words in cause["sentence"]
    assert run.data["counts"]["not_run"] == 2


@pytest.mark.parametrize("command", ["no-such-program-anywhere", "/", "sh -c no-such-program-anywhere"])
def test_a_command_that_cannot_be_run_is_not_judged(make_project: MakeProject, command: str) -> None:
    run = make_project().run("-D", f"command={command}")
    assert (run.code, run.word) == (2, "not judged")
    assert "cannot" in run.sentence


# Bridges that end at a request


@pytest.mark.parametrize(
    ("act", "words"),
    [
        ("os._exit(0)", "the bridge died, with exit code 0"),
        ("os._exit(143)", "the bridge died, with exit code 143"),
        ("os.kill(os.getpid(), signal.SIGKILL); time.sleep(9)", "the bridge died, with signal 9"),
        ("os._exit(7)", "the bridge died, with exit code 7"),
    ],
)
def test_a_bridge_that_ends_itself_at_a_request_fails_the_scenario(
    make_project: MakeProject, tmp_path: Path, act: str, words: str
) -> None:
    run = make_project().run("-D", f"command={bridge(tmp_path, act)}")
    assert (run.code, run.word) == (1, "does not conform")
    assert [scenario["outcome"] for scenario in run.data["scenarios"]] == ["failed", "failed"]
    for scenario in run.data["scenarios"]:
        assert words in scenario["explanation"]


def test_a_bridge_that_ends_after_a_scenario_fails_it_and_not_the_next_one(
    make_project: MakeProject,
) -> None:
    x = 'Given a float variable "x" holding 0.5'
    text = GREEN + example(x, "When SIGKILL is on its way to the bridge", "Then all is well")
    run = make_project(text + example(x, 'Then "x" holds 0.5 at version 1', name="After")).run()
    assert (run.code, run.word) == (1, "does not conform")
    outcomes = [scenario["outcome"] for scenario in run.data["scenarios"]]
    assert outcomes == ["passed", "passed", "failed", "passed"]
    assert "a fresh bridge ended in this scenario again" in run.data["scenarios"][2]["explanation"]


def test_a_flag_that_a_bridge_does_not_take_is_named(make_project: MakeProject, tmp_path: Path) -> None:
    refuse = "if '--grace' in sys.argv: sys.exit('unknown option --grace')\n"
    text = GREEN + example('Given a bridge with the flags "--grace 1"', "Then all is well")
    run = make_project(text).run(
        "-D", f"command={bridge(tmp_path, announce=refuse + READY)}", "--name", "One more"
    )
    assert run.code == 1
    words = "\n".join(run.data["scenarios"][0]["explanation"])
    assert "unknown option --grace" in words
    assert "it was started with --grace 1" in words
    assert "the bridge died" not in words
