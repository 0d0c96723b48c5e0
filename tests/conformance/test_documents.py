"""Tests of the pages that are derived from the features, and of the clauses of the contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.project import GREEN, ROOT, Project
from varbridge.conformance import documents
from varbridge.conformance.clauses import CLAUSES, HEADING

CONTRACT = ROOT / "docs/contract.md"


def write_documents(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "varbridge.conformance.documents", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_pages_of_this_project_are_up_to_date() -> None:
    run = write_documents(ROOT, "--check")
    assert run.returncode == 0, run.stderr


def test_the_clauses_are_numbered_without_gaps() -> None:
    ids = [clause for clause, _ in HEADING.findall(CONTRACT.read_text("utf-8"))]
    assert ids == [*CLAUSES], "no clause occurs twice"
    last: dict[str, int] = {}
    for clause in ids:
        letter, number = clause[0], int(clause[1:] or 1)
        assert number == last.get(letter, 0) + 1, clause
        last[letter] = number
    assert len(ids) >= 60


def test_a_clause_without_a_rule_is_reported() -> None:
    rules = {clause: ["[a rule](a.feature)"] for clause in CLAUSES}
    assert "| W1 Start of a watch | [a rule](a.feature) |" in documents.traceability(rules)
    del rules["W1"]
    with pytest.raises(documents.TraceabilityError, match="no Rule has the tag of clause W1"):
        documents.traceability(rules)


def test_a_page_that_is_not_up_to_date_is_reported(tmp_path: Path) -> None:
    rules = GREEN.replace("@A1", " ".join(f"@{clause}" for clause in CLAUSES))
    project = Project(tmp_path / "run", {"a.feature": rules})
    (project.folder / "docs").mkdir(exist_ok=True)
    run = write_documents(project.folder, "--check")
    assert run.returncode == 1
    assert "docs/steps.md is not up to date" in run.stderr
    assert write_documents(project.folder).returncode == 0
    page = (project.folder / "docs/steps.md").read_text("utf-8")
    assert "**Then** `{variable} (still )holds {value} at version {int}`" in page
    assert write_documents(project.folder, "--check").returncode == 0
