"""The command ``python -m benchmarks``: measure, print the figures, write them as JSON and as HTML."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import abuse, baselines, calls, cluster, growth, startup, values, watches
from benchmarks.figures import Figure
from benchmarks.scale import FULL, QUICK, Scale

SECTIONS = {
    "calls": calls.measure,
    "watches": watches.measure,
    "values": values.measure,
    "starting": startup.measure,
    "growth": growth.measure,
    "cluster": cluster.measure,
    "attacks": abuse.measure,
}
REPORT = Path("reports/benchmarks.json")
PAGE = Path("reports/benchmarks.html")

REPEATS = 2
"""The number of times that a run with ``--quick`` repeats a section that is far from its targets."""


def main() -> int:
    """Measure the requested sections; return 1 if a quick run is far from a target, else 0."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure the bridge in comparison with a bare grpc.aio server with the same messages, "
        "and with Redis, NATS and etcd if they are installed. The results are ratios; times are context.",
    )
    add = parser.add_argument
    add("sections", nargs="*", metavar="SECTION", help=f"a section: {', '.join(SECTIONS)} (default: all)")
    add("--quick", action="store_true", help="measure less; exit with 1 if a ratio is far from its target")
    add("--rounds", type=int, metavar="N", help="measure N rounds, each with newly started servers")
    add("--peers", action="store_true", help="print which peers are missing, and how to install them")
    arguments = parser.parse_args()
    if unknown := set(arguments.sections) - SECTIONS.keys():
        parser.error(f"unknown section {', '.join(sorted(unknown))}; known: {', '.join(SECTIONS)}")
    if arguments.peers:
        for name, (*_, how) in baselines.PEERS.items():
            missing = baselines.missing(name)
            print(f"{name}: {f'{missing} is missing: {how}' if missing else 'installed'}")
        return 0
    # Python may write byte code, which pip writes on installation: otherwise start-up would seem slower.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    scale = QUICK if arguments.quick else FULL
    if arguments.rounds:
        scale = scale._replace(rounds=arguments.rounds)
    measured: dict[str, list[Figure]] = {}
    # The attackers' own load on the same machine is too large for a check of their targets.
    default = [name for name in SECTIONS if not (arguments.quick and name == "attacks")]
    for name in arguments.sections or default:
        measured[name] = _measure(name, scale)
    for _ in range(REPEATS if arguments.quick else 0):
        # Repeated after all other sections, when a disturbance of the machine may have ended.
        for name in [name for name, figures in measured.items() if _far_off(figures)]:
            print(f"{name}: far from its target, which may be noise: measuring again", flush=True)
            measured[name] = _measure(name, scale)
    _report(measured)
    if not arguments.quick:
        return 0
    far = [figure for figures in measured.values() for figure in _far_off(figures)]
    for figure in far:
        print(f"far from its target: {figure.name}: {figure.median:.4g}, not {figure.target}")
    return 1 if far else 0


def _measure(name: str, scale: Scale) -> list[Figure]:
    """Measure a section of the benchmark, print its figures and return them."""
    figures = asyncio.run(SECTIONS[name](scale))
    print(f"{chr(13) if sys.stderr.isatty() else ''}{name}".ljust(60))
    for figure in figures:
        print(figure.line(), flush=True)
    return figures


def _far_off(figures: Sequence[Figure]) -> list[Figure]:
    return [figure for figure in figures if figure.target and figure.target.far_off(figure.median)]


def _report(measured: dict[str, list[Figure]]) -> None:
    report = {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {
            "cores": os.cpu_count(),
            "processor": _processor(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "sections": {name: [figure.as_json() for figure in figures] for name, figures in measured.items()},
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=1, ensure_ascii=False), "utf-8")
    try:
        from benchmarks import page
    except ImportError as error:
        print(f"wrote {REPORT}; for {PAGE}, install {error.name}: pip install -e '.[bench]'")
        return
    PAGE.write_text(page.page(report), "utf-8")
    print(f"\nwrote {REPORT} and {PAGE}")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


if __name__ == "__main__":
    sys.exit(main())
