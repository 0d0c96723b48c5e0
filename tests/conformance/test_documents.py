"""Tests of the pages that are derived from the features, and of the clauses of the contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.project import GREEN, ROOT, Project
from varbridge.conformance import documents
from varbridge.conformance.clauses import (
    CLAUSES,
    HEADING,
    NOT_JUDGED,
    STATEMENTS,
    TEXTS,
    clause_of,
    numbering_mistakes,
    statements_of_clause,
)

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


def test_the_clauses_and_their_statements_are_numbered_without_gaps() -> None:
    page = CONTRACT.read_text("utf-8")
    ids = [clause for clause, _ in HEADING.findall(page)]
    assert ids == [*CLAUSES], "no clause occurs twice"
    assert numbering_mistakes(page) == []
    assert len(ids) >= 60
    assert [*dict.fromkeys(map(clause_of, STATEMENTS))] == ids, (
        "each clause has statements, in the order of the page"
    )


def test_the_text_of_a_clause_is_that_of_its_statements() -> None:
    assert statements_of_clause("A10") == ["A10.1", "A10.2"]
    assert STATEMENTS["A10.1"] == "A deleted variable is NOT_FOUND."
    assert TEXTS["A10"] == f"{STATEMENTS['A10.1']} {STATEMENTS['A10.2']}"


def test_a_statement_that_cannot_be_judged_has_a_reason() -> None:
    assert NOT_JUDGED["P2.3"] == "there is no bridge that a scenario could ask."
    assert "Not judged" not in STATEMENTS["P2.3"]
    assert CONTRACT.read_text("utf-8").count("Not judged: ") == len(NOT_JUDGED)


PAGE = """### A1 Registration
- <a id="a1.1"></a>**A1.1** It has an id.
  The id is unique.
- <a id="a1.2"></a>**A1.2** It has a name.

### A2 Names
- <a id="a2.1"></a>**A2.1** A name is a text.
"""


@pytest.mark.parametrize(
    ("find", "replace", "mistake"),
    [
        ("A2 Names", "A3 Names", "clause A3 follows A1"),
        ("**A1.2**", "**A1.3**", "statement A1.3 stands where A1.2 is expected"),
        ("**A1.2**", "**A1.1**", "statement A1.1 stands where A1.2 is expected"),
        ("**A2.1**", "**A1.3**", "statement A1.3 stands where A2.1 is expected"),
        ('"a1.2"', '"a1.1"', "statement A1.2 has the anchor 'a1.1', not 'a1.2'"),
        ('<a id="a2.1"></a>', "", "statement A2.1 has the anchor '', not 'a2.1'"),
        (
            '- <a id="a2.1"></a>**A2.1** A name is a text.',
            "",
            "clause A2 has no statements, such as '- **A2.1** …'",
        ),
        ("### A2", "Names differ.\n\n### A2", "clause A1 has text outside its statements: 'Names differ.'"),
    ],
)
def test_wrong_numbers_of_statements_are_reported(find: str, replace: str, mistake: str) -> None:
    assert numbering_mistakes(PAGE) == []
    assert numbering_mistakes(PAGE.replace(find, replace))[0] == mistake


def test_a_statement_that_nothing_proves_is_reported() -> None:
    proofs = {
        statement: ["[a scenario](a.feature)"] for statement in STATEMENTS if statement not in NOT_JUDGED
    }
    mutants = {"W1.1": ["late", "early"]}
    page = documents.traceability(proofs, {}, mutants)
    assert "| [W1.1](contract.md#w1.1) | [a scenario](a.feature) |  | late, early |\n" in page
    assert f"| not judged: {NOT_JUDGED['P2.3']} |" in page
    del proofs["W1.1"]
    with pytest.raises(documents.TraceabilityError, match="no scenario has the tag @W1.1"):
        documents.traceability(proofs, {}, mutants)
    page = documents.traceability(proofs, {"W1.1": ["open", "change"]}, mutants)
    assert "| [W1.1](contract.md#w1.1) |  | open<br>change | late, early |\n" in page


def test_a_statement_is_proved_by_the_rules_and_the_scenarios_with_its_tag() -> None:
    proofs = documents.proofs_by_statement(documents.parsed_features())
    name = "A refused set can be repeated with the same request id"
    assert proofs["A6.3"][:1] == [f"[{name}](../features/variables/compare_and_set.feature)"]
    rule = "[NaN is outside every bound](../features/constraints/numeric_bounds.feature)"
    assert proofs["K1.3"] == [f"Rule: {rule}"]


def test_the_branches_of_the_model_name_statements_of_the_contract() -> None:
    cases = documents.branches_by_statement()
    assert "a session is opened" in cases["S1.1"]
    assert [statement for statement in cases if statement not in STATEMENTS] == []


def test_the_mutants_of_a_statement_are_read_from_their_files(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('[x]\nbreaks = "A6.1 A6.2"\n[y]\nbreaks = "A6.1"\n[z]\n', "utf-8")
    assert documents.mutants_by_statement(tmp_path) == {"A6.1": ["x", "y"], "A6.2": ["x"]}
    assert documents.mutants_by_statement(tmp_path / "missing") == {}


def test_a_page_that_is_not_up_to_date_is_reported(tmp_path: Path) -> None:
    rules = GREEN.replace("@A1", " ".join(f"@{id_}" for id_ in (*CLAUSES, *STATEMENTS)))
    project = Project(tmp_path / "run", {"a.feature": rules})
    (project.folder / "docs").mkdir(exist_ok=True)
    run = write_documents(project.folder, "--check")
    assert run.returncode == 1
    assert "docs/steps.md is not up to date" in run.stderr
    assert write_documents(project.folder).returncode == 0
    page = (project.folder / "docs/steps.md").read_text("utf-8")
    assert "**Then** `{variable} (still )holds {value} at version {int}`" in page
    assert write_documents(project.folder, "--check").returncode == 0
