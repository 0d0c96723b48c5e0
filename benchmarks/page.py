"""The page ``reports/benchmarks.html``: a plot of all figures with targets, then the details."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import matplotlib

matplotlib.use("svg")

from matplotlib import pyplot

GOOD, BAD, DIM = "#14642a", "#a4161a", "#59606b"
MARK = {"met": "o", "missed": "X", "missed, noisy": "X"}

STYLE = """
body { margin: 0 auto; max-width: 64rem; padding: 0 1rem 3rem; font: 16px/1.45 system-ui, sans-serif;
  color: #1a1a1a; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2rem; }
svg { max-width: 100%; height: auto; } .wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border: 1px solid #c9cdd3; padding: .1rem .45rem; text-align: left; }
td.n { text-align: right; } .bad { color: #a4161a; font-weight: 700; } .dim { color: #59606b; }
"""


def page(report: Mapping[str, Any]) -> str:
    """Return the HTML page for a report."""
    figures = [figure for section in report["sections"].values() for figure in section]
    targeted = [figure for figure in figures if figure["target"]]
    met = sum(figure["verdict"] == "met" for figure in targeted)
    machine = report["machine"]
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Benchmarks</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<style>{STYLE}</style></head><body>",
        f"<h1>{met} of {len(targeted)} targets are met</h1>",
        f"<p class='dim'>{escape(report['when'])}; {machine['cores']} cores, {escape(machine['processor'])},"
        f" {escape(machine['system'])}, Python {escape(machine['python'])}</p>",
    ]
    if targeted:
        parts.append(_overview(targeted))
    for title, section in (("get", "get, p50"), ("set", "set, p50")):
        for figure in figures:
            if figure["name"].startswith(section):
                parts += [f"<h2>One {title}, one caller</h2>", _times(figure["context"])]
    for name, section_figures in report["sections"].items():
        parts += [f"<h2>{escape(name)}</h2>", _table(section_figures)]
    return "".join([*parts, "</body></html>"])


def _overview(figures: Sequence[Mapping[str, Any]]) -> str:
    """Return a plot of the figures relative to their targets: left of the target's line is better."""
    shown = [*reversed(figures)]
    plot, axes = pyplot.subplots(figsize=(10, 0.42 * len(shown) + 1.1))
    for place, figure in enumerate(shown):
        low, high, middle = (_relative(figure, figure[key]) for key in ("min", "max", "median"))
        colour = GOOD if figure["verdict"] == "met" else BAD
        axes.plot([low, high], [place, place], color=colour, linewidth=1.5)
        axes.plot([middle], [place], MARK[figure["verdict"]], color=colour, markersize=8)
        axes.annotate(
            f"{figure['median']:.4g}{' ' + figure['unit'] if figure['unit'] else ''} ({figure['target']})",
            (1.0, place),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.axvline(1.0, color="#1a1a1a", linewidth=1)
    axes.set_yticks(range(len(shown)), [figure["name"] for figure in shown], fontsize=9)
    axes.set_xscale("log")
    axes.set_xticks([0.25, 0.5, 1, 2], ["¼", "½", "the target", "2 ×"])
    axes.minorticks_off()
    axes.set_xlim(0.2, max(2.2, *(1.1 * _relative(figure, figure["max"]) for figure in shown)))
    axes.set_title("left of the line is better than the target; each bar spans the rounds, best to worst")
    axes.title.set_fontsize(10)
    return _svg(plot)


def _relative(figure: Mapping[str, Any], value: float) -> float:
    sign, _, bound = figure["target"].partition(" ")
    part = value / float(bound) if sign == "≤" else float(bound) / value
    return max(part, 0.21)


def _times(context: Mapping[str, Mapping[str, float]]) -> str:
    """Return a plot of the p50 and p99 of each system, in ms."""
    plot, axes = pyplot.subplots(figsize=(9, 0.38 * len(context) + 1))
    names = [*context][::-1]
    for place, name in enumerate(names):
        middle, _, last = (context[name][key] for key in ("p50 ms", "p95 ms", "p99 ms"))
        colour = GOOD if name in ("bridge", "durable") else DIM
        axes.barh(place, middle, color=colour, height=0.6)
        axes.plot([middle, last], [place, place], color="#1a1a1a", linewidth=1)
        axes.annotate(f"{middle:.2f}", (middle, place), xytext=(4, 5), textcoords="offset points", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set_xlabel("ms: p50, and a line to p99", fontsize=9)
    return _svg(plot)


def _table(figures: Sequence[Mapping[str, Any]]) -> str:
    rows = ["<tr><th>figure</th><th>median</th><th>rounds</th><th>target</th><th>context</th></tr>"]
    for figure in figures:
        look = " class='bad'" if figure["verdict"].startswith("missed") else ""
        noisy = "" if figure["quotable"] else " (too noisy to quote)"
        context = "; ".join(
            f"{name} " + ", ".join(f"{value:.4g} {label}" for label, value in numbers.items())
            for name, numbers in figure["context"].items()
        )
        rows.append(
            f"<tr><td>{escape(figure['name'])}</td><td class='n'>{figure['median']:.4g} {figure['unit']}</td>"
            f"<td>{figure['min']:.4g} to {figure['max']:.4g}{noisy}</td>"
            f"<td{look}>{escape(figure['target'] or '')} {figure['verdict']}</td>"
            f"<td class='dim'>{escape(context)}</td></tr>"
        )
    return f"<div class='wide'><table>{''.join(rows)}</table></div>"


def _svg(plot: Any) -> str:
    output = io.StringIO()
    plot.savefig(output, format="svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close(plot)
    return output.getvalue().partition("<svg")[1] + output.getvalue().partition("<svg")[2]
