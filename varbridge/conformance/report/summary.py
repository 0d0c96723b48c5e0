"""The summary of a run in Markdown, for comments on pull requests and summaries of CI jobs."""

from __future__ import annotations

from varbridge.conformance.report.record import Report

SHOWN = 20
"""The maximum number of failures with details: a comment has no room for hundreds."""

SIGNS = {
    "conforms": "✅",
    "passed (partial run)": "◐",
    "does not conform": "❌",
    "not judged": "❔",
    "broken run": "⚠️",
}


def render(data: Report) -> str:
    """Return the summary of a run in Markdown."""
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
    for record in failed[:SHOWN]:
        clauses = " ".join(f"@{clause}" for clause in record.clauses)
        lines += ["", f"### {clauses} {_plain(record.rule or record.feature)}".replace("###  ", "### "), ""]
        lines += [f"{_plain(record.shown_name)}", "", "```text", *map(_inside, record.explanation)]
        lines += ["```", "", f"Rerun: `{record.rerun}`"]
    if len(failed) > SHOWN:
        lines += ["", f"And {len(failed) - SHOWN} more: see index.html in the reports."]
    for outcome, title in (("skipped", "Skipped"), ("known failing", "Known to fail")):
        reasons: dict[str, int] = {}
        for record in data.of(outcome):
            reasons[record.reason] = reasons.get(record.reason, 0) + 1
        if reasons:
            lines += ["", f"### {title}", ""]
            lines += [f"- {count}: {_plain(reason)}" for reason, count in reasons.items()]
    return "\n".join(lines) + "\n"


def _plain(text: str) -> str:
    """Return the text with all Markdown escaped."""
    escaped = "".join(f"\\{character}" if character in r"\`*_[]<>#|" else character for character in text)
    return " ".join(escaped.split())


def _inside(line: str) -> str:
    return line.replace("```", "'''")
