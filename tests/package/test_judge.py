"""Tests of ``varbridge judge``: the installed suite judges in any folder, whatever that contains."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.project import DEADLINE_S
from varbridge import programs

FLOATS = "features/types/float.feature"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with settings, features, steps and modules of a user's own."""
    for name, text in {
        "behave.ini": "[behave]\nformat = nonsense\n[behave.userdata]\ntarget = 127.0.0.1:1\n",
        "pyproject.toml": "[tool.behave]\nrunner = 'no.such:Runner'\n",
        "environment.py": "raise SystemExit('my environment was loaded')",
        "features/mine.feature": "Feature: Mine",
        "steps/mine.py": "raise SystemExit('my steps were loaded')",
        "server/__init__.py": "raise SystemExit('my server was imported')",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def judge(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = "import sys; from varbridge.__main__ import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-P", "-c", code, "judge", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=DEADLINE_S,
        check=False,
    )


def test_the_installed_suite_judges_in_a_folder_with_other_features(folder: Path) -> None:
    judged = judge(folder, f"{FLOATS}:9", "--tags=@types")
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert re.search(r"(?m)^scenarios: [1-9]\d* passed, 0 failed, 0 skipped$", judged.stdout)
    assert json.loads((folder / "reports" / "verdict.json").read_text())["scenarios"]


@pytest.mark.slow
def test_a_failure_has_a_command_that_runs_it_again_in_this_folder(folder: Path) -> None:
    bridge = folder / "my-bridge"
    bridge.write_text(
        "#!/bin/sh\n"
        f"cd {Path(__file__).parents[2]}\n"
        f'exec {sys.executable} -m tests.mutants serve expected-versions-are-ignored "$@"\n'
    )
    bridge.chmod(0o755)
    judged = judge(
        folder, "--command", "./my-bridge", "--tags=@A5", "features/variables/compare_and_set.feature"
    )
    assert judged.returncode == 1, judged.stdout + judged.stderr
    verdict = json.loads((folder / "reports" / "verdict.json").read_text())
    failed = [scenario for scenario in verdict["scenarios"] if scenario["outcome"] == "failed"]
    program, command, place, *options = failed[0]["rerun"].split()
    assert (program, command, options) == ("varbridge", "judge", ["-D", "command=./my-bridge"])
    again = judge(folder, place, *options)
    assert "scenarios: 0 passed, 1 failed, 0 skipped" in again.stdout


def test_a_path_that_the_suite_does_not_have_is_refused(folder: Path) -> None:
    judged = judge(folder, "features/mine.feature")
    assert judged.returncode == 2
    assert "features/mine.feature" in judged.stdout


def test_options_of_the_suite_are_explained(folder: Path) -> None:
    shown = judge(folder, "--help").stdout
    assert "--target" in shown
    assert "exit codes" in shown


def test_a_program_whose_package_is_missing_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_: str) -> None:
        raise ModuleNotFoundError(name="behave.model")

    monkeypatch.setattr(programs, "import_module", refuse)
    assert programs.run_program("judge", []) == 2
    assert capsys.readouterr().err == (
        "varbridge judge: the package behave is not installed: pip install 'varbridge[suite]'\n"
    )


def test_a_program_is_refused_on_another_system(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(programs.os, "name", "nt")
    assert programs.run_program("serve", []) == 2
    assert "POSIX" in capsys.readouterr().err
