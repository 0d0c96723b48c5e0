"""The record of a run, from which all reports and the output on the terminal are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from varbridge import __version__
from varbridge.conformance.clauses import CONTRACT_VERSION
from varbridge.conformance.report.trace import Exchange
from varbridge.conformance.report.verdict import Verdict

FORMAT = 3
"""The format number of verdict.json; it grows if a reader of an older format would misread a newer one."""


@dataclass(frozen=True)
class StepRecord:
    """The record of a step.

    Attributes:
        text: the keyword and the phrase.
        outcome: "passed", "failed" or "not run".
        seconds: the duration, in seconds.
        table: the headings of the table, then its rows; None if there is no table.
        lines: the lines of the attached text; None if there is none.
    """

    text: str
    outcome: str
    seconds: float
    table: Sequence[Sequence[str]] | None = None
    lines: Sequence[str] | None = None


@dataclass(frozen=True)
class Failure:
    """The place and the kind of a failure, by which failures are grouped.

    Attributes:
        stage: "given", "when" or "then" for a step, or "end" if all steps passed.
        step: the phrase of the failed step; empty at the end.
        method: the method whose answer failed the step, as far as it is known; else empty.
        status: the name of the status of an unexpected refusal; else empty.
        words: the message of that refusal.
        ended: True if the bridge ended by itself or answers no more.
        unimplemented: the methods that answered UNIMPLEMENTED, in the order of their calls.
    """

    stage: str
    step: str = ""
    method: str = ""
    status: str = ""
    words: str = ""
    ended: bool = False
    unimplemented: Sequence[str] = ()


@dataclass(frozen=True)
class Figure:
    """A measured figure with its limit.

    Attributes:
        name: the name of the figure.
        value: the measured value.
        unit: the unit.
        limit: the limit; None if there is none.
        at_most: True if the value may not exceed the limit, False if it may not fall below it.
    """

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_most: bool = True

    @property
    def text(self) -> str:
        """The figure with its limit, as a text."""
        limit = f", {self.limit_text}" if self.limit_text else ""
        return f"{self.name}: {self.shown}{limit}"

    @property
    def shown(self) -> str:
        """The value with its unit, as a text."""
        number = f"{self.value:,.0f}" if self.value >= 100 else f"{self.value:.3g}"
        return f"{number} {self.unit}".rstrip()

    @property
    def limit_text(self) -> str:
        """The limit as a text; empty if there is none."""
        return "" if self.limit is None else f"at {'most' if self.at_most else 'least'} {self.limit:g}"


@dataclass(frozen=True)
class DivergenceRecord:
    """The record of a case in which a random walk diverged from the model of the contract.

    Attributes:
        statement: the statement of the contract that is broken.
        sentence: the case, with what was expected and what was answered, without a full stop.
        scenario: the lines of a scenario that shows it, in the phrases of the suite.
    """

    statement: str
    sentence: str
    scenario: Sequence[str]


@dataclass(frozen=True)
class ScenarioRecord:
    """The record of a scenario that ran or was skipped.

    Attributes:
        feature: the name of its feature.
        rule: the name of its rule; empty if it is outside of rules.
        clauses: the ids of the clauses that the scenario proves.
        scenario: the name of the scenario, with the place of the row if it is from an outline.
        location: the path of the feature and the line of the scenario, as PATH:LINE.
        outcome: "passed", "failed", "not reached" (a Given failed), "skipped" or "known failing".
        reason: the reason why it was skipped or is known to fail; empty otherwise.
        declared: True if the profile declares that reason, or if it needs no declaration.
        known: the name under which the profile declares it as known to fail; empty if it does not.
        seconds: the duration, in seconds.
        steps: the records of its steps.
        explanation: the lines that explain its failure.
        exchange: the calls and messages between people and bridges, if it failed.
        log: the last lines that the server wrote on stderr, if it failed.
        rerun: the command that runs only this scenario.
        series: the figures that it measured over time; see ``Series.as_json``.
        failure: the place and the kind of its failure; None if it did not fail.
        violations: sentences about the invariants that were violated in it; they do not fail the scenario.
        methods: the methods that it called.
        figures: the figures that it measured.
        divergences: the cases in which its random walks diverged.
        outside: True if it was skipped since the contract does not cover what it needs.
        statements: the ids of the statements that the scenario proves.
    """

    feature: str
    rule: str
    clauses: Sequence[str]
    scenario: str
    location: str
    outcome: str
    reason: str
    declared: bool
    known: str
    seconds: float
    steps: Sequence[StepRecord]
    explanation: Sequence[str]
    exchange: Sequence[Exchange]
    log: Sequence[str]
    rerun: str
    series: Sequence[Mapping[str, Any]] = ()
    failure: Failure | None = None
    violations: Sequence[str] = ()
    methods: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    divergences: Sequence[DivergenceRecord] = ()
    outside: bool = False
    statements: Sequence[str] = ()

    @property
    def path(self) -> str:
        """The path of the feature's file."""
        return self.location.rpartition(":")[0]

    @property
    def shown_name(self) -> str:
        """The name of the scenario, with its values but without the row numbers of an outline."""
        return shown_name(self.scenario)


@dataclass(frozen=True)
class BridgeRecord:
    """The record of the system under test; see ``Profile``. Empty if the run ended before it was reached."""

    name: str = ""
    service: str = ""
    lacking: Mapping[str, str] = field(default_factory=dict)
    lacking_flags: Sequence[str] = ()
    lacking_methods: Sequence[str] = ()
    lacking_areas: Sequence[str] = ()
    known_failing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunRecord:
    """The time and the selection of a run; see ``Selection``."""

    started: str
    seconds: float
    selection: str
    chosen: int
    usual: int
    full: bool


@dataclass(frozen=True)
class Counts:
    """The number of scenarios by outcome.

    ``not_reached`` counts those whose Given failed, ``not_run`` those that the run ended before.
    """

    passed: int
    failed: int
    skipped: int
    known_failing: int
    not_run: int
    not_reached: int = 0


@dataclass(frozen=True)
class Cause:
    """A cause of failures: what failed scenarios, or violated invariants, have in common.

    Attributes:
        kind: "startup", "hang", "ended", "unimplemented", "method", "refusal", "state", "difference",
            "invariant", "rule" or "divergence".
        sentence: the cause as a sentence, without a full stop.
        clauses: the ids of the clauses that are broken, at most two.
        failed: the locations of the scenarios that failed.
        not_reached: the locations of the scenarios that could not be judged, since a Given failed.
        violated: the locations of the scenarios in which an invariant was violated.
        times: the number of violations of the invariant.
        example: the location of the simplest scenario that shows the cause; empty if none does.
        advice: a sentence about what to do next; empty if the example says it.
        lines: lines that explain the cause in place of an example.
    """

    kind: str
    sentence: str
    clauses: Sequence[str]
    failed: Sequence[str]
    not_reached: Sequence[str]
    violated: Sequence[str]
    times: int
    example: str
    advice: str = ""
    lines: Sequence[str] = ()

    @property
    def others(self) -> list[str]:
        """The locations of the scenarios other than the example, each once."""
        locations = dict.fromkeys((*self.failed, *self.not_reached, *self.violated))
        locations.pop(self.example, None)
        return [*locations]

    @property
    def named(self) -> str:
        """The sentence, followed by the clauses in parentheses."""
        return f"{self.sentence} ({', '.join(self.clauses)})" if self.clauses else self.sentence

    @property
    def counts(self) -> str:
        """The number of scenarios that the cause affects, as a phrase."""
        if self.kind == "unimplemented":
            return f"{counted(len(self.failed) + len(self.not_reached), 'scenario')} cannot be judged"
        parts = [f"{counted(len(self.failed), 'scenario')} failed"] if self.failed else []
        parts += [f"{counted(len(self.not_reached), 'scenario')} not reached"] if self.not_reached else []
        if self.times:
            times = "once" if self.times == 1 else f"{self.times} times"
            parts.append(f"invariants violated {times}, in {counted(len(self.violated), 'scenario')}")
        return ", ".join(parts)


@dataclass(frozen=True)
class Report:
    """The complete report of a run; ``docs/verdict.schema.json`` describes its JSON form.

    Attributes:
        verdict: the verdict.
        bridge: the system under test.
        run: the time and the selection of the run.
        counts: the number of scenarios by outcome.
        coverage: the coverage: the counts of clauses, methods and so on, by subject.
        features: the lines of description that each feature begins with, by the feature's path.
        scenarios: the records of the scenarios, in the order of the features.
        causes: the causes of the failures, in the order in which to mend them.
    """

    verdict: Verdict
    bridge: BridgeRecord
    run: RunRecord
    counts: Counts
    coverage: Mapping[str, Mapping[str, int]]
    features: Mapping[str, Sequence[str]]
    scenarios: Sequence[ScenarioRecord]
    causes: Sequence[Cause] = ()

    def of(self, outcome: str) -> list[ScenarioRecord]:
        """Return the records of the scenarios with this outcome."""
        return [record for record in self.scenarios if record.outcome == outcome]

    def as_json(self) -> dict[str, Any]:
        """Return the content of ``verdict.json``; empty optional fields are omitted."""
        content = {"format": FORMAT, "suite": __version__, "contract": CONTRACT_VERSION, **asdict(self)}
        content["verdict"]["exit_code"] = self.verdict.exit_code
        for scenario in content["scenarios"]:
            for name in ("series", "figures", "divergences", "failure"):
                if not scenario[name]:
                    del scenario[name]
            for name in ("steps", "exchange"):
                scenario[name] = [
                    {field: value for field, value in item.items() if value is not None}
                    for item in scenario[name]
                ]
        return content


def counted(count: int, noun: str) -> str:
    """Return a count with its noun, such as "1 more rule" or "2 more rules"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def shown_name(name: str) -> str:
    """Return a scenario's name as reports show it, without the numbers that behave adds for outline rows."""
    outline, marker, row = name.partition(" -- @")
    group = row.partition(" ")[2].strip()
    return f"{outline} ({group})" if marker and group else outline
