"""Tests of ``python -m varbridge.conformance.check``, which finds mistakes in features."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.project import GREEN, ROOT, Project


def check(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "varbridge.conformance.check", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_features_of_this_project_have_no_mistakes() -> None:
    run = check()
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (GREEN.replace("@A1", "@A99"), "unknown tag @A99"),
        (GREEN.replace("  @A1\n", ""), "has no tag of a clause"),
        (GREEN.replace("Another passes", "One passes"), "another scenario has the name 'One passes'"),
        (GREEN.replace("Then", "# Then"), "no Then"),
        (GREEN.replace("Then", "Then perhaps"), "no step is defined for Then"),
        (GREEN.replace("holding 0.5", "holding 0.5 with:"), "no table follows it"),
        (GREEN.replace('"x" holds 0.5 at version 1', '"x" is set to 1'), "is an action and checks nothing"),
        (GREEN.replace('"x" holds', 'as Ada, "x" has'), 'no step is defined for Then \'"x" has 0.5'),
        ("", "the file is empty"),
        ("Feature: F\n  Scenario: S\n    Then x\n    Nonsense\n", "Nonsense"),
    ],
)
def test_a_mistake_is_reported(tmp_path: Path, text: str, mistake: str) -> None:
    project = Project(tmp_path / "run", {"a.feature": text})
    run = check(str(project.folder))
    assert run.returncode == 1
    assert mistake in run.stdout


def test_steps_that_sleep_and_duplicate_rules_are_reported(tmp_path: Path) -> None:
    project = Project(tmp_path / "run", {"a.feature": GREEN, "b.feature": GREEN})
    project.write("steps/zz_own.py", "import time\n\n\ndef wait():\n    time.sleep(1)\n")
    run = check(str(project.folder))
    assert run.returncode == 1
    assert "zz_own.py:5: the step sleeps" in run.stdout
    assert "another rule has the name" in run.stdout
