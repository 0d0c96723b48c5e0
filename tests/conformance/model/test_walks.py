"""Tests of random walks: with the reference bridge, with mutants, and with functions that diverge."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conformance.project import Project
from tests.conformance.verdict_builders import MakeProject
from varbridge import Connection
from varbridge.conformance.model import explorer
from varbridge.conformance.model.actions import CleanUp, Get, Lock, Pick, Ref, Register, Set, Walk
from varbridge.conformance.model.branches import Branch, branch
from varbridge.conformance.model.divergence import RESTARTED, Divergence
from varbridge.conformance.model.explorer import Exploration, explore
from varbridge.conformance.model.shrinking import shortest
from varbridge.conformance.model.walker import Walker, all_branches
from varbridge.conformance.model.walks import SUBJECTS, random_walk
from varbridge.conformance.target.options import DEFAULT_WALKS
from varbridge.conformance.vocabulary.parameter_types import TYPES
from varbridge.process import ServerProcess

USUAL = [subject for subject in SUBJECTS if subject != "restarts"]
"""The subjects of walks that do not restart the bridge."""

CASE = branch("A6.1", "a case of this test")
OTHER_CASE = branch("A5.1", "another case of this test")


def walker(address: str, exploration: Exploration) -> Walker:
    connections = [Connection(address) for _ in range(3)]
    return Walker(connections, exploration.excluded, exploration.lacking, exploration.met)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a reference bridge."""
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0", "--log-level", "error"])
    yield f"127.0.0.1:{process.wait_ready()}"
    process.kill()
    process.wait_ended(60.0)


# The choice of walks


def test_a_seed_determines_a_walk() -> None:
    for subject in SUBJECTS:
        assert random_walk(subject, "1") == random_walk(subject, "1")
        assert random_walk(subject, "1") != random_walk(subject, "2")


def test_the_phrases_name_every_subject() -> None:
    assert all(re.fullmatch(TYPES["walks"].expression, subject) for subject in SUBJECTS)


@pytest.mark.slow
def test_the_usual_walks_meet_every_case_of_the_model(address: str) -> None:
    exploration = Exploration()
    for subject in SUBJECTS:
        take = walker(address, exploration).take
        assert explore(take, exploration, subject=subject, count=DEFAULT_WALKS, seed=0) == []
    cases = [case for case in all_branches() if case not in (CASE, OTHER_CASE, RESTARTED)]
    assert [case for case in cases if case not in exploration.met] == []


SETTINGS = [(), ("--data-dir", "data"), ("--history-limit", "4")]
"""Flags of bridges to which walks are shown; over etcd, ``python -m tests.over_etcd`` does that."""


@pytest.mark.slow
@pytest.mark.parametrize("flags", SETTINGS[1:])
def test_walks_do_not_diverge(flags: tuple[str, ...], tmp_path: Path) -> None:
    assert walk_for(300, flags, tmp_path) >= 300


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("flags", SETTINGS)
def test_a_hundred_thousand_calls_do_not_diverge(flags: tuple[str, ...], tmp_path: Path) -> None:
    assert walk_for(100_000, flags, tmp_path) >= 100_000


def walk_for(calls: int, flags: tuple[str, ...], folder: Path) -> int:
    """Take walks with one seed after the other; return the number of calls."""
    paths = [str(folder / flag) if flag == "data" else flag for flag in flags]
    process = ServerProcess([sys.executable, "-m", "server", "--port", "0", *paths])
    try:
        exploration = Exploration()
        walking = walker(f"127.0.0.1:{process.wait_ready()}", exploration)
        walking.history = int(flags[1]) if "--history-limit" in flags else walking.history
        for seed in itertools.count(1):
            for subject in SUBJECTS:
                take = walking.take
                assert explore(take, exploration, subject=subject, count=1, seed=seed) == [], f"seed {seed}"
            if walking.calls >= calls:
                return walking.calls
    finally:
        process.kill()
        process.wait_ended(60.0)


# The texts of walks


def test_the_texts_of_walks_pass(address: str, make_project: MakeProject) -> None:
    lines = ["@walks", "Feature: Walks as scenarios", "  @A1 @S1", "  Rule: The texts of walks pass"]
    for subject in USUAL:
        for number in range(3):
            walking = walker(address, Exploration())
            assert walking.take(random_walk(subject, f"text {number}")) is None
            lines += [f"    {line}" for line in walking.text(f"{subject} {number}")]
    project = make_project("\n".join(lines))
    result = project.run()
    assert result.data["counts"]["passed"] == 3 * len(USUAL)


# What diverges


@pytest.mark.parametrize(
    ("mutant", "statement"),
    [
        pytest.param("expected-versions-are-ignored", "A5.1", marks=pytest.mark.slow),
        pytest.param("metadata-is-replaced", "A3.3", marks=pytest.mark.slow),
        pytest.param("names-without-case", "", marks=pytest.mark.slow),
    ],
)
def test_a_divergence_is_reported_as_a_scenario_that_fails_in_the_same_way(
    mutant: str, statement: str, make_project: MakeProject, tmp_path: Path
) -> None:
    command = f"command={sys.executable} -m tests.mutants serve {mutant}"
    walks = (Path(__file__).parents[3] / "features" / "walks" / "random_walks.feature").read_text("utf-8")
    result = make_project(walks).run("-D", command, "--name", "use variables in a random order")
    assert result.code == 1, result.out
    divergences = [d for s in result.data["scenarios"] for d in s.get("divergences", ())]
    chosen = [d for d in divergences if d["statement"] == statement or not statement]
    assert chosen, divergences
    clause = chosen[0]["statement"].partition(".")[0]
    assert clause in {name for cause in result.data["causes"] for name in cause["clauses"]}
    scenario = chosen[0]["scenario"]
    pasted = ["@walks", "Feature: Pasted", f"  @{clause} @S1", "  Rule: A walk that diverged"]
    pasted += [f"    {line}" for line in scenario]
    project = Project(tmp_path / "pasted", {"pasted.feature": "\n".join(pasted)})
    assert project.run("-D", command).data["counts"]["failed"] == 1
    assert project.run().data["counts"]["passed"] == 1


def diverging(*cases: tuple[int, Branch]) -> tuple[Callable[[Walk], Divergence | None], set[Branch]]:
    """Return a function that takes a walk, and diverges at actions on certain names, in these cases."""

    def take(walk: Walk) -> Divergence | None:
        for number, action in enumerate(walk.actions):
            for name, case in cases:
                if isinstance(action, Set | Lock) and action.target.name == name and case not in excluded:
                    return Divergence(case.statement, case, case.case, number, "one answer", "another one")
        return None

    excluded: set[Branch] = set()
    return take, excluded


def test_a_walk_is_shortened_to_the_action_that_diverges() -> None:
    take, _ = diverging((2, CASE))
    action = Set(client=1, target=Ref(2, "id"), value=Pick(7), request_id="r-1")
    walk = Walk(("a", "東京東京", "c", "d"), (Register(), Get(), action, CleanUp()))
    divergence = take(walk)
    assert divergence is not None
    shorter, again = shortest(walk, divergence, take)
    assert shorter.actions == (Set(target=Ref(2), value=Pick(0)),)
    assert again.key == CASE


def test_a_lock_is_not_shortened_to_one_of_no_optimizer() -> None:
    take, _ = diverging((0, CASE))
    walk = Walk(("a", "b", "c", "d"), (Lock(optimizer="東京"),))
    divergence = take(walk)
    assert divergence is not None
    shorter, _ = shortest(walk, divergence, take)
    assert shorter.actions == (Lock(optimizer="mipro"),)


def test_walks_go_on_without_the_case_that_diverged() -> None:
    take, excluded = diverging((0, CASE), (1, OTHER_CASE))
    exploration = Exploration(excluded=excluded)
    findings = explore(take, exploration, subject="variables", count=20, seed=0)
    assert [finding.divergence.key for finding in findings] == [OTHER_CASE, CASE]
    assert exploration.walks == 20


def test_a_divergence_that_does_not_come_again_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    take, excluded = diverging((0, CASE))
    taken: list[Walk] = []

    def take_once(walk: Walk) -> Divergence | None:
        taken.append(walk)
        return take(walk) if len(taken) == 1 else None

    monkeypatch.setattr(explorer, "random_walk", lambda *_: Walk(("a",), (Set(target=Ref(0)),)))
    (finding,) = explore(take_once, Exploration(excluded=excluded), subject="variables", count=2, seed=0)
    assert not finding.again


def test_a_bridge_with_few_methods_is_judged_by_them(address: str) -> None:
    exploration = Exploration(
        lacking={"WatchVariables", "GetVariableHistory", "ExecuteTool", "ListVariables"}
    )
    for subject in SUBJECTS:
        take = walker(address, exploration).take
        assert explore(take, exploration, subject=subject, count=5, seed=0) == []
    assert not {case for case in exploration.met if case.statement.startswith("W")}


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("walks=0", "-D walks must be a whole number from 1, not '0'"),
        ("seed=x", "-D seed must be a whole number from 0, not 'x'"),
    ],
)
def test_an_invalid_number_is_refused(option: str, message: str, make_project: MakeProject) -> None:
    result = make_project().run("-D", option)
    assert result.code == 2
    assert message in result.out


def test_the_number_and_the_seed_of_walks_are_options(make_project: MakeProject) -> None:
    walks = (Path(__file__).parents[3] / "features" / "walks" / "random_walks.feature").read_text("utf-8")
    result = make_project(walks).run("-D", "walks=2", "-D", "seed=7", "--name", "variables")
    (figure,) = [figure for scenario in result.data["scenarios"] for figure in scenario.get("figures", ())]
    assert figure["name"] == "calls of 2 random walks about variables"
    assert "-D walks=2 -D seed=7" in result.data["scenarios"][0]["rerun"]
