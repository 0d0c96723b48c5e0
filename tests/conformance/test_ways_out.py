"""Tests of runs that cannot judge a bridge, or cannot report: each has its exit code, and says why."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.project import DEADLINE_S, GREEN, ROOT, Project
from tests.conformance.verdict_builders import MakeProject, example
from varbridge.conformance.faults.polling import eventually
from varbridge.conformance.faults.processes import alive

ONE = ("--name", "One passes")


def start(
    project: Project, *arguments: str, after: str = "", **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run behave in a project whose options differ from the usual ones, such as its stdout.

    The commands of a shell in ``after`` are run before. (With gRPC's threads, preexec_fn sometimes aborts.)
    """
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": project.folder, **options}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    shell = ["bash", "-c", f'{after}; exec "$@"', "bash"] if after else []
    return subprocess.run(
        [*shell, sys.executable, "-m", "behave", "features/", *arguments],
        env=environment,
        text=True,
        timeout=DEADLINE_S,
        check=False,
        **options,
    )


def verdict(project: Project) -> str:
    return str(json.loads((project.folder / "reports/verdict.json").read_text())["verdict"]["word"])


# Another runner, another folder


@pytest.mark.parametrize("where", ["another folder", "another runner"])
def test_another_runner_judges_nothing(make_project: MakeProject, tmp_path: Path, where: str) -> None:
    project = make_project()
    if where == "another folder":
        ended = subprocess.run(
            [sys.executable, "-m", "behave", str(project.folder / "features")],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
    else:
        ended = start(project, "--runner", "behave.runner:Runner")
    assert ended.returncode == 2, ended.stdout
    assert (
        "not judged: another runner than the suite's is in charge. Run behave in the folder" in ended.stdout
    )
    assert "Traceback" not in ended.stdout + ended.stderr


def test_an_environment_of_another_project_is_not_judged(make_project: MakeProject) -> None:
    project = make_project()
    project.write("environment.py", "def before_all(context):\n    pass\n")
    run = project.run()
    assert (run.code, run.word) == (2, "not judged")
    assert "environment.py is not that of the suite, since it lacks before_scenario" in run.sentence


def test_a_folder_of_another_project_has_its_own_steps(tmp_path: Path) -> None:
    for name, text in {
        "features/own.feature": "Feature: Own\n  Scenario: Own\n    Given a thing\n",
        "steps/common.py": "THING = 1\n",
        "steps/things.py": "from behave import given\nfrom steps.common import THING\n\n"
        '@given("a thing")\ndef step(context):\n    assert THING == 1\n',
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    own, suite = (
        subprocess.run(
            [sys.executable, "-m", module], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        for module in ("behave", "varbridge.conformance")
    )
    assert own.returncode == 0
    assert "1 scenario passed" in own.stdout
    assert suite.returncode == 2
    assert "environment.py is not that of the suite" in suite.stdout.splitlines()[-2]


def test_the_command_judges_from_any_folder(make_project: MakeProject, tmp_path: Path) -> None:
    features = str(make_project().folder / "features")
    ended = subprocess.run(
        [sys.executable, "-m", "varbridge.conformance", features, *ONE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.splitlines()[-2].startswith("passed (partial run): 1 of 2 scenarios passed")


# Nothing runs


@pytest.mark.parametrize("way", ["flag", "home"])
def test_a_dry_run_says_that_nothing_was_judged(make_project: MakeProject, tmp_path: Path, way: str) -> None:
    (tmp_path / ".behaverc").write_text("[behave]\ndry_run = true\n")
    run = make_project().run("--dry-run") if way == "flag" else make_project().run(HOME=str(tmp_path))
    assert (run.code, run.word) == (2, "not judged")
    assert (
        run.sentence == "a dry run asks the bridge nothing: 2 of 2 scenarios are selected, and none was run"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-D", 'command="x'], 'not judged: -D command="x: No closing quotation'),
        (["-D", "command="], "not judged: -D command must name a program"),
        (["-D", "target=127.0.0.1:99999"], "not judged: -D target must be HOST:PORT, not '127.0.0.1:99999'"),
        (["-D", "target=127.0.0.1"], "not judged: -D target must be HOST:PORT, not '127.0.0.1'"),
        (["-D", "target=:1"], "not judged: -D target must be HOST:PORT, not ':1'"),
        (["-D", "ca=/no/such/file"], "not judged: -D ca=/no/such/file: No such file or directory"),
        (["-D", "ca=environment.py"], "environment.py holds no certificate in PEM form"),
        (["-D", "cert=environment.py"], "a certificate and its private key belong together"),
        (["-D", "token-file=features"], "not judged: -D token-file=features: Is a directory"),
        (["-D", "token-file=/dev/null"], "/dev/null holds no token"),
    ],
)
def test_an_invalid_option_is_not_judged(
    make_project: MakeProject, arguments: list[str], sentence: str
) -> None:
    run = make_project().run(*arguments)
    assert run.code == 2
    assert sentence in str(run.out)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("feature", "there is no folder feature; did you mean features/?"),
        (
            "features/smaller.feature",
            "there is no file features/smaller.feature; did you mean features/small.feature?",
        ),
        ("features/smaller.feature:7", "there is no file features/smaller.feature; did you mean"),
        ("features/small.feature:9999", "features/small.feature has "),
        ("/nowhere/at/all", "there is no folder /nowhere/at/all"),
    ],
)
def test_a_missing_path_is_named_with_a_similar_one(
    make_project: MakeProject, path: str, sentence: str
) -> None:
    run = make_project().run(path=path)
    assert (run.code, run.word) == (2, "not judged")
    assert run.sentence.startswith(sentence)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--tags=@types and"], "Syntax error. Expected operand after and"),
        (["--tags="], "Syntax error. Expected operand"),
        (["--name", "a ("], "--name 'a (' is not a regular expression: missing )"),
    ],
)
def test_the_command_does_not_judge_if_behave_cannot_read_its_arguments(
    make_project: MakeProject, arguments: list[str], sentence: str
) -> None:
    project = make_project()
    ended = subprocess.run(
        [sys.executable, "-m", "varbridge.conformance", "features/", *arguments],
        cwd=project.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert sentence in ended.stdout.splitlines()[-2]
    assert ended.stderr == ""
    assert verdict(project) == "not judged"


def test_the_command_ends_with_the_exit_code_of_the_verdict(make_project: MakeProject) -> None:
    project = make_project()
    command = [sys.executable, "-m", "varbridge.conformance", "features/"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    codes = [
        subprocess.run([*command, *more], cwd=project.folder, env=environment, check=False).returncode
        for more in (ONE, ("--tags=@nonsense",))
    ]
    assert codes == [0, 2]


# Output that cannot be written


def test_a_full_stdout_does_not_change_the_verdict(make_project: MakeProject) -> None:
    project = make_project()
    with open("/dev/full", "w") as full:  # noqa: PTH123
        ended = start(project, *ONE, stdout=full)
    assert ended.returncode == 0, ended.stderr
    assert "stdout was cut off: No space left on device\npassed (partial run): 1 of 2" in ended.stderr
    assert verdict(project) == "passed (partial run)"


@pytest.mark.parametrize("closed", [(1,), (1, 2)], ids=["stdout", "stdout and stderr"])
def test_a_closed_stdout_does_not_change_the_verdict(make_project: MakeProject, closed: tuple[int]) -> None:
    project = make_project()
    shell = " ".join(f"{number}>&-" for number in closed)
    command = f"exec {sys.executable} -m behave features/ --name 'One passes' {shell}"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(["sh", "-c", command], cwd=project.folder, env=environment, check=False)
    assert ended.returncode == 0
    assert verdict(project) == "passed (partial run)"


def test_a_name_that_stdout_cannot_encode_does_not_change_the_verdict(
    make_project: MakeProject, tmp_path: Path
) -> None:
    (tmp_path / "profile.toml").write_text('[bridge]\nname = "Brücke"\n', "utf-8")
    text = GREEN + example('Given a float variable "x" holding 0.5', 'Then "x" holds 9.5 at version 1')
    run = make_project(text).run("-D", f"profile={tmp_path}/profile.toml", PYTHONIOENCODING="ascii")
    assert (run.code, run.word) == (1, "does not conform")
    assert "does not conform: Br\\xfccke" in run.out


def test_a_file_in_place_of_the_reports_breaks_the_run_at_once(make_project: MakeProject) -> None:
    project = make_project()
    (project.folder / "reports").touch()
    ended = project.behave("features/")
    assert ended.returncode == 3
    assert "broken run: the reports cannot be written to reports/: File exists" in ended.stdout


def test_reports_that_cannot_be_written_break_the_run_at_once(make_project: MakeProject) -> None:
    project = make_project()
    (project.folder / "reports").symlink_to("/proc/self")  # is not writable for anybody
    ended = project.behave("features/")
    assert ended.returncode == 3
    assert "broken run: the reports cannot be written to reports/:" in ended.stdout
    assert "small.feature" not in ended.stdout


def test_a_full_disk_breaks_the_run_and_shows_its_verdict(make_project: MakeProject) -> None:
    project = make_project()
    ended = start(project, *ONE, after="ulimit -f 2")  # KiB of a file; a larger one fails
    assert ended.returncode == 3, ended.stdout
    assert "broken run: the reports cannot be written to reports/: File too large" in ended.stdout
    assert "Without that: passed (partial run): 1 of 2 scenarios passed" in ended.stdout


@pytest.mark.parametrize("place", ["__init__", "scenario"])
def test_a_formatter_that_fails_is_named(make_project: MakeProject, place: str) -> None:
    project = make_project()
    project.write(
        "own_formatter.py",
        f"""
from behave.formatter.base import Formatter

class Own(Formatter):
    def {place}(self, *arguments):
        {{}}["anything"]
""",
    )
    ended = start(project, "-f", "own_formatter:Own", env={"PYTHONPATH": f"{ROOT}:{project.folder}"})
    assert ended.returncode == 3
    assert "broken run: the formatter own_formatter:Own failed: KeyError: 'anything'" in ended.stdout
    assert "the suite itself" not in ended.stdout


# Signals and processes


def ended_processes(project: Project) -> dict[int, str]:
    """Check that the processes that a scenario wrote to a file have ended; return them."""
    written = json.loads((project.folder / "processes").read_text())
    processes = {int(pid): name for pid, name in written.items()}
    assert eventually(lambda: not alive(processes), 5.0), f"still running: {alive(processes)}"
    return processes


def test_a_run_that_is_hung_up_leaves_a_verdict(make_project: MakeProject) -> None:
    x = 'Given a float variable "x" holding 0.5'
    run = make_project(GREEN + example(x, "When somebody sends SIGHUP to the run", "Then all is well")).run()
    assert (run.code, run.word) == (3, "broken run")
    assert run.sentence.startswith("the run was stopped before its end")


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGTERM"])
def test_a_run_that_is_stopped_leaves_no_process(make_project: MakeProject, name: str) -> None:
    left = "And the processes of the run are written to a file"
    text = GREEN + example(
        "Given a new bridge", left, f"When somebody sends {name} to the run", "Then all is well"
    )
    project = make_project(text)
    run = project.run("--name", "One more")
    assert (run.code, run.word) == (3, "broken run")
    assert len(ended_processes(project)) >= 2  # the shared bridge and the scenario's own


def test_ignored_ends_of_children_are_restored(make_project: MakeProject) -> None:
    text = GREEN.replace("@A1", "@P2") + example(
        'When a bridge is started with the flags "--no-such-flag"',
        "Then it ends with an error within 5 s, and says why on stderr",
    )
    project = make_project(text)
    ended = start(project, "--name", "One more", after="trap '' CHLD")
    assert ended.returncode == 0, ended.stdout


SCRIPT = '#!/bin/sh\n{python} -m varbridge.server "$@"\nexit $?\n'


@pytest.fixture
def script(tmp_path: Path) -> str:
    """The path of a shell script that runs the reference bridge without exec."""
    path = tmp_path / "serve"
    path.write_text(SCRIPT.format(python=sys.executable))
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGKILL"])
def test_a_signal_reaches_a_bridge_behind_a_shell_script(
    make_project: MakeProject, script: str, name: str
) -> None:
    text = GREEN + example(
        "Given a new bridge",
        "And the processes of the run are written to a file",
        f"When the bridge receives {name}",
        "Then all is well" if name == "SIGKILL" else "Then the bridge ends with exit code 0",
    )
    project = make_project(text)
    run = project.run("-D", f"command={script}")
    assert (run.code, run.word) != (1, "does not conform"), run.out
    assert run.data["counts"]["failed"] == 0
    assert len(ended_processes(project)) >= 4  # two shells with a bridge each


def test_the_older_service_declares_what_it_lacks(make_project: MakeProject) -> None:
    text = GREEN + example(
        'Given a float variable "x" holding 0.5', "Then all is well", tags="@requires_current_service"
    )
    run = make_project(text).run("-D", "service=SnakepitBridge")
    assert run.data["counts"]["skipped"] == 1
    assert run.data["scenarios"][2]["declared"] is True
    assert "no profile declares" not in run.out
