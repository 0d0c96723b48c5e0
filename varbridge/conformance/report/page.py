"""The page ``reports/index.html``, which loads nothing from elsewhere and can be read without its script.

Plain functions render it from the content of ``verdict.json``: a template engine would be one more dependency
for everyone who judges a bridge, for a page with a handful of loops.
"""

from __future__ import annotations

from varbridge import __version__
from varbridge.conformance.clauses import CONTRACT_VERSION
from varbridge.conformance.report import cause_cards, contract_section, features, plots, timings
from varbridge.conformance.report.format import shorten
from varbridge.conformance.report.html import SIGNS, escape, sign, table
from varbridge.conformance.report.record import Report, ScenarioRecord
from varbridge.conformance.report.script import SCRIPT
from varbridge.conformance.report.style import CSS

_LOOKS = {
    "conforms": ("✓", "passed"),
    "conforms in part": ("◐", "passed"),
    "passed (partial run)": ("◐", "passed"),
    "does not conform": ("✗", "failed"),
    "not judged": ("?", "known"),
    "broken run": ("⚠", "known"),
}


def render(data: Report) -> str:
    """Return the whole report page as HTML."""
    title = f"{data.verdict.word}: {data.bridge.name or 'a bridge'}"
    body = [
        _head(data),
        cause_cards.render(data),
        timings.figures(data.scenarios),
        plots.render(data.scenarios),
        contract_section.render(data),
        _left_out(data),
        features.render(data),
        timings.durations(data),
        _coverage(data),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{CSS}</style></head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + f"\n<script>{SCRIPT}</script>\n</body></html>\n"
    )


def _head(data: Report) -> str:
    """Return the first screen: verdict, counts, time, versions, and the first causes."""
    verdict, run, bridge = data.verdict, data.run, data.bridge
    mark, look = _LOOKS[verdict.word]
    about = [
        *([f"judged as {bridge.service}"] if bridge.service else []),
        run.started.replace("T", " ").replace("Z", " UTC"),
        f"{run.seconds:.1f} s",
        "all features" if run.full else run.selection,
        f"contract {CONTRACT_VERSION}",
        f"suite {__version__}",
    ]
    sentence = verdict.sentence
    if data.causes and verdict.word == "does not conform":
        # The list below has the causes.
        sentence = f"{bridge.name[:1].upper()}{bridge.name[1:]}: {sentence.rpartition('. ')[2]}"
    return (
        f'<header class="verdict {look}"><h1>{mark} {escape(verdict.word)}</h1>\n'
        f"<p>{escape(shorten(sentence, 240))}.</p>\n{_counts(data)}\n"
        f'<p class="dim">{escape(" · ".join(filter(None, about)))}</p>\n'
        f"{cause_cards.names(data.causes)}</header>"
    )


def _counts(data: Report) -> str:
    """Return a tile for each outcome with the number of its scenarios."""
    counts = data.counts
    tiles = {
        "passed": counts.passed,
        "failed": counts.failed,
        "not reached": counts.not_reached,
        "skipped": counts.skipped,
        "known failing": counts.known_failing,
        "not run": counts.not_run,
    }
    items = "".join(
        f"<li>{sign(outcome)} <b>{count}</b> {SIGNS[outcome][1]}</li>"
        for outcome, count in tiles.items()
        if count or outcome in ("passed", "failed")
    )
    return f'<ul class="counts">{items}</ul>'


def _left_out(data: Report) -> str:
    parts = []
    for outcome, title in (("skipped", "Skipped"), ("known failing", "Known to fail")):
        reasons: dict[str, list[ScenarioRecord]] = {}
        for record in data.of(outcome):
            reasons.setdefault(record.reason, []).append(record)
        if not reasons:
            continue
        parts.append(f"<h2>{title}</h2>")
        for reason, records in reasons.items():
            names = "".join(
                f"<li>{escape(record.feature)}: {escape(record.shown_name)}</li>" for record in records
            )
            parts.append(
                f"<details><summary>{sign(outcome)} {len(records)}: {escape(reason)}</summary>"
                f"<ul>{names}</ul></details>"
            )
    return f'<section id="left-out">{"".join(parts)}</section>' if parts else ""


def _coverage(data: Report) -> str:
    if not data.coverage:
        return ""
    parts = ['<section id="coverage"><h2>Coverage</h2>']
    for subject, met in data.coverage.items():
        unmet = [name for name, count in met.items() if not count]
        note = f"; not covered: {', '.join(unmet)}" if unmet else ""
        rows = [(subject, "times"), *((name, str(count)) for name, count in met.items())]
        parts.append(
            f"<details><summary>{len(met) - len(unmet)} of {len(met)} {subject}{escape(note)}</summary>"
            f"{table(rows)}</details>"
        )
    return "".join(parts) + "</section>"
