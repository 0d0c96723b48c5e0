"""A summary in Markdown: a comment on a pull request, or the summary of a CI job."""

from __future__ import annotations

from varbridge.conformance.report.record import Report

SHOWN = 20
"""Failures that are told in full; a comment has no room for hundreds."""

SIGNS = {
    "conforms": "✅",
    "passed, a slice": "◐",
    "does not conform": "❌",
    "not judged": "❔",
    "broken run": "⚠️",
}


def render(data: Report) -> str:
    """The document."""
    verdict, counts, run = data.verdict, data.counts, data.run
    lines = [
        f"## {SIGNS[verdict.word]} {verdict.word}",
        "",
        _plain(verdict.sentence) + ".",
        "",
        "| passed | failed | skipped | known to fail | not run | seconds |",
        "|---:|---:|---:|---:|---:|---:|",
        f"| {counts.passed} | {counts.failed} | {counts.skipped} | {counts.known_failing}"
        f" | {counts.not_run} | {run.seconds:.1f} |",
    ]
    failed = data.of("failed")
    for one in failed[:SHOWN]:
        clauses = " ".join(f"@{clause}" for clause in one.clauses)
        lines += ["", f"### {clauses} {_plain(one.rule or one.feature)}".replace("###  ", "### "), ""]
        lines += [f"{_plain(one.shown_name)}", "", "```text", *map(_inside, one.explanation)]
        lines += ["```", "", f"Again: `{one.again}`"]
    if len(failed) > SHOWN:
        lines += ["", f"And {len(failed) - SHOWN} more: see index.html among the reports."]
    for outcome, title in (("skipped", "Skipped"), ("known failing", "Known to fail")):
        reasons: dict[str, int] = {}
        for one in data.of(outcome):
            reasons[one.reason] = reasons.get(one.reason, 0) + 1
        if reasons:
            lines += ["", f"### {title}", ""]
            lines += [f"- {count}: {_plain(reason)}" for reason, count in reasons.items()]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Text in which nothing is Markdown."""
    escaped = "".join(f"\\{character}" if character in r"\`*_[]<>#|" else character for character in text)
    return " ".join(escaped.split())


def _inside(line: str) -> str:
    return line.replace("```", "'''")
