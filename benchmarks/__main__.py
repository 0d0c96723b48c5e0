"""``python -m benchmarks``: run the sections, print their tables, write ``reports/benchmarks.json``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import values
from client import Worker

SECTIONS = {"values": values.measure}
REPORT = Path("reports/benchmarks.json")


def main() -> None:
    """Run the sections that were named, or all of them, against a server of their own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; else all")
    parser.add_argument("--rounds", type=int, default=5, help="that count (default 5)")
    given = parser.parse_args()
    if unknown := set(given.sections) - SECTIONS.keys():
        parser.error(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    results = {}
    with Worker([sys.executable, "-m", "server", "--port", "0", "--log-level", "warning"]) as worker:
        for name in given.sections or SECTIONS:
            session = worker.connection().session(f"benchmark-{name}")
            session.initialize()
            results[name] = SECTIONS[name](session, given.rounds)
            session.clean_up()
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
