"""Tests of the suite: runs that would test nothing fail, steps are documented, imports are limited."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from behave.configuration import Configuration
from behave.parser import parse_feature
from behave.runner_util import load_step_modules
from behave.step_registry import registry

from varbridge.conformance import tags
from varbridge.conformance.clauses import CLAUSES, clause_of, clauses_of, statements_of
from varbridge.conformance.scenario.client import Client
from varbridge.conformance.scenario.from_step import FromStep
from varbridge.conformance.scenario.notes import LoadNotes, ReadNotes, ServerNotes, ToolNotes
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.scenario.watchers import Watchers
from varbridge.conformance.target.options import TargetUnavailableError
from varbridge.conformance.target.target import Target

ROOT = Path(__file__).parents[2]


Judge = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """A function that runs behave on all features, with reports in a separate folder."""
    for name in ("environment.py", "features", "pyproject.toml", "steps"):
        (tmp_path / name).symlink_to(ROOT / name)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "behave", *arguments],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def steps() -> list[Any]:
    load_step_modules([str(ROOT / "steps")])
    return [step for kind in registry.steps.values() for step in kind]


def test_every_step_has_a_docstring(steps: list[Any]) -> None:
    assert steps
    undocumented = [step.pattern for step in steps if not (step.func.__doc__ or "").strip()]
    assert undocumented == []


def test_every_step_that_a_later_one_needs_is_in_the_features() -> None:
    owners = (LoadNotes, ReadNotes, ServerNotes, ToolNotes, Client, Servers, Watchers)
    needed = {value.step for owner in owners for value in vars(owner).values() if isinstance(value, FromStep)}
    assert len(needed) > 25
    texts = [
        line.strip().partition(" ")[2]
        for path in (ROOT / "features").rglob("*.feature")
        for line in path.read_text("utf-8").splitlines()
    ]

    def occurs(step: str) -> bool:
        words = re.escape(step.partition(" ")[2]).replace("…", ".+")
        return any(re.search(rf"(^|, ){words}", text) for text in texts)

    assert [step for step in sorted(needed) if not occurs(step)] == []


def test_every_step_of_the_features_is_defined(judge: Judge) -> None:
    run = judge("features/", "--dry-run", "--format", "null", "--tags", "@performance or not @performance")
    assert re.search(r"not judged: a dry run asks the bridge nothing: (\d+) of \1 scenarios", run.stdout)
    assert run.returncode == 2, run.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--tags=@nonsense"], "unknown tag @nonsense"),
        (["--tags=@streaming and @typo"], "unknown tag @typo"),
        (["--tags=@performance and @soak"], "no scenario matches"),
        (["--name", "no scenario is called this"], "no scenario matches"),
        (["-D", "tagret=127.0.0.1:1"], "unknown option -D tagret"),
        (["-D", "service=Bridge"], "-D service must be"),
        (["-D", "target=127.0.0.1:1"], "no BridgeService answers at 127.0.0.1:1"),
        (["-D", "command=no-such-program-anywhere"], "cannot run"),
        (["-D", f"command={sys.executable} -c pass"], "before it was ready"),
    ],
)
def test_a_run_that_would_test_nothing_fails(judge: Judge, arguments: list[str], reason: str) -> None:
    run = judge("features/", *arguments)
    assert run.returncode != 0
    assert reason in run.stdout
    assert " passed" not in run.stdout.replace("scenarios: 0 passed", "")


@pytest.mark.parametrize(
    ("tag_expression", "expression"),
    [
        ("", "not @performance and not @soak and not @distributed and not @wip"),
        ("streaming", "(streaming) and not @performance and not @soak and not @distributed and not @wip"),
        ("performance", "(performance) and not @soak and not @distributed and not @wip"),
        ("wip", "(wip) and not @performance and not @soak and not @distributed"),
        ("not soak", "(not soak) and not @performance and not @distributed and not @wip"),
    ],
)
def test_long_runs_are_excluded_by_default(tag_expression: str, expression: str) -> None:
    assert tags.selection(tag_expression) == expression


def test_a_partial_run_also_excludes_long_runs() -> None:
    configuration = Configuration(["--tags=@W3"], load_config=False)
    tags.narrow(configuration)
    assert configuration.tag_expression.check(["streaming", "W3"])
    assert not configuration.tag_expression.check(["performance", "W3"])


def test_a_target_and_a_command_exclude_each_other() -> None:
    with pytest.raises(TargetUnavailableError, match="use either -D target"):
        Target.from_options({"target": "127.0.0.1:1", "command": "x"})


def test_the_judge_never_imports_the_server() -> None:
    link = ROOT / "varbridge" / "server"
    judges = [
        ROOT / "environment.py",
        *(ROOT / "steps").glob("*.py"),
        *(path for path in (ROOT / "varbridge").rglob("*.py") if not path.is_relative_to(link)),
    ]
    imports = [
        str(path.relative_to(ROOT))
        for path in judges
        for line in path.read_text().splitlines()
        if re.match(r"\s*(import|from) +(server|varbridge\.server|\.+server)\b", line)
    ]
    assert imports == []


def test_steps_store_their_state_only_in_the_world() -> None:
    allowed = {"add_cleanup", "run", "table", "text", "world"}
    others = [
        f"{path.name}, line {node.lineno}: context.{node.attr}"
        for path in sorted((ROOT / "steps").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "context"
        and node.attr not in allowed
    ]
    assert others == []


def test_every_clause_has_a_rule() -> None:
    features = [parse_feature(path.read_text()) for path in (ROOT / "features").rglob("*.feature")]
    proved = {tag for feature in features for rule in feature.rules for tag in clauses_of(rule.tags)}
    assert proved == {*CLAUSES}


def test_every_scenario_proves_a_statement_of_each_clause_of_its_rule() -> None:
    features = [
        parse_feature(path.read_text(), filename=path.name) for path in (ROOT / "features").rglob("*.feature")
    ]
    # Excepted are scenarios that the contract does not cover, and walks, which the model proves.
    excepted = {*tags.REFERENCE_ONLY, *tags.LEFT_OUT, "walks"}
    mistakes = []
    for rule in (rule for feature in features for rule in feature.rules):
        covered = [
            scenario for scenario in rule.walk_scenarios() if not {*scenario.effective_tags} & excepted
        ]
        proved = {clause_of(id_) for scenario in covered for id_ in statements_of(scenario.effective_tags)}
        mistakes += [
            f"{scenario.location}: {scenario.name!r} has no tag of a statement, such as @A6.1"
            for scenario in covered
            if not statements_of(scenario.effective_tags)
        ]
        mistakes += [
            f"{rule.location}: {rule.name!r} has no scenario for a statement of {clause}"
            for clause in clauses_of(rule.tags)
            if covered and clause not in proved
        ]
    assert mistakes == []
