"""Every way in which a run could pass without having judged anything, over small features."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conformance.project import GREEN
from tests.conformance.verdict_builders import Make, example, killed_by, running

# The ways to an empty green


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
