"""Tests of the reports of a run: verdict.json and its schema, JUnit's XML, the summary and the page."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest
from hamcrest import assert_that
from jsonschema import Draft202012Validator

from tests.conformance.project import GREEN, MIXED, OTHER, PROFILE, ROOT, Project, Run, report_of
from varbridge.conformance.clauses import STATEMENTS
from varbridge.conformance.events import Event
from varbridge.conformance.report import junit, page, summary
from varbridge.conformance.report.causes import startup_cause
from varbridge.conformance.report.diagram import at_fault
from varbridge.conformance.report.format import WIDTH, shorten
from varbridge.conformance.report.record import shown_name
from varbridge.conformance.report.trace import Exchange, Trace
from varbridge.conformance.vocabulary.matchers import expect, in_order
from varbridge.messages import snakepit_bridge_pb2 as pb

pytestmark = pytest.mark.xdist_group("reports")  # the tests share a run

SCHEMA = json.loads((ROOT / "docs" / "verdict.schema.json").read_text())


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Run]:
    project = Project(tmp_path_factory.mktemp("mixed") / "run", {"a.feature": MIXED, "b.feature": OTHER})
    project.write("ours.toml", PROFILE)
    return project, project.run("-D", "profile=ours.toml")


def failed_scenarios(run: Run) -> list[Any]:
    return [scenario for scenario in run.data["scenarios"] if scenario["outcome"] == "failed"]


def faults(data: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(data)]


def test_the_schema_is_valid() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_verdict_json_matches_its_schema(mixed: tuple[Project, Run]) -> None:
    _, run = mixed
    assert faults(run.data) == []
    assert {scenario["outcome"] for scenario in run.data["scenarios"]} == {
        "passed",
        "failed",
        "skipped",
        "known failing",
    }


def test_verdict_json_of_a_run_without_a_verdict_matches_the_schema(tmp_path: Path) -> None:
    run = Project(tmp_path / "run", {"a.feature": GREEN}).run("-D", "nonsense=1")
    assert faults(run.data) == []


def test_the_schema_refuses_other_data(mixed: tuple[Project, Run]) -> None:
    _, run = mixed
    for wrong in (
        {**run.data, "more": 1},
        {**run.data, "verdict": {**run.data["verdict"], "exit_code": 0}},
        {**run.data, "scenarios": [{**run.data["scenarios"][0], "outcome": "fine"}]},
    ):
        assert faults(wrong)


def test_junit_has_every_scenario_within_rules_and_without(mixed: tuple[Project, Run]) -> None:
    project, run = mixed
    suites = [Xml.parse(path).getroot() for path in sorted((project.folder / "reports/junit").glob("*.xml"))]
    cases = [case for suite in suites for case in suite.iter("testcase")]
    assert len(cases) == len(run.data["scenarios"])
    failures = [case for case in cases if case.find("failure") is not None]
    assert (
        len(failures)
        == run.data["counts"]["failed"]
        == sum(int(suite.get("failures", 0)) for suite in suites)
    )
    failure = failures[0].find("failure")
    assert failure is not None
    assert failure.get("message") == "broken rule: A variable is registered (A1)"
    assert "Expected: 1.5 at version 2" in str(failure.text)
    skips = [case.find("skipped") for case in cases]
    assert sorted(str(skip.get("message")) for skip in skips if skip is not None) == [
        "known to fail: issue 7",
        "none here",
    ]


def test_junit_has_the_causes_that_fail_no_scenario(mixed: tuple[Project, Run]) -> None:
    _, run = mixed
    report = report_of(run.data)
    causes = [startup_cause("P1", "it did not print the READY line", ["stdout: nothing"])]
    (document,) = junit.render(replace(report, scenarios=[], causes=causes)).values()
    failure = Xml.fromstring(document).find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "it did not print the READY line (P1)"
    assert "stdout: nothing" in str(failure.text)


def test_the_summary_has_the_failures_and_the_skips(mixed: tuple[Project, Run]) -> None:
    project, run = mixed
    text = (project.folder / "reports" / "summary.md").read_text()
    assert text.startswith("## ❌ does not conform\n")
    assert "Expected: 1.5 at version 2" in text
    assert "Rerun: `behave features/a.feature:17 -D profile=ours.toml`" in text
    assert "- 1: none here" in text
    assert summary.render(report_of(run.data)) == text


def test_the_summary_of_many_causes_is_short(mixed: tuple[Project, Run]) -> None:
    _, run = mixed
    text = summary.render(report_of({**run.data, "causes": run.data["causes"] * 700}))
    assert "And 690 more causes" in text
    assert len(text) < 20_000


def test_a_failure_has_the_command_to_run_it_again(tmp_path: Path) -> None:
    project = Project(tmp_path / "run", {"a.feature": MIXED})
    project.write("ours.toml", PROFILE)
    run = project.run("-D", "profile=ours.toml")
    (failure, *_) = failed_scenarios(run)
    program, path, *options = failure["rerun"].split()
    assert program == "behave"
    again = project.run(*options, path=path)
    assert [scenario["scenario"] for scenario in again.data["scenarios"]] == [failure["scenario"]]
    assert again.word == "does not conform"


def test_a_trace_keeps_the_last_events_and_the_number_of_earlier_ones() -> None:
    trace = Trace()
    for number in range(100):
        request = pb.PingRequest(message=f"{number} " + "x" * 1000)
        trace.add(Event("call", "Ada", "127.0.0.1:1", "Ping", 0.0, 0.0, request, None, "UNAVAILABLE", "gone"))
    exchanges = trace.exchanges()
    assert len(exchanges) == 40
    assert [exchange.earlier for exchange in exchanges] == [None] * 8 + [60] + [None] * 31
    assert exchanges[0].asked.startswith('Ping message="0 x')
    assert exchanges[-1].asked.startswith('Ping message="99 x')
    assert all(len(exchange.asked) <= WIDTH for exchange in exchanges)
    assert exchanges[-1].answered == "UNAVAILABLE: gone"
    assert trace.lost == {"127.0.0.1:1"}


def test_repeats_of_the_same_call_are_one_event() -> None:
    trace = Trace()
    for number in range(700):
        reply = pb.HeartbeatResponse(session_valid=number < 600)
        reply.server_time.FromSeconds(number)
        request = pb.HeartbeatRequest(session_id="s")
        trace.add(Event("call", "Ada", "127.0.0.1:1", "Heartbeat", 0.0, 0.0, request, reply, "OK"))
    answers = [(exchange.answered, exchange.times) for exchange in trace.exchanges()]
    assert answers == [("session_valid=True", 600), ("session_valid=False", 100)]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("One", "One"),
        ("One of another type -- @1.1 ", "One of another type"),
        ("A temperature of 2.0 -- @2.2 on the bounds", "A temperature of 2.0 (on the bounds)"),
    ],
)
def test_a_row_is_shown_without_its_number(name: str, shown: str) -> None:
    assert shown_name(name) == shown


@pytest.mark.parametrize(
    ("explanation", "place"),
    [
        (["Expected: change of a to 1", "but: change of b to 2: another"], 1),
        (["expected the request to be accepted, but it was refused: NOT_FOUND: x"], 2),
        (["Expected: change of a to 1", "but: it was accepted"], -1),
    ],
)
def test_the_answer_that_an_explanation_quotes_is_marked(explanation: list[str], place: int) -> None:
    def exchange(answer: str) -> Exchange:
        return Exchange("call", "Ada", "127.0.0.1:1", 0.0, 0.0, "", answer, "")

    answers = ["change of a to 1", "change of b to 2, metadata {cause: a}", "NOT_FOUND: x", "OK"]
    assert at_fault([exchange(answer) for answer in answers], explanation) == place


@pytest.mark.parametrize(
    ("received", "mismatch"),
    [
        ([], "nothing came"),
        (range(37), "37 of 200, the first 37 as expected, then nothing"),
        ([*range(37), 38, 39], "at place 38 of 200 expected 37, got 38; 39 came in all"),
        (range(202), "all 200 as expected, then 2 more, first 200"),
    ],
)
def test_the_first_difference_of_a_long_list_is_reported(received: Sequence[int], mismatch: str) -> None:
    with pytest.raises(AssertionError) as caught:
        assert_that([*received], in_order(range(200)), "what came")
    assert [line.strip() for line in str(caught.value).splitlines()] == [
        "what came",
        "Expected: 200 in order, 0 to 199",
        f"but: {mismatch}",
    ]
    assert_that([*range(200)], in_order(range(200)))


def test_an_expectation_has_the_format_of_a_matcher() -> None:
    with pytest.raises(AssertionError) as caught:
        expect(False, "the tool to run", "it had ended")
    assert str(caught.value) == "\nExpected: the tool to run\n     but: it had ended\n"
    expect(True, "the tool to run", "it had ended")


def test_a_long_text_is_shortened_to_a_line() -> None:
    assert shorten("a\n b", 10) == "a b"
    assert shorten("x" * 100, 10) == "x" * 9 + "…"


def test_the_page_shows_markup_and_control_characters_as_text(mixed: tuple[Project, Run]) -> None:
    _, run = mixed
    hostile = {**run.data, "bridge": {**run.data["bridge"], "name": '<script>"\x00\x1b[31m&'}}
    text = page.render(report_of(hostile))
    assert text.count("<script") == 1
    assert "&lt;script&gt;&quot;\\x00\\x1b[31m&amp;" in text
    assert "\x00" not in text


def test_a_page_of_a_full_run_is_not_too_large(mixed: tuple[Project, Run]) -> None:
    _, run = mixed
    failed = failed_scenarios(run)
    text = page.render(report_of({**run.data, "scenarios": (run.data["scenarios"] * 100) + failed * 400}))
    assert len(text) < 3_000_000


def test_outcomes_have_text_in_addition_to_colours(mixed: tuple[Project, Run]) -> None:
    project, run = mixed
    text = page.render(report_of(run.data))
    for words in ("failed", "passed", "skipped", "known to fail"):
        assert f'aria-label="{words}"' in text
    assert (project.folder / "reports" / "index.html").read_text() == text


def with_statements(run: Run) -> dict[str, Any]:
    """Return the data of a run in which passed scenarios prove A1.1, and the others A1.2."""
    proved = [
        {**record, "statements": ["A1.1" if record["outcome"] == "passed" else "A1.2"]}
        for record in run.data["scenarios"]
    ]
    return {**run.data, "scenarios": proved}


def test_the_page_has_the_outcome_of_each_statement(mixed: tuple[Project, Run]) -> None:
    _, run = mixed
    text = page.render(report_of(with_statements(run)))
    signs = re.findall(r'<li id="statement-A1\.(\d)">.*?aria-label="([\w ]+)"', text)
    assert signs == [("1", "passed"), ("2", "failed"), ("3", "not run")]
    assert f"not judged</span> <b>P2.3</b> {STATEMENTS['P2.3'][:30]}" in text


def test_the_card_of_a_cause_has_the_statement_that_its_example_proves(mixed: tuple[Project, Run]) -> None:
    _, run = mixed
    assert f"A1 Registration: A1.2 {STATEMENTS['A1.2']}" in page.render(report_of(with_statements(run)))
    assert "A1 Registration: RegisterVariable creates version 1" in page.render(report_of(run.data))
