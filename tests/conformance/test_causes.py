"""Tests of the causes of failures: their groups, clauses and order, also with altered bridges."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.project import GREEN, ROOT, Project, Run, scenario_record
from tests.conformance.verdict_builders import example
from varbridge.conformance.clauses import CLAUSES, clause_in, rank, with_clause
from varbridge.conformance.report.causes import find_causes, mask, note_on_basics
from varbridge.conformance.report.record import Cause, Failure, ScenarioRecord, StepRecord

STEP = StepRecord("Then a step", "failed", 0.0)


def record(number: int, outcome: str = "failed", clauses: str = "A1", **more: Any) -> ScenarioRecord:
    failed = outcome in ("failed", "not reached")
    stage = "given" if outcome == "not reached" else "then"
    more.setdefault("failure", Failure(stage) if failed else None)
    more.setdefault("explanation", ["Then a step", f"Expected: {'abc'[number % 3]}"] if failed else [])
    more.setdefault("rule", f"The rule of {clauses}")
    return scenario_record(
        outcome,
        location=f"features/x.feature:{number}",
        clauses=clauses.split(),
        **{"steps": [STEP] * (10 + number), **more},
    )


def refusal(method: str, status: str, words: str = "", stage: str = "then", **more: Any) -> Failure:
    return Failure(stage, "Given x", method, status, words, **more)


def summary(causes: Sequence[Cause]) -> list[tuple[str, str, int, int, int]]:
    return [
        (cause.kind, " ".join(cause.clauses), len(cause.failed), len(cause.not_reached), len(cause.violated))
        for cause in causes
    ]


def test_a_green_run_has_no_causes() -> None:
    assert find_causes([record(1, "passed"), record(2, "skipped"), record(3, "known failing")]) == []


def test_clauses_rest_on_each_other_in_one_order() -> None:
    ordered = sorted(CLAUSES, key=rank)
    assert len(ordered) == len(CLAUSES)
    assert ordered[:4] == ["P1", "P2", "S1", "S2"]
    assert ordered.index("S7") < ordered.index("A1") < ordered.index("T") < ordered.index("W1")
    assert ordered[-1] == "P8"


@pytest.mark.parametrize(
    ("sentence", "clause"),
    [("x (A9)", "A9"), ("x (T)", "T"), ("x", ""), ("(A9) x", ""), ("x (a list)", "")],
)
def test_the_clause_at_the_end_of_a_sentence_is_read(sentence: str, clause: str) -> None:
    assert clause_in(sentence) == clause
    assert clause_in(with_clause(sentence, "W3")) == (clause or "W3")


def test_failures_of_the_same_clauses_are_one_cause() -> None:
    causes = find_causes([record(1), record(2), record(3, clauses="W3"), record(4, "not reached")])
    assert summary(causes) == [("rule", "A1", 2, 1, 0), ("rule", "W3", 1, 0, 0)]
    assert causes[0].sentence == "broken rule: The rule of A1"
    assert causes[0].counts == "2 scenarios failed, 1 scenario not reached"
    assert causes[0].example == "features/x.feature:1"


def test_the_clause_that_fails_most_exclusively_comes_first() -> None:
    def fail(number: int, statement: str, outcome: str = "failed") -> ScenarioRecord:
        return record(number, outcome, statement.partition(".")[0], statements=[statement])

    passing = [fail(10 + n, "A1.1", "passed") for n in range(20)]
    passing += [fail(40 + n, "K1.2", "passed") for n in range(3)]
    failing = [fail(1, "A1.1"), fail(2, "K1.1"), fail(3, "K1.1"), fail(4, "P6.1")]
    causes = find_causes([*failing, *passing])
    assert [cause.clauses for cause in causes] == [["K1"], ["P6"], ["A1"]]


def test_of_clauses_that_are_about_as_suspect_the_more_basic_one_comes_first() -> None:
    causes = find_causes([record(1, clauses="W3"), record(2, clauses="A9"), record(3, clauses="W3")])
    assert [cause.clauses for cause in causes] == [["A9"], ["W3"]]


def test_a_cause_names_the_clauses_of_statements_before_others_of_the_rule() -> None:
    causes = find_causes([record(1, clauses="A2 W2 W6", statements=["W6.2"])])
    assert summary(causes) == [("rule", "W6 A2", 1, 0, 0)]


def test_a_method_that_is_not_implemented_is_one_cause_of_its_own_clause() -> None:
    failure = refusal("GetVariable", "NOT_FOUND", unimplemented=["ListVariables", "Ping"])
    causes = find_causes(
        [record(number, clauses=clause, failure=failure) for number, clause in enumerate(("A1", "W3", "X2"))]
    )
    assert summary(causes) == [("unimplemented", "A9", 3, 0, 0)]
    assert causes[0].sentence == "ListVariables answered UNIMPLEMENTED"
    assert causes[0].counts == "3 scenarios cannot be judged"
    assert "ListVariables" in causes[0].advice


def test_a_method_that_fails_nearly_all_of_its_callers_is_one_cause() -> None:
    clauses = ("A1", "W3", "X2", "K1", "T", "A9")
    failed = [record(n, clauses=clause, methods=["GetVariable"]) for n, clause in enumerate(clauses)]
    passed = record(10, "passed", methods=["GetVariable"])
    causes = find_causes([*failed, passed])
    assert summary(causes) == [("method", "A3", 6, 0, 0)]
    assert "6 of the 7 scenarios that call GetVariable fail" in causes[0].sentence


def test_a_method_most_of_whose_callers_pass_is_no_cause() -> None:
    clauses = ("A1", "W3", "X2", "K1", "T", "A9")
    failed = [record(n, clauses=clause, methods=["GetVariable"]) for n, clause in enumerate(clauses)]
    passed = [record(10 + n, "passed", methods=["GetVariable"]) for n in range(6)]
    assert {cause.kind for cause in find_causes([*failed, *passed])} == {"rule"}


def test_what_a_method_at_fault_explains_is_not_a_second_cause() -> None:
    clauses = ("A1", "W3", "X2", "K1", "T", "A9")
    wrong = "GetVariable answered version 7 (A11)"
    failed = [record(n, clauses=clause, methods=["GetVariable"]) for n, clause in enumerate(clauses)]
    violating = record(10, "passed", methods=["GetVariable"], violations=[wrong])
    unrecorded = record(12, clauses="P5")  # its calls were not recorded, but it fails in the same way
    causes = find_causes([*failed, violating, unrecorded])
    assert summary(causes) == [("method", "A3", 7, 0, 1)]


def test_the_same_refusal_under_several_clauses_is_one_cause() -> None:
    causes = find_causes(
        [
            record(number, "not reached", clause, failure=refusal("RegisterVariable", "NOT_FOUND", words))
            for number, (clause, words) in enumerate(
                [("A1", "no session 'a1'"), ("W3", "no session 'b2'"), ("X2", "no session 'c3'")]
            )
        ]
    )
    assert summary(causes) == [("refusal", "A1 W3", 0, 3, 0)]
    assert causes[0].sentence == "RegisterVariable answered NOT_FOUND: no session 'a1'"


def test_the_same_difference_under_several_clauses_is_one_cause() -> None:
    explanation = ["Then a step", "Expected: 'x' at version 3", "but: 'x' at version 4"]
    causes = find_causes(
        [record(n, clauses=clause, explanation=explanation) for n, clause in enumerate(("A1", "W3", "X2"))]
    )
    assert [cause.kind for cause in causes] == ["difference"]
    assert causes[0].sentence == "Expected: 'x' at version 3 but: 'x' at version 4"


def test_an_invariant_is_booked_under_its_own_clause_with_a_count() -> None:
    texts = ["RegisterTools answered success=false (X1)", "RegisterTools answered no id (X1)"]
    causes = find_causes(
        [record(1, "passed", "W3", violations=texts), record(2, "failed", "A7", violations=texts[:1])]
    )
    assert summary(causes) == [("invariant", "X1 A7", 1, 0, 2)]
    assert causes[0].counts == "1 scenario failed, invariants violated 3 times, in 2 scenarios"
    assert causes[0].sentence == "RegisterTools answered success=false"


def test_expected_failures_violate_no_invariants() -> None:
    assert find_causes([record(1, "known failing", violations=["x (W4)"])]) == []


def test_what_rests_on_nothing_comes_first() -> None:
    causes = find_causes(
        [
            record(1, clauses="X2"),
            record(2, clauses="S1"),
            record(3, "passed", violations=["x (A14)"]),
            record(4, failure=Failure("when", unimplemented=["WatchVariables"])),
            record(5, failure=Failure("when", method="SetVariable", ended=True)),
        ]
    )
    kinds = [cause.kind for cause in causes]
    assert kinds == ["ended", "unimplemented", "rule", "invariant", "rule"]
    assert [*causes[2].clauses] == ["S1"]


def test_a_note_says_whether_the_basics_fail() -> None:
    other, failed = record(1, clauses="X2"), record(2)
    passed = [record(number, outcome="passed") for number in (3, 4)]
    assert note_on_basics(find_causes([other]), [other]) == ""
    assert "The basics fail (A1)" in note_on_basics(find_causes([failed, other]), [failed, other])
    assert note_on_basics(find_causes([failed, *passed]), [failed, *passed]) == ""


def test_quoted_parts_and_numbers_are_masked() -> None:
    assert mask("'a b' at version 12, id x7f3-9") == "… at version …, id …"


LISTING = (
    GREEN
    + """
    Example: Listing works
      Given a float variable "x" holding 0.5
      When the variables are listed
      Then the names listed are "x"

    Example: A state that needs a list
      Given a float variable "y" holding 0.5
      And in session "b", a float variable "z" holding 1.0
      Then "y" holds 0.5 at version 1
"""
)


def judged(folder: Path, feature: str, method: str, reply: str) -> Run:
    command = f"{sys.executable} -m tests.conformance.altered_bridge --method {method} --reply {reply}"
    return Project(folder / "run", {"a.feature": feature}).run(
        "-D", f"command={command}", PYTHONPATH=str(ROOT)
    )


def test_a_missing_method_is_one_cause_with_its_count(tmp_path: Path) -> None:
    run = judged(tmp_path, LISTING, "ListVariables", "unimplemented")
    assert (run.code, run.word) == (1, "does not conform")
    assert "ListVariables answered UNIMPLEMENTED (A9)" in run.sentence
    (cause,) = run.data["causes"]
    assert cause["kind"] == "unimplemented"
    assert "Traceback" not in run.out


def test_a_violated_invariant_fails_the_run_but_no_scenario(tmp_path: Path) -> None:
    run = judged(tmp_path, GREEN, "GetVariable", "seconds-9999")
    assert (run.code, run.word) == (1, "does not conform")
    assert run.data["counts"]["failed"] == 0
    assert run.data["counts"]["passed"] == 2
    assert [(cause["kind"], cause["clauses"]) for cause in run.data["causes"]] == [("invariant", ["A14"])]
    assert "(A14 Provenance and timestamps): invariants violated" in run.out


def test_a_reply_without_success_is_never_accepted(tmp_path: Path) -> None:
    feature = GREEN + example(
        'Given a float variable "x" holding 0.5', 'When "x" is set to 0.75', "Then it is accepted"
    )
    run = judged(tmp_path, feature, "SetVariable", "empty")
    (failed,) = [scenario for scenario in run.data["scenarios"] if scenario["outcome"] == "failed"]
    assert "SetVariable answered success=false under the status OK" in str(failed["explanation"])
    assert run.data["causes"][0]["clauses"] == ["A3", "A1"]


def test_a_failed_batch_is_not_accepted(tmp_path: Path) -> None:
    batch = "When these are set in an atomic batch:\n        | name | value |\n        | x    | 2     |"
    x = 'Given a float variable "x" holding 0.5 with:\n        | max |\n        | 1   |'
    feature = GREEN + example(x, batch, "Then it is accepted")
    run = judged(tmp_path, feature, "CleanupSession", "default")
    assert run.code == 1, run.out
    (failed,) = [scenario for scenario in run.data["scenarios"] if scenario["outcome"] == "failed"]
    assert "expected the batch to succeed, but it failed for" in str(failed["explanation"])
