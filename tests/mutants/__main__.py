"""``python -m tests.mutants``: shows the features every broken bridge, and says which they did not catch."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tests.mutants.definitions import Mutant, MutantError, Mutants
from tests.mutants.patches import ROOT, PatchError

REPORT = ROOT / "reports" / "mutants.json"
PAGE = ROOT / "docs" / "mutants.md"


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; return the exit code."""
    if arguments[:1] == ["serve"]:
        # Alone, so that a bridge starts as fast as it can.
        from tests.mutants.serving import serve

        return serve(Mutants().named(arguments[1]), arguments[2:])
    options = _parse(arguments)
    mutants = Mutants()
    if options.list:
        for entry in _chosen(mutants, options):
            print(f"{entry.name:45} {' '.join(entry.clauses) or '-':10} {entry.seen}")
        return 0
    if options.docs:
        return _write_page(mutants)
    return _run(_chosen(mutants, options), options)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants",
        description="Runs the features against every mutant of the reference bridge. "
        "`serve NAME [flags]` starts one of them.",
    )
    add = parser.add_argument
    add("names", nargs="*", help="run only these")
    add("--area", help="run only the defects of this area")
    add("--slice", type=_slice, metavar="N/M", help="run only the Nth of M parts")
    add("--harmless", action="store_true", help="run only the changes that break nothing")
    add("--defects", action="store_true", help="run only the defects")
    add("--jobs", type=int, default=2, help="runs at a time (2)")
    add("--keep", type=Path, metavar="FOLDER", help="keep what each run printed there, and its report")
    add("--update", action="store_true", help="keep the results of what is not run in the report")
    add("--list", action="store_true", help="say what there is, and run nothing")
    add("--docs", action="store_true", help="write docs/mutants.md from the report, and run nothing")
    return parser.parse_args(arguments)


def _slice(text: str) -> tuple[int, int]:
    number, _, parts = text.partition("/")
    if not (number.isdecimal() and parts.isdecimal() and 0 < int(number) <= int(parts)):
        raise argparse.ArgumentTypeError(f"must be N/M, as in 1/4, not {text!r}")
    return int(number), int(parts)


def _chosen(mutants: Mutants, options: argparse.Namespace) -> list[Mutant]:
    if options.names:
        entries = [mutants.named(name) for name in options.names]
    else:
        entries = [] if options.harmless else [*mutants.defects]
        if not options.defects and not options.area:
            entries += mutants.harmless
    if options.area:
        entries = [entry for entry in entries if entry.area == options.area]
        if not entries:
            raise MutantError(f"no defect is of the area {options.area!r}")
    if options.slice:
        number, parts = options.slice
        entries = entries[number - 1 :: parts]
    return entries


def _run(entries: Sequence[Mutant], options: argparse.Namespace) -> int:
    from tests.mutants.running import run

    results = {}
    with ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(run, entry, keep=options.keep) for entry in entries]
        for done in as_completed(running):
            result = done.result()
            results[result.name] = result
            line = f"{result.name:45} {' '.join(result.clauses) or '-':8} {result.outcome:11}"
            print(f"{line} {result.seconds:6.1f} s  {result.rule}", flush=True)
    told = [results[entry.name].as_json() for entry in entries]
    if options.update and REPORT.exists():
        before = json.loads(REPORT.read_text("utf-8"))["results"]
        told = [one for one in before if one["name"] not in results] + told
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps({"results": told}, indent=1, ensure_ascii=False), "utf-8")
    bad = [result for result in results.values() if not result.good]
    print(f"\n{len(results) - len(bad)} of {len(results)} as they should be")
    for result in bad:
        print(f"  {result.outcome}: {result.name} ({result.rule or 'every scenario passed'})")
    return 1 if bad else 0


def _write_page(mutants: Mutants) -> int:
    from tests.mutants.page import page

    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(mutants, json.loads(REPORT.read_text("utf-8"))["results"]), "utf-8")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (MutantError, PatchError) as error:
        sys.exit(f"mutants: {error}")
