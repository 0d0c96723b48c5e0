"""The record of a run: everything that the terminal or a report tells of it is made of this alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from varbridge.conformance.report.trace import Exchange
from varbridge.conformance.report.verdict import Verdict

FORMAT = 1
"""The format of verdict.json; it grows where a reader of an older one would misread a newer."""


@dataclass(frozen=True)
class StepRecord:
    """A step.

    Attributes:
        text: its keyword and its words.
        outcome: passed, failed or not run.
        seconds: how long it took.
        table: its headings, then its rows; None where it has none.
        lines: of its text; None where it has none.
    """

    text: str
    outcome: str
    seconds: float
    table: Sequence[Sequence[str]] | None = None
    lines: Sequence[str] | None = None


@dataclass(frozen=True)
class ScenarioRecord:
    """A scenario that came to run, or was left out for a reason.

    Attributes:
        feature: the name of its feature.
        rule: the name of its rule; empty of a scenario outside of rules.
        clauses: ids of the contract's clauses that it proves.
        scenario: its name; of an outline's row with the row's place.
        location: its path and line.
        outcome: passed, failed, skipped or known failing.
        reason: why it was skipped, or is known to fail.
        declared: whether that is the profile's word.
        known: the name under which the profile declares it to fail.
        seconds: how long it took.
        steps: its steps.
        explanation: lines about its failure.
        exchange: what passed between people and bridges, of one that failed.
        log: what the server wrote on stderr lately, of one that failed.
        again: the command that runs it alone.
        series: figures that it took over time; see ``Series.as_json``.
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
    again: str
    series: Sequence[Mapping[str, Any]] = ()

    @property
    def path(self) -> str:
        """The path of its feature."""
        return self.location.rpartition(":")[0]

    @property
    def shown_name(self) -> str:
        """Its name for people."""
        return shown_name(self.scenario)


@dataclass(frozen=True)
class BridgeRecord:
    """The bridge that was judged; see ``Profile``. Empty where the run did not come so far."""

    name: str = ""
    service: str = ""
    lacking: Mapping[str, str] = field(default_factory=dict)
    lacking_flags: Sequence[str] = ()
    known_failing: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RunRecord:
    """The time of a run, and what it took of what there is; see ``Selection``."""

    started: str
    seconds: float
    selection: str
    chosen: int
    usual: int
    full: bool


@dataclass(frozen=True)
class Counts:
    """How many scenarios had each outcome; those that were not run were selected, but the run ended first."""

    passed: int
    failed: int
    skipped: int
    known_failing: int
    not_run: int


@dataclass(frozen=True)
class Report:
    """Everything that there is to tell of a run; ``docs/verdict.schema.json`` says what stands where.

    Attributes:
        verdict: what the run says.
        bridge: which one was judged.
        run: when, and what it took.
        counts: scenarios by outcome.
        ledger: how often each was met of what the suite claims to exercise, by subject.
        features: the lines of description that each feature begins with, by its path.
        scenarios: in the order of the features.
    """

    verdict: Verdict
    bridge: BridgeRecord
    run: RunRecord
    counts: Counts
    ledger: Mapping[str, Mapping[str, int]]
    features: Mapping[str, Sequence[str]]
    scenarios: Sequence[ScenarioRecord]

    def of(self, outcome: str) -> list[ScenarioRecord]:
        """The scenarios with this outcome."""
        return [record for record in self.scenarios if record.outcome == outcome]

    def as_json(self) -> dict[str, Any]:
        """Return the content of ``verdict.json``, without what a scenario or a step does not have."""
        told = {"format": FORMAT, **asdict(self)}
        told["verdict"]["exit_code"] = self.verdict.exit_code
        for scenario in told["scenarios"]:
            if not scenario["series"]:
                del scenario["series"]
            for name in ("steps", "exchange"):
                scenario[name] = [
                    {part: value for part, value in one.items() if value is not None}
                    for one in scenario[name]
                ]
        return told


def shown_name(name: str) -> str:
    """A scenario's name for people: of an outline's row, without the numbers that behave gives it."""
    outline, marker, row = name.partition(" -- @")
    group = row.partition(" ")[2].strip()
    return f"{outline} ({group})" if marker and group else outline
