"""``python -m benchmarks``: run the sections, print their tables, write ``reports/benchmarks.json``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks import values, watches

SECTIONS = {"values": values.measure, "watches": watches.measure}
REPORT = Path("reports/benchmarks.json")


def main() -> None:
    """Run the sections that were named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"of {', '.join(SECTIONS)}; else all")
    parser.add_argument("--rounds", type=int, default=5, help="that count (default 5)")
    given = parser.parse_args()
    if unknown := set(given.sections) - SECTIONS.keys():
        parser.error(f"there is no section {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    results = {}
    for name in given.sections or SECTIONS:
        results[name] = SECTIONS[name](given.rounds)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
