"""Runs in parallel jobs have the same results as runs in one, whatever happens to a job or to the run."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conformance.bridges import UNIMPLEMENTED, bridge
from tests.conformance.project import DEADLINE_S, GREEN, MIXED, OTHER, PROFILE, ROOT, Project, Run
from tests.conformance.verdict_builders import MakeProject
from varbridge.conformance.faults.ports import free_ports
from varbridge.conformance.run.runner import ConformanceRunner

RED_OTHER = (
    OTHER
    + """
    Example: This one of the other feature fails
      Given a float variable "x" holding 0.5
      When "x" is set to 0.75
      Then "x" holds 1.5 at version 2
"""
)

ENDING = """
@variables
Feature: Ending
  It ends something.

  @A1
  Rule: What ends is noticed

    Example: Something ends
      Given a float variable "x" holding 0.5
      When {event}
      Then all is well

    Example: Something comes after it
      Given a float variable "x" holding 0.5
      Then "x" holds 0.5 at version 1
"""

_DIFFERENT = {
    *("seconds", "started", "duration"),
    *("exchange", "method"),  # the events of concurrent watches come in any order
    "coverage",  # the calls that start a job are counted, and the scenarios of other jobs after --stop
}
"""The fields of a verdict that may differ between two runs."""

_TIMES = re.compile(r"\d+\.\d+s?\b|\d+min|[0-9a-f]{12}|127\.0\.0\.1:\d+")


def comparable(data: Any) -> Any:
    """Return the data of a verdict without what differs between any two runs."""
    if isinstance(data, dict):
        return {name: comparable(value) for name, value in data.items() if name not in _DIFFERENT}
    if isinstance(data, list):
        return [comparable(value) for value in data]
    return _TIMES.sub("…", data) if isinstance(data, str) else data


def run_with(project: Project, jobs: int, *arguments: str) -> Run:
    return project.run("--jobs", str(jobs), *arguments)


@pytest.mark.parametrize("arguments", [(), ("--stop",), ("--tags=not @requires_failpoints",)])
def test_the_verdict_is_that_of_one_job(make_project: MakeProject, arguments: tuple[str, ...]) -> None:
    project = make_project(MIXED, **{"other.feature": RED_OTHER, "third.feature": third(GREEN)})
    profile = f"profile={project.write('profile.toml', PROFILE)}"
    single = run_with(project, 1, "-D", profile, *arguments)
    several = run_with(project, 3, "-D", profile, *arguments)
    assert single.code == several.code == 1
    assert comparable(single.data) == comparable(several.data)
    if "--stop" not in arguments:
        assert single.data["coverage"]["clauses"] == several.data["coverage"]["clauses"]


def third(text: str) -> str:
    """Return a feature whose names differ from those of ``GREEN`` and ``OTHER``."""
    return (
        text.replace("One passes", "A fifth passes")
        .replace("Another passes", "A sixth passes")
        .replace("A variable is", "A third variable is")
    )


def test_formatters_and_junit_are_those_of_one_job(make_project: MakeProject) -> None:
    names = ["pretty", "plain", "json", "progress3", "rerun"]
    project = make_project(MIXED, **{"other.feature": RED_OTHER})
    texts: list[dict[str, Any]] = []
    for jobs in (1, 2):
        run_with(
            project, jobs, "--no-color", *(f"-f{name}" for name in names), *(f"-o{n}.txt" for n in names)
        )
        written = {name: (project.folder / f"{name}.txt").read_text() for name in names}
        for file in sorted((project.folder / "reports" / "junit").glob("*.xml")):
            written[file.name] = re.sub(r'(time|timestamp)="[^"]*"', "", file.read_text())
        texts.append({name: _TIMES.sub("…", text) for name, text in written.items()})
        texts[-1]["json"] = comparable(json.loads(written["json"]))
    assert len(texts[0]) == len(names) + 2
    assert all(texts[0].values())
    assert texts[0] == texts[1]


def test_jobs_share_one_target(make_project: MakeProject, tmp_path: Path) -> None:
    project = make_project(GREEN, **{"other.feature": OTHER})
    server = subprocess.Popen(
        [sys.executable, "-m", "server", "--port", "0"], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        port = server.stdout.readline().strip().removeprefix("GRPC_READY:")
        run = run_with(project, 2, "-D", f"target=127.0.0.1:{port}", "--name", "A.* passes")
    finally:
        server.terminate()
        server.communicate()
    assert (run.code, run.data["counts"]["passed"]) == (0, 3)


FIXED_PORT = """
import socket, subprocess, sys
with socket.create_server(("127.0.0.1", {port})) as lock:
    sys.exit(subprocess.call([sys.executable, "-m", "server", *sys.argv[1:]]))
"""


def test_a_bridge_that_cannot_run_twice_is_judged_by_one_job(
    make_project: MakeProject, tmp_path: Path, free_port: int
) -> None:
    program = tmp_path / "fixed.py"
    program.write_text(FIXED_PORT.format(port=free_port))
    project = make_project(GREEN, **{"other.feature": OTHER})
    command = f"command={shlex.join([sys.executable, str(program)])}"
    run = run_with(project, 2, "-D", command, "--name", "A.* passes")
    assert (run.code, run.data["counts"]["passed"]) == (0, 3)
    assert "one scenario at a time, since the bridge does not run twice" in run.out
    assert "Address already in use" in run.out


@pytest.fixture
def free_port() -> int:
    return free_ports(1)[0]


def test_two_bridges_at_the_same_port_are_judged_by_one_job(
    make_project: MakeProject, tmp_path: Path, free_port: int
) -> None:
    # gRPC lets two processes listen at the same port, unless an option forbids it.
    act = UNIMPLEMENTED
    command = bridge(tmp_path, act)
    program = tmp_path / "bridge.py"
    program.write_text(program.read_text().replace('"127.0.0.1:0"', f'"127.0.0.1:{free_port}"'))
    project = make_project(GREEN, **{"other.feature": OTHER})
    run = run_with(project, 2, "-D", f"command={command}")
    assert run.code == 1
    assert f"have the same address, 127.0.0.1:{free_port}" in run.out


def test_a_bridge_that_never_starts_is_one_cause(make_project: MakeProject, tmp_path: Path) -> None:
    command = bridge(tmp_path, announce="sys.exit(3)")
    project = make_project(GREEN, **{"other.feature": OTHER})
    run = run_with(project, 2, "-D", f"command={command}")
    assert (run.code, run.word) == (1, "does not conform")
    assert [cause["kind"] for cause in run.data["causes"]] == ["startup"]


def test_a_job_that_dies_breaks_the_run_and_leaves_no_bridge(make_project: MakeProject) -> None:
    text = ENDING.format(event="somebody sends SIGKILL to the run")
    project = make_project(GREEN, **{"ending.feature": text})
    command = f"{sys.executable} -m varbridge.server --watch-log-limit 7654321"
    run = run_with(project, 2, "-D", f"command={command}")
    assert (run.code, run.word) == (3, "broken run")
    assert "a job of the suite ended with exit code -9 in features/ending.feature:9" in run.sentence
    assert not _running("7654321")


def _running(argument: str) -> list[str]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if argument in words:
            lines.append(" ".join(words))
    return lines


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_run_ends_its_jobs(make_project: MakeProject, number: signal.Signals) -> None:
    text = GREEN.replace(
        'Then "x" holds 0.5', 'When the tool "sleep" runs with {"seconds": 3600.0}\n      Then "x" holds 0.5'
    )
    project = make_project(text, **{"other.feature": OTHER})
    flag = str(7000000 + number)
    command = f"{sys.executable} -m varbridge.server --watch-log-limit {flag}"
    process = subprocess.Popen(
        [sys.executable, "-m", "behave", "--jobs", "2", "-D", f"command={command}"],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "other.feature" in line or "small.feature" in line:
            break
    process.send_signal(number)
    out, _ = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 3, out
    assert "the run was stopped before its end" in out
    data = json.loads((project.folder / "reports" / "verdict.json").read_text())
    assert data["counts"]["passed"] >= 2
    assert not _running(flag)


def test_an_interrupted_process_of_the_run_ends_its_jobs(make_project: MakeProject) -> None:
    """A run that is killed cannot end its jobs: they end by themselves."""
    text = ENDING.format(event="somebody sends SIGKILL to the process of the run")
    project = make_project(GREEN, **{"ending.feature": text})
    command = f"{sys.executable} -m varbridge.server --watch-log-limit 7654322"
    ended = project.behave("--jobs", "2", "-D", f"command={command}")
    assert ended.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 20
    while _running("7654322") and time.monotonic() < deadline:
        os.sched_yield()
    assert not _running("7654322")


@pytest.mark.parametrize(("stop", "taken"), [(False, ["the second", "another"]), (True, ["the second"])])
def test_a_result_that_is_replaced_later_counts(stop: bool, taken: list[str]) -> None:
    """The end of a bridge may be noticed when its scenario has been shown; --stop leaves out later ones."""
    runner: Any = object.__new__(ConformanceRunner)
    runner.config, runner._shown = SimpleNamespace(stop=stop), {0}
    results: list[str] = []
    runner._take = lambda scenario, result: results.append(result)
    runner._take_last_results(["shown", "not shown"], {0: "the second", 1: "another"})
    assert results == taken


def test_a_crash_in_a_job_fails_its_scenario(make_project: MakeProject) -> None:
    text = ENDING.format(event="somebody sends SIGSEGV to the bridge")
    project = make_project(GREEN, **{"ending.feature": text})
    run = run_with(project, 2)
    assert run.code == 1
    assert run.data["counts"] == {**run.data["counts"], "passed": 3, "failed": 1}
    assert "the bridge died, with signal 11" in run.out
