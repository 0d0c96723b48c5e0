"""Tests that correct bridges need no profile: those with few flags, and those of the older service."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.full_run import judge
from tests.conformance.project import ROOT

MINIMAL = str(ROOT / "examples" / "minimal_bridge.py")
PLAIN = "-m tests.conformance.plain_bridge"
OLDER = "-m tests.conformance.older_bridge"


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_bridge_that_takes_no_flag_but_its_port_conforms_in_part(tmp_path: Path) -> None:
    judged = judge(tmp_path / "run", PLAIN)
    assert (judged.code, judged.word) == (0, "conforms in part"), judged.out
    lacking = {s["reason"] for s in judged.verdict["scenarios"] if not s["outside"] and s["reason"]}
    assert any("--data-dir" in reason for reason in lacking)
    assert all("the bridge does not take --" in reason for reason in lacking), lacking


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_bridge_that_takes_the_flags_of_the_contract_conforms(tmp_path: Path) -> None:
    judged = judge(tmp_path / "run", f"{PLAIN} --contract-flags")
    assert (judged.code, judged.word) == (0, "conforms"), judged.out


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_bridge_of_the_older_service_conforms_in_part(tmp_path: Path) -> None:
    judged = judge(tmp_path / "run", OLDER, "-D", "service=SnakepitBridge")
    assert (judged.code, judged.word) == (0, "conforms in part"), judged.out


def test_the_older_service_may_lack_the_newer_fields_at_a_bridge_of_both(tmp_path: Path) -> None:
    judged = judge(tmp_path / "run", f"{OLDER} --both", "--name", "service name", "--tags=@types")
    outcomes = {scenario["outcome"] for scenario in judged.verdict["scenarios"]}
    assert (judged.code, outcomes) == (0, {"passed"}), judged.out


@pytest.mark.parametrize(
    ("flags", "passed"), [(" --heartbeats 0.5", True), (" --heartbeats 3", False), ("", False)]
)
def test_heartbeats_are_judged_at_the_interval_that_a_watch_states(
    tmp_path: Path, flags: str, passed: bool
) -> None:
    judged = judge(tmp_path / "run", PLAIN + flags, "--tags=@W10")
    outcomes = {scenario["outcome"] for scenario in judged.verdict["scenarios"]}
    assert outcomes == ({"passed"} if passed else {"skipped"}), judged.out


def test_the_stated_interval_is_read_in_a_session_of_its_own(tmp_path: Path) -> None:
    name = "The heartbeats of a watch do not keep a session open"
    judged = judge(tmp_path / "run", f"{PLAIN} --heartbeats 0.5", "--name", name)
    assert [scenario["outcome"] for scenario in judged.verdict["scenarios"]] == ["passed"], judged.out


def test_a_slow_bridge_does_not_lose_sessions_that_are_called(tmp_path: Path) -> None:
    name = "Every method that names a session keeps it open"
    slow = "-m tests.conformance.altered_bridge --method=* --reply=late"
    judged = judge(tmp_path / "run", slow, "--name", name)
    assert [scenario["outcome"] for scenario in judged.verdict["scenarios"]] == ["passed"], judged.out


def test_a_refusal_of_a_flag_of_the_contract_as_unknown_does_not_pass(tmp_path: Path) -> None:
    name = "A bridge does not listen on every address, 0.0.0.0, without TLS and tokens"
    judged = judge(tmp_path / "run", PLAIN, "--name", name)
    (scenario,) = judged.verdict["scenarios"]
    assert (scenario["outcome"], scenario["reason"], scenario["outside"]) == (
        "skipped",
        "the bridge does not take --host, since it does not start with it",
        False,
    )


@pytest.mark.parametrize(("command", "outcome"), [(MINIMAL, "skipped"), (PLAIN, "passed")])
def test_only_a_bridge_that_offers_the_older_service_is_judged_by_it(
    tmp_path: Path, command: str, outcome: str
) -> None:
    name = "A client of the older service name gets the older form of the type_url in a read"
    judged = judge(tmp_path / "run", command, "--name", name)
    (scenario,) = judged.verdict["scenarios"]
    assert (scenario["outcome"], scenario["outside"]) == (outcome, outcome == "skipped")
