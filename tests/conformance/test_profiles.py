"""Tests of profiles: expected failures, capabilities and flags that a bridge lacks, and invalid profiles."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.project import GREEN, RED
from tests.conformance.verdict_builders import MakeProject, example
from varbridge.conformance.target import capabilities
from varbridge.conformance.target.options import TargetUnavailableError
from varbridge.conformance.target.target import Target

PROFILE = '[bridge]\nname = "A bridge of ours"\n'


def test_an_expected_failure_is_counted_separately(make_project: MakeProject) -> None:
    project = make_project(RED)
    path = project.write(
        "ours.toml", PROFILE + '[known_failing]\n"features/small.feature: This one fails" = "issue 7"\n'
    )
    run = project.run("-D", f"profile={path}")
    assert (run.code, run.word) == (0, "conforms in part")
    assert run.sentence == (
        "A bridge of ours fulfils 0 of 1 clauses of the contract, and 1 more in part:"
        " 2 of 3 scenarios passed; 1 known to fail, as its profile declares"
    )
    assert run.out.splitlines()[-1] == "scenarios: 2 passed, 0 failed, 0 skipped"
    assert run.data["counts"]["known_failing"] == 1
    assert "issue 7" in run.out


@pytest.mark.parametrize("name", ["Small / One passes", "features/small.feature: One passes"])
def test_an_expected_failure_that_passes_is_an_error(make_project: MakeProject, name: str) -> None:
    project = make_project()
    path = project.write("ours.toml", PROFILE + f'[known_failing]\n"{name}" = "issue 7"\n')
    run = project.run("-D", f"profile={path}")
    assert (run.code, run.word) == (1, "does not conform")
    assert "but it passes: remove the declaration" in run.out


def test_the_name_of_an_outline_covers_its_rows(make_project: MakeProject) -> None:
    outline = (
        GREEN + '\n    Scenario Outline: Rows\n      Given a float variable "x" holding 0.5\n'
        '      Then "x" holds <value> at version 1\n      Examples:\n        | value |\n'
        "        | 0.5 |\n        | 1.5 |\n"
    )
    project = make_project(outline)
    path = project.write("ours.toml", PROFILE + '[known_failing]\n"Small / Rows" = "half of them"\n')
    run = project.run("-D", f"profile={path}")
    assert run.word == "conforms in part"
    assert [scenario["outcome"] for scenario in run.data["scenarios"]][2:] == ["passed", "known failing"]


def test_scenarios_of_a_missing_capability_are_skipped_with_its_reason(make_project: MakeProject) -> None:
    project = make_project(GREEN + example("Then all is well", tags="@requires_durable"))
    path = project.write(
        "ours.toml", PROFILE + '[capabilities]\nrequires_durable = "it forgets, on purpose"\n'
    )
    run = project.run("-D", f"profile={path}")
    assert (run.code, run.word) == (0, "conforms in part")
    assert "1 skipped, as its profile declares" in run.sentence
    assert "skipped: 1, it forgets, on purpose" in run.out


def test_scenarios_of_a_missing_flag_are_skipped_with_its_reason(make_project: MakeProject) -> None:
    flagged = example('Given a bridge with the flags "--watch-log-limit 5"', "Then all is well")
    hidden = example("Given a bridge that keeps its state", "Then all is well", name="Within a step")
    project = make_project(GREEN + flagged + hidden)
    own = (project.folder / "steps" / "zz_own.py").read_text() + (
        '\n\n@given("a bridge that keeps its state")\ndef step_durable(context):\n'
        '    """Start one."""\n    context.world.start_durable()\n'
    )
    project.write("steps/zz_own.py", own)
    path = project.write("ours.toml", PROFILE + '[flags]\nlacking = ["--watch-log-limit", "--data-dir"]\n')
    run = project.run("-D", f"profile={path}")
    assert (run.code, run.word) == (0, "conforms in part")
    assert [scenario["outcome"] for scenario in run.data["scenarios"]] == [
        "passed",
        "passed",
        "skipped",
        "skipped",
    ]
    assert "skipped: 1, the bridge does not take --watch-log-limit, as its profile says" in run.out
    assert "skipped: 1, the bridge does not take --data-dir, as its profile says" in run.out


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[capabilities]\nrequires_wings = true\n", "unknown capability 'requires_wings'"),
        ("[capabilities]\nrequires_durable = 3\n", "must be a text"),
        ('[known_failing]\n"Small / No such" = "why"\n', "there is no such scenario"),
        ('[known_failing]\n"Small / One passes" = ""\n', "must be a text that is not empty"),
        ("[bridges]\n", "unknown table 'bridges'"),
        ("[bridge]\ncolour = 1\n", "unknown key of [bridge] 'colour'"),
        ("[flags]\nlacking = 'x'\n", "must be a list of flags"),
        ("[flags]\nlacking = ['x']\n", "such as '--data-dir'"),
        ("no toml at all", "is not TOML"),
        ("bridge = 3\n", "must be a table"),
    ],
)
def test_an_invalid_profile_is_an_error(make_project: MakeProject, text: str, reason: str) -> None:
    project = make_project()
    run = project.run("-D", f"profile={project.write('ours.toml', text)}")
    assert (run.code, run.word) == (2, "not judged")
    assert reason in run.sentence


def test_a_missing_profile_is_an_error(make_project: MakeProject) -> None:
    run = make_project().run("-D", "profile=nowhere.toml")
    assert (run.code, run.word) == (2, "not judged")


def test_a_profile_can_grant_only_capabilities_that_the_run_can_use(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text("[capabilities]\nrequires_failpoints = true\n")
    options = {"command": "my-bridge", "profile": str(path)}
    assert "requires_failpoints" not in Target.from_options({"command": "my-bridge"}).capabilities
    assert "requires_failpoints" in Target.from_options(options).capabilities
    with pytest.raises(TargetUnavailableError, match="grants requires_failpoints, which this run cannot use"):
        Target.from_options({"target": "127.0.0.1:1", "profile": str(path)})


def test_the_reference_bridge_lacks_capabilities_that_are_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "requires_observe" in Target.from_options({}).capabilities
    monkeypatch.setattr(capabilities, "_OBSERVE", ("no_such_package",))
    assert "requires_observe" not in Target.from_options({}).capabilities
    assert "requires_operator_flags" in Target.from_options({}).capabilities
