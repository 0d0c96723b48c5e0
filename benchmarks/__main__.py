"""``python -m benchmarks``: run the sections, print their tables, write a report and a page."""

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
"""How often a quick run measures a section again that is far from its targets, before it fails."""


def main() -> int:
    """Run the sections that were named, or all of them; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures the bridge beside a bare grpc.aio server with the same messages, and beside "
        "Redis, NATS and etcd where they are installed. Ratios are the result; times are context.",
    )
    add = parser.add_argument
    add("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; else all")
    add("--quick", action="store_true", help="measure little; fail where a ratio is far from its target")
    add("--rounds", type=int, help="how many, with processes of their own each")
    add("--peers", action="store_true", help="say which peers are there and how to get the others")
    given = parser.parse_args()
    if unknown := set(given.sections) - SECTIONS.keys():
        parser.error(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    if given.peers:
        for name, (*_, how) in baselines.PEERS.items():
            lacks = baselines.missing(name)
            print(f"{name}: {f'{lacks} is missing: {how}' if lacks else 'is there'}")
        return 0
    # As it is installed: start-up is not to be measured without the byte code that pip writes.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    scale = QUICK if given.quick else FULL
    if given.rounds:
        scale = scale._replace(rounds=given.rounds)
    found: dict[str, list[Figure]] = {}
    # What attackers do on a machine that they share is for the eye: too much of it is the attackers' own.
    usual = [name for name in SECTIONS if not (given.quick and name == "attacks")]
    for name in given.sections or usual:
        found[name] = _measured(name, scale)
    for _ in range(REPEATS if given.quick else 0):
        # After all the others: what disturbed the machine may have passed by then.
        for name in [name for name, figures in found.items() if _far_off(figures)]:
            print(f"{name}: far from its target, which may be noise: measured again", flush=True)
            found[name] = _measured(name, scale)
    _report(found)
    if not given.quick:
        return 0
    far = [figure for figures in found.values() for figure in _far_off(figures)]
    for figure in far:
        print(f"far from its target: {figure.name}: {figure.median:.4g}, not {figure.target}")
    return 1 if far else 0


def _measured(name: str, scale: Scale) -> list[Figure]:
    """Measure a section, and tell its figures."""
    found = asyncio.run(SECTIONS[name](scale))
    print(f"{chr(13) if sys.stderr.isatty() else ''}{name}".ljust(60))
    for figure in found:
        print(figure.line(), flush=True)
    return found


def _far_off(figures: Sequence[Figure]) -> list[Figure]:
    return [one for one in figures if one.target and one.target.far_off(one.median)]


def _report(found: dict[str, list[Figure]]) -> None:
    told = {
        "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {
            "cores": os.cpu_count(),
            "processor": _processor(),
            "system": platform.platform(),
            "python": platform.python_version(),
        },
        "sections": {name: [figure.as_json() for figure in figures] for name, figures in found.items()},
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(told, indent=1, ensure_ascii=False), "utf-8")
    try:
        from benchmarks import page
    except ImportError as error:
        print(f"no page: {error.name} is missing (pip install -e '.[bench]')")
        return
    PAGE.write_text(page.page(told), "utf-8")
    print(f"\n{REPORT} and {PAGE} tell the same")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


if __name__ == "__main__":
    sys.exit(main())
