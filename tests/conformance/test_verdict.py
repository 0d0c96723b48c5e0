"""Every verdict, and every way to an empty green, over small features of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.project import GREEN, RED, ROOT, Project, scenario_record
from varbridge.conformance.report.record import ScenarioRecord
from varbridge.conformance.run import capabilities, tags
from varbridge.conformance.run.options import TargetUnavailableError
from varbridge.conformance.run.server_pool import Crash
from varbridge.conformance.run.target import Target
from varbridge.conformance.run.verdict import EXIT_CODES, Findings, decide
from varbridge.process import ServerProcess

Make = Callable[..., Project]

PROFILE = '[bridge]\nname = "A bridge of ours"\n'


@pytest.fixture
def project(tmp_path: Path) -> Make:
    return lambda text=GREEN, **more: Project(tmp_path / "run", {"small.feature": text, **more})


@contextmanager
def running() -> Iterator[ServerProcess]:
    os.environ.setdefault("PYTHONPATH", str(ROOT))
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0"])
    try:
        process.wait_ready(15.0)
        yield process
    finally:
        if process.exit_code is None:
            process.kill()
            process.wait_ended(5.0)


def example(*steps: str, name: str = "One more", tags: str = "") -> str:
    lines = "".join(f"      {step}\n" for step in steps)
    return f"\n    {tags}\n    Example: {name}\n{lines}"


def killed_by(name: str, what: str = "the bridge") -> str:
    x = 'Given a float variable "x" holding 0.5'
    stays = 'Then "x" holds 0.5 at version 1'
    return (
        GREEN + example(x, f"When somebody sends {name} to {what}", stays) + example(x, stays, name="After")
    )


# The verdicts


def test_a_slice_that_passes_says_that_it_is_one(project: Make) -> None:
    run = project().run("--name", "One passes")
    assert run.code == 0
    assert run.out.splitlines()[-2] == (
        "passed, a slice: 1 of 2 scenarios; this does not say that the bridge conforms"
    )
    assert run.data["run"]["full"] is False


def test_a_folder_of_features_is_a_slice(project: Make) -> None:
    made = project(**{"other.feature": GREEN})
    run = made.run(where="features/small.feature")
    assert (run.code, run.word) == (0, "passed, a slice")
    assert run.sentence.startswith("2 of 4 scenarios")


def test_a_failure(project: Make) -> None:
    run = project(RED).run()
    assert (run.code, run.word) == (1, "does not conform")
    assert run.sentence == "The reference bridge: 1 of 3 scenarios fails, which breaks @A1"
    assert "BROKEN RULE @A1: A variable is registered" in run.out
    assert "again: behave features/small.feature:17" in run.out
    (failure,) = [one for one in run.data["scenarios"] if one["outcome"] == "failed"]
    assert [event["asked"].partition(" ")[0] for event in failure["exchange"]] == [
        "RegisterVariable",
        "SetVariable",
        "GetVariable",
    ]


def test_an_error_in_a_step_is_a_failure_of_the_bridge(project: Make) -> None:
    run = project(GREEN + example('Given a float variable "x" holding "text"', "Then all is well")).run()
    assert (run.code, run.word) == (1, "does not conform")


def test_a_full_run_that_never_met_what_the_suite_claims_is_not_a_verdict(project: Make) -> None:
    run = project().run()
    assert (run.code, run.word) == (2, "not judged")
    assert "never met what it claims to judge: method InitializeSession" in run.sentence
    assert run.data["ledger"]["methods"]["RegisterVariable"] == 2
    assert run.data["ledger"]["clauses"] == {"A1": 2}
    assert run.data["ledger"]["types"]["float"] >= 1


BESIDE = f"needs {tags.CAPABILITIES['requires_failpoints']}"


def record(outcome: str, **more: Any) -> ScenarioRecord:
    return scenario_record(outcome, **{"reason": "why", "declared": True, "clauses": ["W3"], **more})


@pytest.mark.parametrize(
    ("found", "word", "sentence"),
    [
        ({"scenarios": [record("passed")] * 3}, "conforms", "It passed all 3 scenarios"),
        (
            {"scenarios": [record("passed"), record("skipped")]},
            "conforms",
            "It conforms except for what its profile declares: 1 of 3 scenarios passed, 1 scenarios skipped",
        ),
        (
            {"scenarios": [record("passed"), record("skipped", reason=BESIDE)]},
            "conforms",
            "It passed all 1 scenarios that it can be asked; 1 more ask what the contract does not speak of",
        ),
        (
            {"scenarios": [record("passed"), record("skipped", reason=BESIDE)], "unmet": ["status INTERNAL"]},
            "not judged",
            None,
        ),
        (
            {"scenarios": [record("passed"), record("known failing")]},
            "conforms",
            "It conforms except for what its profile declares: 1 of 3 scenarios passed, 1 known to fail",
        ),
        (
            {"scenarios": [record("passed"), record("skipped", declared=False)]},
            "passed, a slice",
            "1 of 3 scenarios (1 skipped for reasons that no profile declares);"
            " this does not say that the bridge conforms",
        ),
        ({"scenarios": [record("passed")], "unmet": ["status INTERNAL"]}, "not judged", None),
        ({"scenarios": [record("passed")], "full": False}, "passed, a slice", None),
        ({"scenarios": [record("passed"), record("failed")], "full": False}, "does not conform", None),
        ({"scenarios": [record("skipped")]}, "not judged", "no scenario passed, and none failed: why"),
        ({"scenarios": [record("known failing")]}, "not judged", None),
        ({"scenarios": []}, "not judged", "no scenario passed, and none failed: nothing ran"),
        ({"scenarios": [record("failed")], "broken": "It fell"}, "broken run", None),
        ({"refused": "no such thing"}, "not judged", "no such thing"),
    ],
)
def test_what_outweighs_what(found: dict[str, Any], word: str, sentence: str | None) -> None:
    verdict = decide(Findings(**{"bridge": "it", "usual": 3, "full": True, **found}))
    assert verdict.word == word
    assert verdict.exit_code == EXIT_CODES[word]
    assert sentence is None or verdict.sentence == sentence


# A bridge that ends


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_a_bridge_stopped_from_outside_breaks_the_run(project: Make, name: str) -> None:
    run = project(killed_by(name)).run()
    assert (run.code, run.word) == (3, "broken run")
    assert "it was stopped from outside in the middle of the run" in run.sentence
    assert "BROKEN RULE" not in run.out
    assert run.data["counts"] == {"passed": 2, "failed": 1, "skipped": 0, "known_failing": 0, "not_run": 1}


def test_a_bridge_that_crashes_fails_that_scenario_and_is_started_again(project: Make) -> None:
    run = project(killed_by("SIGSEGV")).run()
    assert (run.code, run.word) == (1, "does not conform")
    outcomes = [one["outcome"] for one in run.data["scenarios"]]
    assert outcomes == ["passed", "passed", "failed", "passed"]
    assert "the bridge died, with signal 11" in run.data["scenarios"][2]["explanation"]
    assert any("serving on" in line for line in run.data["scenarios"][2]["log"])


def test_a_crash_that_no_step_notices_fails_the_scenario_all_the_same(project: Make) -> None:
    run = project(GREEN + example("When somebody sends SIGSEGV to the bridge", "Then all is well")).run()
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
def test_who_ended_a_bridge(code: int, outside: bool) -> None:
    assert Crash(code, "it ended").from_outside is outside


def test_a_target_that_goes_away_breaks_the_run(project: Make) -> None:
    x = 'Given a float variable "x" holding 0.5'
    text = GREEN + example(x, "When the bridge at the target is stopped", 'Then "x" holds 0.5 at version 1')
    with running() as process:
        run = project(text).run("-D", f"target=127.0.0.1:{process.port}", TARGET_PID=str(process.pid))
    assert (run.code, run.word) == (3, "broken run")
    assert "answers no more" in run.sentence


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_run_that_is_stopped_is_broken(project: Make, name: str) -> None:
    run = project(killed_by(name, "the run")).run()
    assert (run.code, run.word) == (3, "broken run")
    assert "stopped before its end" in run.sentence


@pytest.mark.parametrize(
    "hook", ["before_all", "before_feature", "before_scenario", "after_scenario", "after_all"]
)
def test_a_hook_that_fails_breaks_the_run(project: Make, hook: str) -> None:
    made = project()
    own = f"\n\ndef {hook}(context, *rest):\n    raise RuntimeError('hook')\n"
    made.write("environment.py", (ROOT / "environment.py").read_text() + own)
    run = made.run()
    assert (run.code, run.word) == (3, "broken run")
    assert "hook" in run.sentence


def test_a_world_that_fails_breaks_the_run(project: Make) -> None:
    made = project()
    own = "\n\nimport varbridge.conformance.run.run\n\nvarbridge.conformance.run.run.World = {}.__getitem__\n"
    made.write("environment.py", (ROOT / "environment.py").read_text() + own)
    run = made.run()
    assert (run.code, run.word) == (3, "broken run")
    assert "the suite itself failed in before_scenario: KeyError" in run.sentence


@pytest.mark.parametrize(
    "step", ["the running tool is cancelled", 'in session "other", the running tool is cancelled']
)
def test_a_scenario_that_lacks_a_step_breaks_the_run(project: Make, step: str) -> None:
    run = project(GREEN + example(f"When {step}", "Then all is well")).run()
    assert (run.code, run.word) == (3, "broken run")
    assert "a scenario is wrong at 'the running tool is cancelled': it lacks a step" in run.sentence
    assert "Given the tool … is running for … s" in run.sentence


def test_steps_that_cannot_be_loaded_break_the_run(project: Make) -> None:
    made = project()
    made.write("steps/zz_own.py", "import no_such_module_anywhere\n")
    run = made.run()
    assert (run.code, run.word) == (3, "broken run")
    assert "no_such_module_anywhere" in run.sentence


# The ways to an empty green


SKIPPED = GREEN.replace("@variables", "@variables @requires_process")


@pytest.mark.parametrize(
    ("text", "arguments", "reason"),
    [
        (GREEN, ["--name", "no scenario is called this"], "no scenario matches"),
        (GREEN, ["--tags=@nonsense"], "@nonsense is no tag"),
        (GREEN, ["--tags=@streaming"], "no scenario matches"),
        (GREEN, ["-D", "target=127.0.0.1:1"], "no BridgeService answers at 127.0.0.1:1"),
        (GREEN, ["-D", "command=no-such-program-anywhere"], "cannot run"),
        (
            "@types\nFeature: F\n  Scenario Outline: S\n    Then all is well\n    Examples:\n      | x |\n",
            [],
            "no row",
        ),
        (GREEN + example("Given the variables:", "Then all is well"), [], "no table follows it"),
        (GREEN + example("Given the variables:", "  | name |", "Then all is well"), [], "has no row"),
        (GREEN + example("Then all is well", "  | name |", "  | x |"), [], "nothing reads the table"),
        (GREEN + example('Given a float variable "x" holding 1.0', "# Then all is well"), [], "no Then"),
        (
            GREEN + example("Then nothing defines this step"),
            [],
            "no step says Then 'nothing defines this step'",
        ),
        (GREEN + example("Then all is wel"), [], "Nearest: all is well"),
        ("@types\nFeature: F\n  Scenario: S\n    Then x\n    Nonsense\n", [], "Nonsense"),
        ("", [], "no scenario matches"),
    ],
)
def test_a_run_that_would_judge_nothing(project: Make, text: str, arguments: list[str], reason: str) -> None:
    run = project(text).run(*arguments)
    assert (run.code, run.word) == (2, "not judged")
    assert reason in run.sentence
    assert run.data["counts"]["passed"] == 0


@pytest.mark.parametrize(
    "where", ["featurse/", "features/no_such.feature", "reports_of_old/", "/nowhere/at/all"]
)
def test_a_wrong_directory(project: Make, where: str) -> None:
    made = project()
    (made.folder / "reports_of_old").mkdir()
    run = made.run(where=where)
    assert (run.code, run.word) == (2, "not judged")


def test_a_server_of_another_service(project: Make) -> None:
    made = project()
    with subprocess.Popen(
        [sys.executable, "-c", OTHER], stdout=subprocess.PIPE, text=True, cwd=made.folder
    ) as server:
        assert server.stdout is not None
        run = made.run("-D", f"target=127.0.0.1:{server.stdout.readline().strip()}")
        server.kill()
    assert (run.code, run.word) == (2, "not judged")
    assert "no BridgeService answers" in run.sentence
    assert "UNIMPLEMENTED" in run.sentence


OTHER = """
import grpc
from concurrent.futures import ThreadPoolExecutor
server = grpc.server(ThreadPoolExecutor())
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
server.wait_for_termination()
"""


def test_nothing_but_skips(project: Make) -> None:
    with running() as process:
        run = project(SKIPPED).run("-D", f"target=127.0.0.1:{process.port}")
    assert (run.code, run.word) == (2, "not judged")
    assert "a bridge that the suite starts itself" in run.sentence
    assert run.data["counts"]["skipped"] == 2
    assert "skipped: 2, needs a bridge that the suite starts itself" in run.out


def test_an_earlier_verdict_does_not_outlive_a_run_that_is_killed(project: Make) -> None:
    made = project(killed_by("SIGKILL", "the run"))
    made.run("--name", "One passes")
    assert (made.folder / "reports" / "index.html").exists()
    made.behave("features/")
    assert not (made.folder / "reports" / "verdict.json").exists()
    assert not (made.folder / "reports" / "index.html").exists()


# Profiles


def test_a_known_failure_is_counted_apart(project: Make) -> None:
    made = project(RED)
    path = made.write(
        "ours.toml", PROFILE + '[known_failing]\n"features/small.feature: This one fails" = "issue 7"\n'
    )
    run = made.run("-D", f"profile={path}")
    assert (run.code, run.word) == (0, "conforms")
    assert run.sentence == (
        "A bridge of ours conforms except for what its profile declares:"
        " 2 of 3 scenarios passed, 1 known to fail"
    )
    assert run.out.splitlines()[-1] == "scenarios: 2 passed, 0 failed, 0 skipped"
    assert run.data["counts"]["known_failing"] == 1
    assert "issue 7" in run.out


@pytest.mark.parametrize("name", ["Small / One passes", "features/small.feature: One passes"])
def test_a_known_failure_that_passes_is_red(project: Make, name: str) -> None:
    made = project()
    path = made.write("ours.toml", PROFILE + f'[known_failing]\n"{name}" = "issue 7"\n')
    run = made.run("-D", f"profile={path}")
    assert (run.code, run.word) == (1, "does not conform")
    assert "but it passes: take it out" in run.out


def test_an_outline_stands_for_its_rows(project: Make) -> None:
    outline = (
        GREEN + '\n    Scenario Outline: Rows\n      Given a float variable "x" holding 0.5\n'
        '      Then "x" holds <value> at version 1\n      Examples:\n        | value |\n'
        "        | 0.5 |\n        | 1.5 |\n"
    )
    made = project(outline)
    path = made.write("ours.toml", PROFILE + '[known_failing]\n"Small / Rows" = "half of them"\n')
    run = made.run("-D", f"profile={path}")
    assert run.word == "conforms"
    assert [one["outcome"] for one in run.data["scenarios"]][2:] == ["passed", "known failing"]


def test_a_capability_that_a_profile_denies_is_a_skip_with_its_reason(project: Make) -> None:
    made = project(GREEN + example("Then all is well", tags="@requires_durable"))
    path = made.write("ours.toml", PROFILE + '[capabilities]\nrequires_durable = "it forgets, on purpose"\n')
    run = made.run("-D", f"profile={path}")
    assert (run.code, run.word) == (0, "conforms")
    assert "except for what its profile declares" in run.sentence
    assert "skipped: 1, it forgets, on purpose" in run.out


def test_a_flag_that_a_profile_denies_is_a_skip_with_its_reason(project: Make) -> None:
    flagged = example('Given a bridge started with "--watch-log-limit 5"', "Then all is well")
    hidden = example("Given a bridge that keeps its state", "Then all is well", name="Within a step")
    made = project(GREEN + flagged + hidden)
    own = (made.folder / "steps" / "zz_own.py").read_text() + (
        '\n\n@given("a bridge that keeps its state")\ndef step_durable(context):\n'
        '    """Start one."""\n    context.world.start_durable()\n'
    )
    made.write("steps/zz_own.py", own)
    path = made.write("ours.toml", PROFILE + '[flags]\nlacking = ["--watch-log-limit", "--data-dir"]\n')
    run = made.run("-D", f"profile={path}")
    assert (run.code, run.word) == (0, "conforms")
    assert [one["outcome"] for one in run.data["scenarios"]] == ["passed", "passed", "skipped", "skipped"]
    assert "skipped: 1, the bridge does not take --watch-log-limit, as its profile says" in run.out
    assert "skipped: 1, the bridge does not take --data-dir, as its profile says" in run.out


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[capabilities]\nrequires_wings = true\n", "'requires_wings' is no capability"),
        ("[capabilities]\nrequires_durable = 3\n", "must be a text"),
        ('[known_failing]\n"Small / No such" = "why"\n', "there is no such scenario"),
        ('[known_failing]\n"Small / One passes" = ""\n', "must be a text that is not empty"),
        ("[bridges]\n", "'bridges' is no table"),
        ("[bridge]\ncolour = 1\n", "'colour' is no key of [bridge]"),
        ("[flags]\nlacking = 'x'\n", "must be a list of flags"),
        ("[flags]\nlacking = ['x']\n", "such as '--data-dir'"),
        ("no toml at all", "is not TOML"),
        ("bridge = 3\n", "must be a table"),
    ],
)
def test_a_profile_that_means_nothing_is_red(project: Make, text: str, reason: str) -> None:
    made = project()
    run = made.run("-D", f"profile={made.write('ours.toml', text)}")
    assert (run.code, run.word) == (2, "not judged")
    assert reason in run.sentence


def test_a_profile_that_is_not_there(project: Make) -> None:
    run = project().run("-D", "profile=nowhere.toml")
    assert (run.code, run.word) == (2, "not judged")


def test_a_profile_grants_what_others_lack_but_not_what_the_run_cannot_use(
    tmp_path: Path,
) -> None:
    path = tmp_path / "ours.toml"
    path.write_text("[capabilities]\nrequires_failpoints = true\n")
    options = {"command": "my-bridge", "profile": str(path)}
    assert "requires_failpoints" not in Target.from_options({"command": "my-bridge"}).capabilities
    assert "requires_failpoints" in Target.from_options(options).capabilities
    with pytest.raises(TargetUnavailableError, match="grants requires_failpoints, which this run cannot use"):
        Target.from_options({"target": "127.0.0.1:1", "profile": str(path)})


def test_the_reference_bridge_lacks_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "requires_observe" in Target.from_options({}).capabilities
    monkeypatch.setattr(capabilities, "_OBSERVE", ("no_such_package",))
    assert "requires_observe" not in Target.from_options({}).capabilities
    assert "requires_operator_flags" in Target.from_options({}).capabilities
