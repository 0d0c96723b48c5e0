"""Scenarios that begin with a restart share it, and each has its own result nevertheless."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from tests.conformance.project import Project, Run
from tests.conformance.verdict_builders import MakeProject

DURABLE = """
@recovery @requires_process @requires_durable
Feature: Durable
  It lasts.

  @P6
  Rule: What was acknowledged survives

    Example: The first value survives
      Given a bridge with a data directory
      And a float variable "x" holding 0.1
      When the bridge is killed and restarted
      Then "x" still holds 0.1 at version 1

    Example: The second value survives
      Given a bridge with a data directory
      And an integer variable "x" holding 2
      {event}
      And the bridge was killed and restarted
      When "x" is set to 3
      Then "x" holds 3 at version 2

    Example: The third value survives
      Given a bridge with a data directory
      And an integer variable "x" holding 3
      When the bridge is killed and restarted
      Then "x" still holds 3 at version {version}

    Example: The fourth value survives
      Given a bridge with a data directory
      And an integer variable "x" holding 4
      When the bridge is killed and restarted
      Then "x" still holds 4 at version 1
"""

COUNTING = """
import os, sys
with open({path!r}, "a") as file:
    file.write("started\\n")
os.execv(sys.executable, [sys.executable, "-m", "varbridge.server", *sys.argv[1:]])
"""


class Counted:
    """A project that counts the bridges which it starts.

    Args:
        make_project: the function that makes the project.
        folder: a folder for its files.
        event: a step between the changes and the restart of the second scenario.
        version: the version that the third scenario expects.
    """

    def __init__(
        self,
        make_project: MakeProject,
        folder: Path,
        event: str = 'And the state of "x" was noted',
        version: int = 1,
    ) -> None:
        text = DURABLE.replace("{event}", event).replace("{version}", str(version))
        self.project: Project = make_project(text)
        self._starts = folder / "starts"
        program = folder / "counting.py"
        program.write_text(COUNTING.format(path=str(self._starts)))
        self._command = f"command={shlex.join([sys.executable, str(program)])}"

    def run(self, *arguments: str, path: str = "features/") -> Run:
        self._starts.unlink(missing_ok=True)
        return self.project.run("-D", self._command, "--tags=@recovery", *arguments, path=path)

    @property
    def starts(self) -> int:
        """The number of bridges that the last run has started."""
        return len(self._starts.read_text().splitlines())


def outcomes(run: Run) -> list[str]:
    return [scenario["outcome"] for scenario in run.data["scenarios"]]


def test_one_restart_is_enough_for_all(make_project: MakeProject, tmp_path: Path) -> None:
    counted = Counted(make_project, tmp_path)
    assert outcomes(counted.run()) == ["passed"] * 4
    assert counted.starts == 3  # the bridge that all scenarios share, the durable one, and its restart


def test_a_scenario_runs_by_itself(make_project: MakeProject, tmp_path: Path) -> None:
    counted = Counted(make_project, tmp_path)
    assert outcomes(counted.run("--name", "The third")) == ["passed"]
    assert counted.starts == 3


def test_a_failure_after_the_restart_is_that_of_its_scenario(
    make_project: MakeProject, tmp_path: Path
) -> None:
    counted = Counted(make_project, tmp_path, version=7)
    run = counted.run()
    assert outcomes(run) == ["passed", "passed", "failed", "passed"]
    assert counted.starts == 3
    asked = [event["asked"] for event in run.data["scenarios"][2]["exchange"]]
    assert len([text for text in asked if text.startswith("RegisterVariable")]) == 1, asked


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        ('And "x" was set to 7, expecting version 9', "not reached"),  # it is refused
        ("And the bridge was killed", "passed"),  # the others begin with bridges of their own
    ],
)
def test_a_failure_before_the_restart_is_that_of_its_scenario(
    make_project: MakeProject, tmp_path: Path, event: str, outcome: str
) -> None:
    counted = Counted(make_project, tmp_path, event=event)
    assert outcomes(counted.run()) == ["passed", outcome, "passed", "passed"]


def test_a_bridge_that_does_not_restart_fails_each_scenario(
    make_project: MakeProject, tmp_path: Path
) -> None:
    counted = Counted(make_project, tmp_path)
    program = tmp_path / "counting.py"
    program.write_text(
        program.read_text().replace(
            "os.execv", 'if "--data-dir" in sys.argv and os.listdir(sys.argv[-1]): sys.exit("no")\nos.execv'
        )
    )
    run = counted.run()
    assert outcomes(run) == ["failed", "not reached", "failed", "failed"]
    assert run.code == 1
