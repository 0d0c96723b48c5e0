"""Tests of runs that would pass without testing anything, such as those with an unknown tag."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conformance.project import GREEN
from tests.conformance.verdict_builders import MakeProject, example, killed_by, running

SKIPPED = GREEN.replace("@variables", "@variables @requires_process")


@pytest.mark.parametrize(
    ("text", "arguments", "reason"),
    [
        (GREEN, ["--name", "no scenario is called this"], "no scenario matches"),
        (GREEN, ["--tags=@nonsense"], "unknown tag @nonsense"),
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
            "no step is defined for Then 'nothing defines this step'",
        ),
        (GREEN + example("Then all is wel"), [], "The most similar: all is well"),
        ("@types\nFeature: F\n  Scenario: S\n    Then x\n    Nonsense\n", [], "Nonsense"),
        ("", [], "the file is empty"),
    ],
)
def test_a_run_that_would_test_nothing_is_not_judged(
    make_project: MakeProject, text: str, arguments: list[str], reason: str
) -> None:
    run = make_project(text).run(*arguments)
    assert (run.code, run.word) == (2, "not judged")
    assert reason in run.sentence
    assert run.data["counts"]["passed"] == 0


@pytest.mark.parametrize(
    "path", ["featurse/", "features/no_such.feature", "reports_of_old/", "/nowhere/at/all"]
)
def test_a_run_of_a_wrong_directory_is_not_judged(make_project: MakeProject, path: str) -> None:
    project = make_project()
    (project.folder / "reports_of_old").mkdir()
    run = project.run(path=path)
    assert (run.code, run.word) == (2, "not judged")


def test_a_server_without_the_service_is_not_judged(make_project: MakeProject) -> None:
    project = make_project()
    with subprocess.Popen(
        [sys.executable, "-c", OTHER], stdout=subprocess.PIPE, text=True, cwd=project.folder
    ) as server:
        assert server.stdout is not None
        run = project.run("-D", f"target=127.0.0.1:{server.stdout.readline().strip()}")
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


def test_a_run_in_which_all_scenarios_are_skipped_is_not_judged(make_project: MakeProject) -> None:
    with running() as process:
        run = make_project(SKIPPED).run("-D", f"target=127.0.0.1:{process.port}")
    assert (run.code, run.word) == (2, "not judged")
    assert "a bridge that the suite starts itself" in run.sentence
    assert run.data["counts"]["skipped"] == 2
    assert "skipped: 2, needs a bridge that the suite starts itself" in run.out
    assert "SKIP" not in run.out


def test_a_run_that_is_killed_leaves_no_earlier_verdict(make_project: MakeProject) -> None:
    project = make_project(killed_by("SIGKILL", "the run"))
    project.run("--name", "One passes")
    assert (project.folder / "reports" / "index.html").exists()
    project.behave("features/")
    assert not (project.folder / "reports" / "verdict.json").exists()
    assert not (project.folder / "reports" / "index.html").exists()
