"""Tests of the causes that a run of all features lists for bridges with one wrong method."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.project import ROOT

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]


def verdict_on(folder: Path, method: str, reply: str) -> dict[str, Any]:
    """Judge an altered bridge by all features, and return the content of verdict.json."""
    for name in ("features", "steps", "tests", "varbridge", "server", "environment.py", "pyproject.toml"):
        (folder / name).symlink_to(ROOT / name)
    altered = f"{sys.executable} -m tests.conformance.altered_bridge --method {method} --reply {reply}"
    command = [sys.executable, "-m", "behave", "features/", "-f", "null", "-D", f"command={altered}"]
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    data: dict[str, Any] = json.loads((folder / "reports" / "verdict.json").read_text())
    return data


def test_a_missing_method_is_the_only_cause(tmp_path: Path) -> None:
    verdict = verdict_on(tmp_path, "ListVariables", "unimplemented")
    (cause,) = verdict["causes"]
    assert (cause["kind"], cause["clauses"]) == ("unimplemented", ["A9"])
    assert len(cause["failed"]) + len(cause["not_reached"]) > 20


def test_a_method_that_is_wrong_in_all_its_answers_is_the_first_of_few_causes(tmp_path: Path) -> None:
    verdict = verdict_on(tmp_path, "GetVariable", "version+1")
    assert verdict["counts"]["failed"] > 300
    assert len(verdict["causes"]) <= 3
    assert verdict["causes"][0]["clauses"] == ["A3"]
