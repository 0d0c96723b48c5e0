"""Small projects in which tests run behave: own features, and the suite's steps with a few more."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from varbridge.conformance.report.record import (
    BridgeRecord,
    Cause,
    Counts,
    Failure,
    Figure,
    Report,
    RunRecord,
    ScenarioRecord,
    StepRecord,
)
from varbridge.conformance.report.trace import Exchange
from varbridge.conformance.report.verdict import Verdict

ROOT = Path(__file__).parents[2]

DEADLINE_S = 180.0
"""The time after which a run counts as hanging, in seconds; busy machines take several times the usual."""

GREEN = """
@variables
Feature: Small
  It says little.

  @A1
  Rule: A variable is registered

    Example: One passes
      Given a float variable "x" holding 0.5
      Then "x" holds 0.5 at version 1

    Example: Another passes
      Given an integer variable "n" holding 3
      Then "n" holds 3 at version 1
"""

OTHER = (
    GREEN.replace("One passes", "A third passes")
    .replace("Another passes", "A fourth passes")
    .replace("A variable is", "Another variable is")
)
"""A feature whose names differ from those of ``GREEN``, as they must in one project."""

RED = (
    GREEN
    + """
    Example: This one fails
      Given a float variable "x" holding 0.5
      When "x" is set to 0.75
      Then "x" holds 1.5 at version 2
"""
)

MIXED = (
    RED
    + """
    Example: A watch that misses its update, and <b>more</b> & such
      Given a float variable "x" holding 0.5
      And Ada watches "x"
      And Ben watches "x", with initial values
      When "x" is set to 0.75
      Then Ada receives:
        | update       | variable | value | version |
        | value change | x        | 0.75  | 7       |

    @requires_failpoints
    Example: One that no run here can ask for
      Given a float variable "x" holding 0.5
      Then "x" holds 0.5 at version 1

    Example: One that is known
      Given a float variable "x" holding 0.5
      Then "x" holds 2.5 at version 1
"""
)

PROFILE = """
[bridge]
name = "A bridge of ours"

[capabilities]
requires_failpoints = "none here"

[known_failing]
"Small / One that is known" = "issue 7"
"""

# Steps that end the shared bridge or the run, which no feature of the suite does.
STEPS = '''
import json
import os
import signal
from contextlib import suppress

from behave import given, then, when

from varbridge.conformance.faults.processes import offspring
from varbridge.errors import MalformedReplyError


@when("somebody sends {signal} to the bridge")
def step_signal(context, name):
    """Send the shared bridge a signal and wait for its end."""
    process = context.target.servers.usual
    os.kill(process.pid, name)
    assert process.wait_ended(60.0) is not None


@when("{signal} is on its way to the bridge")
def step_signal_soon(context, name):
    """Send the shared bridge a signal without waiting for its end."""
    os.kill(context.target.servers.usual.pid, name)


@when("somebody sends {signal} to the first bridge")
def step_signal_first(context, name):
    """Send the shared bridge a signal, but not the bridge that is started after its end."""
    if not os.path.exists("the first bridge has ended"):
        open("the first bridge has ended", "w").close()
        step_signal(context, name)


@given("the processes of the run are written to a file")
def step_write_processes(context):
    """Write the ids and names of the processes that the run has started, in its folder."""
    with open("processes", "w") as file:
        json.dump(offspring(os.getpid()), file)


@when("somebody sends {signal} to the run")
def step_signal_run(context, name):
    """Send the run itself a signal."""
    os.kill(os.getpid(), name)


@when("somebody sends {signal} to the process of the run")
def step_signal_parent(context, name):
    """Send a signal to the process that has started this job."""
    os.kill(os.getppid(), name)


@then("all is well")
def step_well(context):
    """Check nothing."""


@when("the bridge at the target is paused")
def step_pause_target(context):
    """Pause the bridge whose process the environment names."""
    os.kill(int(os.environ["TARGET_PID"]), signal.SIGSTOP)


@when("a reply is malformed")
def step_malformed(context):
    """Fail as the client library does."""
    raise MalformedReplyError("a value came with an unknown type_url")


@when("a step has a defect")
def step_defective(context):
    """Look up what is not there."""
    return {}["no such key"]


@when("a step reads what it does not declare")
def step_undeclared(context):
    """Read the running tool, which no step has started."""
    return context.world.tools.running


@when("the bridge at the target is stopped")
def step_stop_target(context):
    """End the bridge whose process the environment names."""
    os.kill(int(os.environ["TARGET_PID"]), signal.SIGKILL)
    with suppress(FileNotFoundError, ProcessLookupError):  # it has ended
        while True:
            with open(f"/proc/{os.environ['TARGET_PID']}/stat") as stat:
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    break
'''


@dataclass(frozen=True)
class Run:
    """The result of a run."""

    code: int
    out: str
    data: dict[str, Any]

    @property
    def word(self) -> str:
        """The short form of the verdict, as in the reports."""
        return str(self.data["verdict"]["word"])

    @property
    def sentence(self) -> str:
        return str(self.data["verdict"]["sentence"])


def scenario_record(outcome: str, **more: Any) -> ScenarioRecord:
    """Return a record with these fields, whose other fields are empty."""
    texts = dict.fromkeys(("feature", "rule", "scenario", "location", "reason", "known", "rerun"), "")
    lists = dict.fromkeys(("clauses", "steps", "explanation", "exchange", "log"), ())
    fields: dict[str, Any] = {**texts, **lists, "declared": False, "seconds": 0.0}
    return ScenarioRecord(**{**fields, "outcome": outcome, **more})


def report_of(data: dict[str, Any]) -> Report:
    """Return the report with the data of a verdict.json."""
    verdict = {name: data["verdict"][name] for name in ("word", "sentence")}
    scenarios = [
        ScenarioRecord(
            **{
                **scenario,
                "steps": [StepRecord(**step) for step in scenario["steps"]],
                "exchange": [Exchange(**event) for event in scenario["exchange"]],
                "figures": [Figure(**figure) for figure in scenario.get("figures", ())],
                "failure": Failure(**scenario["failure"]) if "failure" in scenario else None,
            }
        )
        for scenario in data["scenarios"]
    ]
    return Report(
        verdict=Verdict(**verdict),
        bridge=BridgeRecord(**data["bridge"]),
        run=RunRecord(**data["run"]),
        counts=Counts(**data["counts"]),
        coverage=data["coverage"],
        features=data["features"],
        scenarios=scenarios,
        causes=[Cause(**cause) for cause in data["causes"]],
    )


class Project:
    """A folder with features, in which behave runs.

    Args:
        folder: an empty folder.
        features: the texts of the features, by file name.
    """

    def __init__(self, folder: Path, features: dict[str, str]) -> None:
        self.folder = folder
        (folder / "features").mkdir(parents=True)
        (folder / "steps").mkdir()
        for name, text in features.items():
            (folder / "features" / name).write_text(text)
        for path in (ROOT / "steps").glob("*.py"):
            (folder / "steps" / path.name).symlink_to(path)
        (folder / "steps" / "zz_own.py").write_text(STEPS)
        for name in ("environment.py", "pyproject.toml"):
            (folder / name).symlink_to(ROOT / name)

    def write(self, name: str, text: str) -> str:
        """Write a file and return its path."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        return str(path)

    def behave(
        self, *arguments: str, timeout: float = DEADLINE_S, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run behave with any outcome."""
        return subprocess.run(
            [sys.executable, "-m", "behave", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def run(
        self, *arguments: str, path: str = "features/", timeout: float = DEADLINE_S, **environment: str
    ) -> Run:
        """Run behave, check what holds for every run, and return the result."""
        ended = self.behave(path, *arguments, timeout=timeout, **environment)
        report = self.folder / "reports" / "verdict.json"
        data = json.loads(report.read_text()) if report.exists() else {}
        last = [line for line in ended.stdout.splitlines() if line.strip()][-1:]
        assert last, ended.stderr
        assert re.fullmatch(
            r"scenarios: \d+ passed, \d+ failed, \d+ skipped"
            r"(, \d+ not reached)?(, \d+ not run)?(, \d+ broken invariants?)?",
            last[0],
        ), ended.stdout
        assert data["verdict"]["exit_code"] == ended.returncode, ended.stdout
        return Run(ended.returncode, ended.stdout, data)
