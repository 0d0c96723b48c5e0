"""The summary of a run in Markdown, for comments on pull requests and summaries of CI jobs."""

from __future__ import annotations

from varbridge.conformance.report.record import Report, counted

SHOWN = 10
"""The maximum number of causes in the summary: a comment has no room for hundreds."""

SIGNS = {
    "conforms": "✅",
    "conforms in part": "◐",
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
        "| passed | failed | not reached | skipped | known to fail | not run | seconds |",
        "|---:|---:|---:|---:|---:|---:|---:|",
        f"| {counts.passed} | {counts.failed} | {counts.not_reached} | {counts.skipped}"
        f" | {counts.known_failing} | {counts.not_run} | {run.seconds:.1f} |",
    ]
    records = {record.location: record for record in data.scenarios}
    for number, cause in enumerate(data.causes[:SHOWN], 1):
        example = records.get(cause.example)
        lines += ["", f"### {number}. {_plain(cause.named)}", ""]
        lines += [f"{cause.counts}."] if cause.counts else []
        lines += ["", f"To do: {_plain(cause.advice)}."] if cause.advice else []
        if example is None:
            lines += ["", "```text", *map(_inside, cause.lines), "```"]
            continue
        lines += ["", f"For example, {_plain(example.shown_name)}:", "", "```text"]
        lines += [*map(_inside, example.explanation or example.violations[:1]), "```", ""]
        lines += [f"Rerun: `{example.rerun}`"]
    if len(data.causes) > SHOWN:
        lines += [
            "",
            f"And {counted(len(data.causes) - SHOWN, 'more cause')}: see index.html in the reports.",
        ]
    if figures := [figure for record in data.scenarios for figure in record.figures]:
        lines += ["", "### Measured", "", *(f"- {_plain(figure.text)}" for figure in figures)]
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
