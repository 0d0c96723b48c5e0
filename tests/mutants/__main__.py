"""``python -m tests.mutants``: run the features against every mutant, and list those not detected."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from pathlib import Path

from tests.mutants.definitions import FULL_LIMIT_S, Mutant, MutantError, Mutants
from tests.mutants.patches import ROOT, PatchError

REPORT = ROOT / "reports" / "mutants.json"
PAGE = ROOT / "docs" / "mutants.md"


def main(arguments: Sequence[str]) -> int:
    """Run the command line; return 1 if a mutant that ran did not have the expected outcome."""
    if arguments[:1] == ["serve"]:
        # The import is here so that a bridge starts without the modules of the other commands.
        from tests.mutants.serving import serve

        return serve(arguments[1], arguments[2:])
    options = _parse(arguments)
    mutants = Mutants()
    if options.list:
        for entry in _chosen(mutants, options):
            print(f"{entry.name:45} {' '.join(entry.breaks) or '-':10} {entry.seen}")
        return 0
    if options.docs:
        return _write_page(mutants)
    if options.random or any(":" in name for name in options.names):
        return _run_random(mutants, options)
    return _run(_chosen(mutants, options), options)


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants",
        description="Run the features against every mutant of the reference bridge. "
        "`serve NAME [flags]` starts the bridge of one mutant.",
    )
    add = parser.add_argument
    add(
        "names",
        nargs="*",
        help="run only the mutants with these names, also random ones such as server.core.values:3",
    )
    add("--area", help="run only the defects in this area of the features, such as streaming")
    add("--slice", type=_slice, metavar="N/M", help="run only the Nth of M equal parts")
    add(
        "--harmless",
        action="store_true",
        help="run only the harmless changes, which the features must accept",
    )
    add(
        "--all-features",
        action="store_true",
        help="run all features against each mutant, not only those of its clauses",
    )
    add("--defects", action="store_true", help="run only the defects, not the harmless changes")
    add("--jobs", type=int, default=2, help="run so many mutants at the same time (default: %(default)s)")
    add(
        "--suite-jobs",
        type=int,
        default=0,
        metavar="N",
        help="run the features against each mutant in N jobs (default: as many as the suite chooses)",
    )
    add(
        "--keep",
        type=Path,
        metavar="FOLDER",
        help="write the output and the report of each run to this folder",
    )
    add("--update", action="store_true", help="keep the results of the other mutants in reports/mutants.json")
    add(
        "--random",
        type=int,
        default=0,
        metavar="N",
        help="run N mutants that operators make at random places",
    )
    add("--seed", type=int, default=1, help="the seed of these places and changes (default: %(default)s)")
    add("--list", action="store_true", help="list the mutants without running any")
    add("--docs", action="store_true", help="write docs/mutants.md, and run nothing")
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
            raise MutantError(f"there is no defect in the area {options.area!r}; --list lists all defects")
    if options.slice:
        number, parts = options.slice
        entries = entries[number - 1 :: parts]
    if options.all_features:
        entries = [replace(entry, tags="", only="", limit=FULL_LIMIT_S) for entry in entries]
    return entries


def _run(entries: Sequence[Mutant], options: argparse.Namespace) -> int:
    from tests.mutants.running import run

    results = {}
    with ThreadPoolExecutor(options.jobs) as pool:
        running = [
            pool.submit(run, entry, keep=options.keep, suite_jobs=options.suite_jobs) for entry in entries
        ]
        for done in as_completed(running):
            result = done.result()
            results[result.name] = result
            line = f"{result.name:45} {' '.join(result.clauses) or '-':8} {result.outcome:11}"
            print(f"{line} {result.seconds:6.1f} s  {result.rule}", flush=True)
    report = [results[entry.name].as_json() for entry in entries]
    if options.update and REPORT.exists():
        earlier = json.loads(REPORT.read_text("utf-8"))["results"]
        report = [result for result in earlier if result["name"] not in results] + report
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps({"results": report}, indent=1, ensure_ascii=False), "utf-8")
    bad = [result for result in results.values() if not result.good]
    print(f"\n{len(results) - len(bad)} of {len(results)} mutants have the expected outcome")
    judged = [result for result in results.values() if result.causes]
    elsewhere = [result for result in judged if not result.cause_first]
    print(f"the first cause names the mutant's clause: {len(judged) - len(elsewhere)} of {len(judged)}")
    for result in elsewhere:
        print(f"  {result.name} ({' '.join(result.clauses)}): {' '.join(map(str, result.causes[:3]))}")
    for result in bad:
        print(f"  {result.outcome}: {result.name} ({result.rule or 'every scenario passed'})")
        for line in result.explanation:
            print(f"    {line}")
    return 1 if bad else 0


def _run_random(mutants: Mutants, options: argparse.Namespace) -> int:
    """Run random mutants, or those that are named; return 1 if the features did not notice one."""
    from tests.mutants import changes, sampling

    chosen = (
        sampling.sample(options.random, options.seed)
        if options.random
        else [changes.named(name) for name in options.names]
    )
    served = sampling.clauses_served(mutants.defects)
    outcomes = {}
    with ThreadPoolExecutor(options.jobs) as pool:
        running = [
            pool.submit(sampling.run, change, served, keep=options.keep, suite_jobs=options.suite_jobs)
            for change in chosen
        ]
        for done in as_completed(running):
            outcome = done.result()
            outcomes[outcome.change.name] = outcome
            words = f"{outcome.change.edit.operator:32} {outcome.outcome:19} {outcome.seconds:6.1f} s"
            print(f"{outcome.change.name:40} {words}  {outcome.shown[:100]}", flush=True)
    print(f"\n{sampling.report([outcomes[change.name] for change in chosen])}")
    return int(not all(outcome.good for outcome in outcomes.values()))


def _write_page(mutants: Mutants) -> int:
    from tests.mutants.page import page

    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(mutants), "utf-8")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (MutantError, PatchError) as error:
        sys.exit(f"mutants: {error}")
