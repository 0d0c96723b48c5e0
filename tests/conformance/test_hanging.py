"""Tests of bridges that answer Ping and nothing else, and of slow ones, which are judged."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

import pytest

from tests.conformance.bridges import bridge
from tests.conformance.project import GREEN, OTHER
from tests.conformance.verdict_builders import MakeProject, example, running
from varbridge.conformance.events import Event
from varbridge.conformance.report.causes import hang_cause
from varbridge.conformance.run.decision import Findings, decide
from varbridge.conformance.target.liveness import LIMIT, Liveness
from varbridge.process import ServerProcess


def event(method: str, status: str, kind: str = "call") -> Event:
    return Event(kind, "client", "127.0.0.1:1", method, 0.0, 0.0, None, None, status, "")


def sentences(*scenarios: list[Event]) -> list[str]:
    """Return what a new ``Liveness`` says at the end of each scenario with these events."""
    liveness = Liveness()
    said = []
    for events in scenarios:
        for occurrence in events:
            liveness.add(occurrence)
        said.append(liveness.end_scenario())
    return said


SILENT = [event("Ping", "OK"), event("SetVariable", "DEADLINE_EXCEEDED")]
ANSWERED = [event("SetVariable", "NOT_FOUND")]


def test_a_bridge_hangs_after_some_scenarios_without_an_answer() -> None:
    assert sentences(*[SILENT] * LIMIT)[:-1] == [""] * (LIMIT - 1)
    assert sentences(*[SILENT] * LIMIT)[-1].startswith("it answers Ping and nothing else: in 3 scenarios")
    assert sentences(ANSWERED, *[SILENT] * LIMIT)[-1].startswith("it does not answer any more")


@pytest.mark.parametrize(
    "events",
    [
        ANSWERED,
        [*SILENT, event("WatchVariables", "", "message")],
        [*SILENT, event("WatchVariables", "NOT_FOUND", "end")],
    ],
)
def test_an_answer_shows_that_a_bridge_does_not_hang(events: list[Event]) -> None:
    assert sentences(*[SILENT, SILENT, events] * LIMIT) == [""] * (3 * LIMIT)


def test_a_scenario_in_which_no_deadline_passes_says_nothing_about_hanging() -> None:
    lost = [event("SetVariable", "UNAVAILABLE")]
    opened = [event("WatchVariables", "", "open"), event("WatchVariables", "CANCELLED", "end")]
    assert sentences(*[lost, opened] * LIMIT) == [""] * (2 * LIMIT)
    assert sentences(SILENT, lost, SILENT, opened, SILENT)[-1] != ""


def test_a_bridge_that_hangs_does_not_conform() -> None:
    verdict = decide(Findings(bridge="the bridge", causes=[hang_cause("it does not answer any more")]))
    assert verdict.exit_code == 1
    assert str(verdict) == "does not conform: The bridge: it does not answer any more"


@pytest.mark.parametrize(
    "option",
    [pytest.param("command", marks=pytest.mark.long), pytest.param("target", marks=pytest.mark.long)],
)
def test_a_bridge_that_answers_only_ping_gets_a_verdict_within_a_minute(
    make_project: MakeProject, tmp_path: Path, option: str
) -> None:
    command = bridge(tmp_path, "time.sleep(3600)")
    process = ServerProcess(shlex.split(command))
    try:
        value = command if option == "command" else f"127.0.0.1:{process.wait_ready()}"
        began = time.monotonic()
        run = make_project(GREEN, **{"z.feature": OTHER}).run("-D", f"{option}={value}")
    finally:
        process.close()
    assert time.monotonic() - began < 60.0
    assert (run.code, run.word) == (1, "does not conform")
    assert "it answers Ping and nothing else: in 3 scenarios in a row" in run.sentence
    assert run.data["counts"]["failed"] + run.data["counts"]["not_reached"] == 3
    assert run.data["causes"][0]["kind"] == "hang"
    assert run.data["counts"]["not_run"] == 1


@pytest.mark.long
def test_a_bridge_that_hangs_after_its_first_calls_gets_a_verdict_within_a_minute(
    make_project: MakeProject, tmp_path: Path
) -> None:
    act = """
if len(CALLS) > 1:
    time.sleep(3600)
CALLS.append(request)
context.abort(grpc.StatusCode.NOT_FOUND, "not here")
"""
    command = bridge(tmp_path, act, announce="CALLS = []\nprint(f'GRPC_READY:{port}', flush=True)")
    began = time.monotonic()
    others = {"z.feature": OTHER}
    run = make_project(GREEN, **others).run("-D", f"command={command}")
    assert time.monotonic() - began < 60.0
    assert (run.code, run.word) == (1, "does not conform")
    assert "it does not answer any more: in 3 scenarios in a row" in run.sentence


@pytest.mark.long
def test_a_target_that_is_paused_gets_a_verdict_within_a_minute(make_project: MakeProject) -> None:
    paused = example(
        'Given a float variable "x" holding 0.5',
        "When the bridge at the target is paused",
        "Then all is well",
    )
    fifth = example(
        'Given a float variable "x" holding 0.5', 'Then "x" holds 0.5 at version 1', name="A fifth passes"
    )
    others = {"z.feature": OTHER + fifth}
    with running() as process:
        began = time.monotonic()
        run = make_project(GREEN + paused, **others).run(
            "-D", f"target=127.0.0.1:{process.port}", TARGET_PID=str(process.pid)
        )
        assert time.monotonic() - began < 60.0
    assert (run.code, run.word) == (1, "does not conform")
    assert "it does not answer any more: in 3 scenarios in a row" in run.sentence


@pytest.mark.long
def test_a_slow_bridge_is_judged_to_its_end(make_project: MakeProject, tmp_path: Path) -> None:
    act = 'time.sleep(2)\ncontext.abort(grpc.StatusCode.NOT_FOUND, "not here")'
    run = make_project(GREEN, **{"z.feature": OTHER}).run("-D", f"command={bridge(tmp_path, act)}")
    assert (run.code, run.word) == (1, "does not conform")
    assert run.data["counts"]["not_reached"] == 4
    assert run.data["counts"]["not_run"] == 0
