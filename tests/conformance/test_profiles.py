"""Tests of profiles: expected failures, capabilities and flags that a bridge lacks, and invalid profiles."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.conformance.project import GREEN, OTHER, RED, ROOT
from tests.conformance.verdict_builders import MakeProject, example
from varbridge.conformance.clauses import CLAUSES
from varbridge.conformance.target import capabilities
from varbridge.conformance.target.flags import RefusedFlags
from varbridge.conformance.target.options import TargetUnavailableError
from varbridge.conformance.target.profile import Profile
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
        f"A bridge of ours fulfils 0 of {len(CLAUSES)} clauses of the contract, and 1 more in part:"
        " 2 of 3 scenarios passed; 1 known to fail"
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
    assert "1. outdated declaration: " in run.out


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
    assert "1 skipped for what it lacks" in run.sentence
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
        ("[methods]\nlacking = ['Fly']\n", "such as 'WatchVariables'"),
        ("[methods]\nmissing = []\n", "unknown key of [methods] 'missing'"),
        ("[areas]\nlacking = ['sky']\n", "such as 'streaming'"),
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


# What a bridge lacks, and the profile that a run writes

LISTING = GREEN + example(
    'Given a float variable "x" holding 0.5', "When the variables are listed", 'Then the names listed are "x"'
)


def altered(method: str, reply: str) -> str:
    return f"command={sys.executable} -m tests.conformance.altered_bridge --method {method} --reply {reply}"


def test_scenarios_that_need_a_missing_method_are_skipped(make_project: MakeProject) -> None:
    project = make_project(LISTING)
    path = project.write("ours.toml", PROFILE + '[methods]\nlacking = ["ListVariables"]\n')
    missing = altered("ListVariables", "unimplemented")
    run = project.run("-D", f"profile={path}", "-D", missing, PYTHONPATH=str(ROOT))
    assert (run.code, run.word) == (0, "conforms in part")
    assert "skipped: 1, ListVariables is not implemented, as the profile says" in run.out
    wrong = altered("ListVariables", "empty")
    run = project.run("-D", f"profile={path}", "-D", wrong, PYTHONPATH=str(ROOT))
    assert (run.code, run.word) == (1, "does not conform")


def test_an_area_that_a_bridge_lacks_is_skipped(make_project: MakeProject) -> None:
    project = make_project(**{"other.feature": OTHER.replace("@variables", "@tools")})
    path = project.write("ours.toml", PROFILE + '[areas]\nlacking = ["tools"]\n')
    run = project.run("-D", f"profile={path}")
    assert (run.code, run.word) == (0, "conforms in part")
    assert "skipped: 2, the area tools is not judged, as the profile says" in run.out


def test_a_pattern_declares_several_expected_failures(make_project: MakeProject) -> None:
    project = make_project(
        RED + example('Given a float variable "x" holding 0.5', 'Then "x" holds 7 at version 1')
    )
    path = project.write("ours.toml", PROFILE + '[known_failing]\n"features/small.feature: *" = "issue 7"\n')
    run = project.run("-D", f"profile={path}")
    assert run.data["counts"]["known_failing"] == 2
    assert run.data["counts"]["passed"] == 2
    assert run.code == 0


@pytest.mark.parametrize("name", ["features/other.feature: *", "Small / [O]*"])
def test_a_pattern_that_matches_nothing_is_an_error(make_project: MakeProject, name: str) -> None:
    project = make_project()
    path = project.write("ours.toml", PROFILE + f'[known_failing]\n"{name}" = "issue 7"\n')
    run = project.run("-D", f"profile={path}")
    assert (run.code, run.word) == (2, "not judged")


def test_a_run_writes_a_profile_of_missing_methods_and_no_wrong_answers(make_project: MakeProject) -> None:
    project = make_project(
        LISTING
        + example('Given a float variable "x" holding 0.5', 'Then "x" holds 7 at version 1', name="Wrong")
    )
    missing = altered("ListVariables", "unimplemented")
    run = project.run("-D", missing, PYTHONPATH=str(ROOT))
    assert run.code == 1
    written = project.folder / "reports" / "profile.toml"
    assert Profile.read(str(written)).lacking_methods == ("ListVariables",)
    assert Profile.read(str(written)).known_failing == {}
    run = project.run("-D", missing, "-D", "profile=reports/profile.toml", PYTHONPATH=str(ROOT))
    assert (run.code, run.data["counts"]["skipped"], run.data["counts"]["failed"]) == (1, 1, 1)
    assert written.exists()


def test_a_run_without_anything_missing_writes_no_profile(make_project: MakeProject) -> None:
    project = make_project()
    project.run()
    assert not (project.folder / "reports" / "profile.toml").exists()


def test_a_profile_is_written_as_it_is_read(tmp_path: Path) -> None:
    profile = Profile(
        name='A "bridge" of ours',
        granted=frozenset({"requires_caps"}),
        lacking={"requires_durable": "it forgets"},
        lacking_flags=("--grace",),
        lacking_methods=("WatchVariables",),
        lacking_areas=("tools",),
        known_failing={"Small / *": "issue 7"},
    )
    path = tmp_path / "ours.toml"
    path.write_text(profile.as_toml())
    assert Profile.read(str(path)) == profile


# Flags

BRIDGE = """
import argparse
import signal
parser = argparse.ArgumentParser()
parser.add_argument("--port")
parser.add_argument("--grace", type=float)
options = parser.parse_args()
print("GRPC_READY:1", flush=True)
signal.pause()
"""


def test_a_flag_is_refused_if_the_bridge_does_not_know_it(tmp_path: Path) -> None:
    path = tmp_path / "bridge.py"
    path.write_text(BRIDGE)
    flags = RefusedFlags([sys.executable, str(path), "--port", "0"])
    assert flags.first_of(["--grace", "1", "--data-dir", "/tmp/x"]) == "--data-dir"
    assert flags.first_of(["--grace", "soon"]) == ""  # a wrong value
    assert flags.first_of(["--tls", "--grace", "1"]) == "--tls"
    assert flags.first_of([]) == ""
    assert flags.first_of(["--tls=on"]) == "--tls"
    assert flags.first_of(["--no-such-flag-at-all"]) == "", "a scenario asks for its refusal"
    assert flags.names == ["--data-dir", "--tls"]


def test_a_bridge_that_never_starts_refuses_no_flag(tmp_path: Path) -> None:
    path = tmp_path / "bridge.py"
    path.write_text("raise SystemExit('usage: no --grace, no nothing')")
    assert RefusedFlags([sys.executable, str(path)]).first_of(["--grace", "1"]) == ""


def test_a_bridge_that_takes_every_flag_refuses_none(tmp_path: Path) -> None:
    path = tmp_path / "bridge.py"
    path.write_text('import signal; print("GRPC_READY:1", flush=True); signal.pause()')
    assert RefusedFlags([sys.executable, str(path)]).first_of(["--grace", "1"]) == ""


def test_a_refused_flag_skips_its_scenarios_and_is_written_to_the_profile(
    make_project: MakeProject,
) -> None:
    flagged = example('Given a bridge with the flags "--grace 1"', "Then all is well")
    asked = example('Given a bridge with the flags "--host 0.0.0.0"', "Then all is well", name="Asked")
    project = make_project(GREEN + flagged + asked)
    run = project.run(
        "-D", f"command={sys.executable} {ROOT}/examples/minimal_bridge.py", PYTHONPATH=str(ROOT)
    )
    skipped = [scenario for scenario in run.data["scenarios"] if scenario["outcome"] == "skipped"]
    assert [scenario["outside"] for scenario in skipped] == [True, False], run.out
    profile = Profile.read(str(project.folder / "reports" / "profile.toml"))
    assert profile.lacking_flags == ("--grace", "--host")


def test_a_scenario_that_passes_since_a_flag_is_unknown_is_skipped(make_project: MakeProject) -> None:
    starts = 'When a bridge is started with the flags "{}"'
    ends = "Then it ends with an error within 5 s, and says why on stderr"
    unknown = example(starts.format("--host 0.0.0.0"), ends, name="Passes by accident")
    invalid = example(starts.format("--no-such-flag-at-all"), ends, name="Passes rightly")
    project = make_project(GREEN + unknown + invalid)
    run = project.run(
        "-D", f"command={sys.executable} {ROOT}/examples/minimal_bridge.py", PYTHONPATH=str(ROOT)
    )
    outcomes = {scenario["scenario"]: scenario["outcome"] for scenario in run.data["scenarios"]}
    assert (outcomes["Passes by accident"], outcomes["Passes rightly"]) == ("skipped", "passed")
