"""``reports/benchmarks.html``: where the bridge stands, in one picture, and the rest beneath it."""

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


def page(told: Mapping[str, Any]) -> str:
    """The page, from the report."""
    figures = [one for found in told["sections"].values() for one in found]
    aimed = [one for one in figures if one["target"]]
    met = sum(one["verdict"] == "met" for one in aimed)
    machine = told["machine"]
    parts = [
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Benchmarks</title>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<style>{STYLE}</style></head><body>",
        f"<h1>{met} of {len(aimed)} targets are met</h1>",
        f"<p class='dim'>{escape(told['when'])}; {machine['cores']} cores, {escape(machine['processor'])},"
        f" {escape(machine['system'])}, Python {escape(machine['python'])}</p>",
    ]
    if aimed:
        parts.append(_standing(aimed))
    for title, section in (("get", "get, p50"), ("set", "set, p50")):
        for one in figures:
            if one["name"].startswith(section):
                parts += [f"<h2>One {title}, one caller</h2>", _times(one["context"])]
    for name, found in told["sections"].items():
        parts += [f"<h2>{escape(name)}</h2>", _table(found)]
    return "".join([*parts, "</body></html>"])


def _standing(aimed: Sequence[Mapping[str, Any]]) -> str:
    """Each figure as a part of its target: left of the line is well."""
    shown = [*reversed(aimed)]
    plot, axes = pyplot.subplots(figsize=(10, 0.42 * len(shown) + 1.1))
    for place, one in enumerate(shown):
        low, high, middle = (_part(one, one[what]) for what in ("min", "max", "median"))
        colour = GOOD if one["verdict"] == "met" else BAD
        axes.plot([low, high], [place, place], color=colour, linewidth=1.5)
        axes.plot([middle], [place], MARK[one["verdict"]], color=colour, markersize=8)
        axes.annotate(
            f"{one['median']:.4g}{' ' + one['unit'] if one['unit'] else ''} ({one['target']})",
            (1.0, place),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.axvline(1.0, color="#1a1a1a", linewidth=1)
    axes.set_yticks(range(len(shown)), [one["name"] for one in shown], fontsize=9)
    axes.set_xscale("log")
    axes.set_xticks([0.25, 0.5, 1, 2], ["¼", "½", "the target", "2 ×"])
    axes.minorticks_off()
    axes.set_xlim(0.2, max(2.2, *(1.1 * _part(one, one["max"]) for one in shown)))
    axes.set_title("left of the line is better than the target; a line goes from the best round to the worst")
    axes.title.set_fontsize(10)
    return _svg(plot)


def _part(one: Mapping[str, Any], value: float) -> float:
    sign, _, bound = one["target"].partition(" ")
    part = value / float(bound) if sign == "≤" else float(bound) / value
    return max(part, 0.21)


def _times(context: Mapping[str, Mapping[str, float]]) -> str:
    """p50 to p99 of each contender, in ms."""
    plot, axes = pyplot.subplots(figsize=(9, 0.38 * len(context) + 1))
    names = [*context][::-1]
    for place, name in enumerate(names):
        middle, _, last = (context[name][what] for what in ("p50 ms", "p95 ms", "p99 ms"))
        colour = GOOD if name in ("bridge", "durable") else DIM
        axes.barh(place, middle, color=colour, height=0.6)
        axes.plot([middle, last], [place, place], color="#1a1a1a", linewidth=1)
        axes.annotate(f"{middle:.2f}", (middle, place), xytext=(4, 5), textcoords="offset points", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.set_xlabel("ms: p50, and a line to p99", fontsize=9)
    return _svg(plot)


def _table(found: Sequence[Mapping[str, Any]]) -> str:
    rows = ["<tr><th>what</th><th>median</th><th>rounds</th><th>target</th><th>beside it</th></tr>"]
    for one in found:
        look = " class='bad'" if one["verdict"].startswith("missed") else ""
        noisy = "" if one["quotable"] else " (too noisy to quote)"
        beside = "; ".join(
            f"{name} " + ", ".join(f"{value:.4g} {what}" for what, value in numbers.items())
            for name, numbers in one["context"].items()
        )
        rows.append(
            f"<tr><td>{escape(one['name'])}</td><td class='n'>{one['median']:.4g} {one['unit']}</td>"
            f"<td>{one['min']:.4g} to {one['max']:.4g}{noisy}</td>"
            f"<td{look}>{escape(one['target'] or '')} {one['verdict']}</td>"
            f"<td class='dim'>{escape(beside)}</td></tr>"
        )
    return f"<div class='wide'><table>{''.join(rows)}</table></div>"


def _svg(plot: Any) -> str:
    made = io.StringIO()
    plot.savefig(made, format="svg", bbox_inches="tight", metadata={"Date": None})
    pyplot.close(plot)
    return made.getvalue().partition("<svg")[1] + made.getvalue().partition("<svg")[2]
