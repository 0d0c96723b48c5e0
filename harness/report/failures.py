"""The part of the page that says what is broken: a card for each scenario that failed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from harness.report import diagram
from harness.report.html import escape

_EXPECTED_BUT = re.compile(r"expected (.+?), but (.+)")
_KEYWORDS = ("Given", "When", "Then", "And", "But", "*")
UNFOLDED = 5
DRAWN = 60
"""Failures with a diagram: where more fail, more diagrams tell nobody anything."""


def render(failed: Sequence[Mapping[str, Any]], doubtful: bool = False) -> str:
    """The section; empty where nothing failed.

    Args:
        failed: the records of what failed.
        doubtful: whether the run itself is broken, so that these may say nothing of the bridge.
    """
    if not failed:
        return ""
    title = "Failed in a broken run" if doubtful else "Broken rules"
    cards = "\n".join(_card(number, record) for number, record in enumerate(failed))
    return f'<section id="failures"><h2>{title}</h2>\n{cards}</section>'


def _card(number: int, record: Mapping[str, Any]) -> str:
    clauses = " ".join(f"@{clause}" for clause in record["clauses"])
    rule = f"{clauses}: {record['rule'] or record['feature']}" if clauses else record["feature"]
    parts = [
        f'<details class="card" id="failure-{number}"{" open" if number < UNFOLDED else ""}>',
        f'<summary><span class="failed">✗ broken rule</span> {escape(rule)}</summary>',
        f"<p>{escape(record['scenario'])} <span class=dim>in {escape(record['feature'])}</span></p>",
        f'<code class="again">{escape(record["again"])}</code>',
        _explained(record["explanation"]),
    ]
    if number < DRAWN and record["exchange"]:
        parts.append(f"<h3>What passed</h3>{diagram.render(record['exchange'])}")
    if record["log"]:
        log = escape("\n".join(record["log"]))
        parts.append(f"<details><summary>What the server wrote on stderr</summary><pre>{log}</pre></details>")
    return "\n".join([*parts, "</details>"])


def _explained(lines: Sequence[str]) -> str:
    """Which step failed, what it expected and what was there, as far as the words tell these apart."""
    rows: list[tuple[str, list[str]]] = []
    for line in lines:
        words = line.strip()
        if words.partition(" ")[0] in _KEYWORDS and not any(name == "Broken at" for name, _ in rows):
            rows.append(("Broken at", [words]))
        elif parts := _EXPECTED_BUT.fullmatch(words):
            rows += [("Expected", [parts[1]]), ("Actual", [parts[2]])]
        elif words.startswith("Expected:"):
            rows.append(("Expected", [words.removeprefix("Expected:").strip()]))
        elif words.startswith("but:"):
            rows.append(("Actual", [words.removeprefix("but:").strip()]))
        elif not rows or rows[-1][0] == "Broken at":
            rows.append(("Why", [words]))
        else:
            rows[-1][1].append(line)
    if any(name == "Expected" for name, _ in rows):
        rows = [("About" if name == "Why" else name, text) for name, text in rows]
    told = "".join(f"<dt>{name}</dt><dd>{escape(chr(10).join(text))}</dd>" for name, text in rows)
    return f"<dl>{told}</dl>"
