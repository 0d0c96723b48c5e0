"""Tests of the verdicts of runs with small features, and of bridges that end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.project import GREEN, OTHER, RED, ROOT, scenario_record
from tests.conformance.verdict_builders import MakeProject, example, killed_by, running
from varbridge.conformance.clauses import CLAUSES
from varbridge.conformance.report.record import ScenarioRecord
from varbridge.conformance.report.verdict import EXIT_CODES
from varbridge.conformance.run.decision import Findings, decide
from varbridge.conformance.target.server_pool import Crash

# The verdicts


def test_the_verdict_of_a_partial_run_says_that_it_is_partial(make_project: MakeProject) -> None:
    run = make_project().run("--name", "One passes")
    assert run.code == 0
    assert run.out.splitlines()[-2] == (
        "passed (partial run): 1 of 2 scenarios passed; this does not show that the bridge conforms"
    )
    assert run.data["run"]["full"] is False


def test_a_run_of_one_feature_is_partial(make_project: MakeProject) -> None:
    project = make_project(**{"other.feature": OTHER})
    run = project.run(path="features/small.feature")
    assert (run.code, run.word) == (0, "passed (partial run)")
    assert run.sentence.startswith("2 of 4 scenarios")


def test_a_failed_scenario_does_not_conform(make_project: MakeProject) -> None:
    run = make_project(RED).run()
    assert (run.code, run.word) == (1, "does not conform")
    assert run.sentence == (
        "The reference bridge: broken rule: A variable is registered (A1). 1 of 3 scenarios failed"
    )
    assert "1. broken rule: A variable is registered (A1 Registration): 1 scenario failed" in run.out
    assert "rerun: behave features/small.feature:17" in run.out
    (failure,) = [scenario for scenario in run.data["scenarios"] if scenario["outcome"] == "failed"]
    assert [event["asked"].partition(" ")[0] for event in failure["exchange"]] == [
        "InitializeSession",
        "RegisterVariable",
        "SetVariable",
        "GetVariable",
    ]


def test_a_malformed_reply_is_a_failure(make_project: MakeProject) -> None:
    run = make_project(GREEN + example("When a reply is malformed", "Then all is well")).run()
    assert (run.code, run.word) == (1, "does not conform")


def test_an_exception_of_the_suite_itself_breaks_the_run(make_project: MakeProject) -> None:
    run = make_project(GREEN + example("When a step has a defect", "Then all is well")).run()
    assert (run.code, run.word) == (3, "broken run")
    place = "features/small.feature:19, 'a step has a defect': KeyError: 'no such key' (zz_own.py, line "
    assert f"the suite itself failed at {place}" in run.sentence


def test_a_full_run_with_incomplete_coverage_is_not_judged(make_project: MakeProject) -> None:
    run = make_project().run()
    assert (run.code, run.word) == (2, "not judged")
    assert "the run did not cover method GetSession" in run.sentence
    assert run.data["coverage"]["methods"]["RegisterVariable"] == 2
    assert run.data["coverage"]["clauses"] == {"A1": 2}
    assert run.data["coverage"]["types"]["float"] >= 1


def record(outcome: str, **more: Any) -> ScenarioRecord:
    return scenario_record(outcome, **{"reason": "why", "declared": True, "clauses": ["W3"], **more})


@pytest.mark.parametrize(
    ("findings", "word", "sentence"),
    [
        ({"scenarios": [record("passed")] * 3}, "conforms", "It passed all 3 scenarios"),
        (
            {"scenarios": [record("passed"), record("skipped")]},
            "conforms in part",
            f"It fulfils 0 of {len(CLAUSES)} clauses of the contract, and 1 more in part:"
            " 1 of 3 scenarios passed; 1 skipped for what it lacks",
        ),
        (
            {"scenarios": [record("passed"), record("skipped", outside=True)]},
            "conforms",
            "It passed all 1 scenarios that apply to it;"
            " 1 skipped scenarios need what the contract does not require",
        ),
        (
            {
                "scenarios": [record("passed"), record("skipped", outside=True)],
                "unmet": ["status INTERNAL"],
            },
            "not judged",
            None,
        ),
        (
            {"scenarios": [record("passed"), record("known failing")]},
            "conforms in part",
            f"It fulfils 0 of {len(CLAUSES)} clauses of the contract, and 1 more in part:"
            " 1 of 3 scenarios passed; 1 known to fail",
        ),
        (
            {"scenarios": [record("passed"), record("skipped", declared=False)]},
            "passed (partial run)",
            "1 of 3 scenarios passed (1 skipped for reasons that no profile declares);"
            " this does not show that the bridge conforms",
        ),
        ({"scenarios": [record("passed")], "unmet": ["status INTERNAL"]}, "not judged", None),
        ({"scenarios": [record("passed")], "full": False}, "passed (partial run)", None),
        ({"scenarios": [record("passed"), record("failed")], "full": False}, "does not conform", None),
        ({"scenarios": [record("skipped")]}, "not judged", "no scenario passed, and none failed: why"),
        ({"scenarios": [record("known failing")]}, "not judged", None),
        ({"scenarios": []}, "not judged", "no scenario passed, and none failed: nothing ran"),
        ({"scenarios": [record("failed")], "broken": "It fell"}, "broken run", None),
        ({"refused": "no such thing"}, "not judged", "no such thing"),
    ],
)
def test_findings_decide_the_verdict(findings: dict[str, Any], word: str, sentence: str | None) -> None:
    verdict = decide(Findings(**{"bridge": "it", "usual": 3, "full": True, **findings}))
    assert verdict.word == word
    assert verdict.exit_code == EXIT_CODES[word]
    assert sentence is None or verdict.sentence == sentence


# A bridge that ends


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_a_bridge_stopped_from_outside_breaks_the_run(make_project: MakeProject, name: str) -> None:
    run = make_project(killed_by(name, "the first bridge")).run()
    assert (run.code, run.word) == (3, "broken run")
    assert "it was stopped from outside during the run" in run.sentence
    assert "asked once more" in run.out
    counts = {name: count for name, count in run.data["counts"].items() if count}
    assert counts == {"passed": 3, "not_run": 1}


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_a_bridge_that_is_stopped_in_a_scenario_again_fails_it(make_project: MakeProject, name: str) -> None:
    run = make_project(killed_by(name)).run()
    assert (run.code, run.word) == (1, "does not conform")
    outcomes = [scenario["outcome"] for scenario in run.data["scenarios"]]
    assert outcomes == ["passed", "passed", "failed", "passed"]
    assert "a fresh bridge ended in this scenario again" in run.data["scenarios"][2]["explanation"]


def test_a_crash_fails_its_scenario_and_the_bridge_is_started_again(make_project: MakeProject) -> None:
    run = make_project(killed_by("SIGSEGV")).run()
    assert (run.code, run.word) == (1, "does not conform")
    outcomes = [scenario["outcome"] for scenario in run.data["scenarios"]]
    assert outcomes == ["passed", "passed", "failed", "passed"]
    assert "the bridge died, with signal 11" in run.data["scenarios"][2]["explanation"]
    assert any("serving on" in line for line in run.data["scenarios"][2]["log"])


def test_a_crash_that_no_step_notices_fails_its_scenario(make_project: MakeProject) -> None:
    run = make_project(GREEN + example("When somebody sends SIGSEGV to the bridge", "Then all is well")).run()
    assert (run.code, run.word) == (1, "does not conform")
    assert run.data["scenarios"][2]["explanation"] == ["the bridge died, with signal 11"]


@pytest.mark.parametrize(
    ("code", "outside"),
    [
        (0, True),
        (-15, True),
        (-9, True),
        (-2, True),
        (143, True),
        (137, True),
        (1, False),
        (-11, False),
        (2, False),
    ],
)
def test_the_exit_code_of_a_bridge_says_if_it_was_stopped_from_outside(code: int, outside: bool) -> None:
    assert Crash(code, "it ended").from_outside is outside


def test_the_end_of_the_target_breaks_the_run(make_project: MakeProject) -> None:
    x = 'Given a float variable "x" holding 0.5'
    text = GREEN + example(x, "When the bridge at the target is stopped", 'Then "x" holds 0.5 at version 1')
    with running() as process:
        run = make_project(text).run("-D", f"target=127.0.0.1:{process.port}", TARGET_PID=str(process.pid))
    assert (run.code, run.word) == (3, "broken run")
    assert "does not answer any more" in run.sentence


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_to_the_run_breaks_the_run(make_project: MakeProject, name: str) -> None:
    run = make_project(killed_by(name, "the run")).run()
    assert (run.code, run.word) == (3, "broken run")
    assert "stopped before its end" in run.sentence
    assert run.data["causes"] == []
    assert run.out.endswith("scenarios: 2 passed, 0 failed, 0 skipped, 2 not run\n")


@pytest.mark.parametrize(
    "hook", ["before_all", "before_feature", "before_scenario", "after_scenario", "after_all"]
)
def test_an_exception_in_a_hook_breaks_the_run(make_project: MakeProject, hook: str) -> None:
    project = make_project()
    own = f"\n\ndef {hook}(context, *rest):\n    raise RuntimeError('hook')\n"
    project.write("environment.py", (ROOT / "environment.py").read_text() + own)
    run = project.run()
    assert (run.code, run.word) == (3, "broken run")
    assert "hook" in run.sentence


def test_an_exception_in_the_world_breaks_the_run(make_project: MakeProject) -> None:
    project = make_project()
    own = (
        "\n\nimport varbridge.conformance.run.run\n\nvarbridge.conformance.run.run.World = lambda *_: {}[0]\n"
    )
    project.write("environment.py", (ROOT / "environment.py").read_text() + own)
    run = project.run()
    assert (run.code, run.word) == (3, "broken run")
    assert "the suite itself failed in before_scenario: KeyError" in run.sentence


def test_a_step_that_lacks_an_undeclared_value_breaks_the_run(make_project: MakeProject) -> None:
    run = make_project(
        GREEN + example("When a step reads what it does not declare", "Then all is well")
    ).run()
    assert (run.code, run.word) == (3, "broken run")
    assert "ScenarioError: it lacks a step before this one" in run.sentence
    assert "Given the tool … is running for … s" in run.sentence


def test_steps_that_cannot_be_loaded_break_the_run(make_project: MakeProject) -> None:
    project = make_project()
    project.write("steps/zz_own.py", "import no_such_module_anywhere\n")
    run = project.run()
    assert (run.code, run.word) == (3, "broken run")
    assert "no_such_module_anywhere" in run.sentence
