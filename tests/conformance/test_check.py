"""``python -m varbridge.conformance.check``: finds what is wrong with features, and nothing in this project's
own."""

from __future__ import annotations

import os
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


def test_the_features_of_this_project_are_without_fault() -> None:
    run = check()
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (GREEN.replace("@A1", "@A99"), "unknown tag @A99"),
        (GREEN.replace("  @A1\n", ""), "says of no clause"),
        (
            GREEN.replace("Another passes", "One passes"),
            "two scenarios beside each other are called 'One passes'",
        ),
        (GREEN.replace("Then", "# Then"), "no Then"),
        (GREEN.replace("Then", "Then perhaps"), "no step says"),
        (GREEN.replace("holding 0.5", "holding 0.5 with:"), "no table follows it"),
        ("", "the file is empty"),
        ("Feature: F\n  Scenario: S\n    Then x\n    Nonsense\n", "Nonsense"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, fault: str) -> None:
    project = Project(tmp_path / "run", {"a.feature": text})
    run = check(str(project.folder))
    assert run.returncode == 1
    assert fault in run.stdout


def test_a_step_that_sleeps_and_a_rule_that_stands_twice(tmp_path: Path) -> None:
    project = Project(tmp_path / "run", {"a.feature": GREEN, "b.feature": GREEN})
    project.write("steps/zz_own.py", "import time\n\n\ndef wait():\n    time.sleep(1)\n")
    run = check(str(project.folder))
    assert run.returncode == 1
    assert "zz_own.py:5: a step waits for what it expects" in run.stdout
    assert "stands at" in run.stdout


def test_the_dictionary_has_every_step_with_an_example(tmp_path: Path) -> None:
    project = Project(tmp_path / "run", {"a.feature": GREEN})
    run = subprocess.run(
        [sys.executable, "-m", "varbridge.conformance.check", "--steps"],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert run.returncode == 0
    page = (project.folder / "reports" / "steps.md").read_text()
    for subject in ("Variables", "Watches", "Tools"):
        assert f"\n## {subject}\n" in page
    assert " still holds " in page
    examples = page.count("<br>\n`")
    assert examples / page.count("\n**") > 0.9  # those that performance and soak alone say are among them
