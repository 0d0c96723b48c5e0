"""``python -m varbridge.conformance.check``: find mistakes in the features without running them.

The command reports unknown tags, Rules without a clause, names that occur twice, undefined steps, missing
Thens and tables, and steps that sleep. It ends with figures about the vocabulary.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from behave.parser import ParserError, parse_file
from behave.runner import the_step_registry
from behave.runner_util import load_step_modules

from varbridge.conformance import tags
from varbridge.conformance.clauses import clauses_of
from varbridge.conformance.run import validation
from varbridge.conformance.vocabulary.phrases import chain

ROOT = Path(__file__).resolve().parents[2]
_SLEEP = re.compile(r"\bsleep\(")


def main(arguments: Sequence[str]) -> int:
    """Print the mistakes and the figures; return 1 if there are mistakes."""
    parser = argparse.ArgumentParser(
        prog="python -m varbridge.conformance.check",
        description="Find mistakes in the features and their steps without running them.",
    )
    parser.add_argument(
        "root",
        nargs="?",
        type=Path,
        default=ROOT,
        metavar="DIR",
        help="folder that contains features/ and steps/ (default: this project)",
    )
    root: Path = parser.parse_args(arguments).root
    load_step_modules([str(root / "steps")])
    mistakes = [*find_mistakes(root, the_step_registry)]
    for mistake in mistakes:
        print(mistake)
    count = f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''}"
    print(f"{count} in {len([*_paths(root)])} features")
    if not mistakes:
        print(figures(root, the_step_registry))
    return 1 if mistakes else 0


def find_mistakes(root: Path, registry: Any) -> Iterator[str]:
    """Yield a sentence about each mistake in features/ and steps/; it begins with the file and the line."""
    rules: dict[str, str] = {}
    scenarios: dict[str, str] = {}
    for path in _paths(root):
        try:
            feature = parse_file(str(path))
        except ParserError as error:
            yield f"{path}: {error}"
            continue
        if feature is None:
            yield f"{path}: the file is empty"
            continue
        try:
            validation.check_features([feature])
        except (validation.InvalidRunError, tags.UnknownTagError) as error:
            yield str(error)
        for rule in feature.rules:
            if not clauses_of(rule.tags):
                yield f"{rule.location}: the rule {rule.name!r} has no tag of a clause that it proves"
        yield from _repeated_names("rule", feature.rules, rules)
        yield from _repeated_names("scenario", feature.walk_scenarios(with_outlines=True), scenarios)
        for scenario in feature.walk_scenarios():
            for step in scenario.all_steps:
                if mistake := validation.mistake_in(step, registry):
                    yield f"{step.location}: {mistake}"
    for path in sorted((root / "steps").glob("*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if _SLEEP.search(line):
                yield f"{path}:{number}: the step sleeps; poll for what it expects instead"


def figures(root: Path, registry: Any) -> str:
    """Return a sentence with the number of phrases of the steps, and how often the features use them."""
    uses = Counter[str]()
    lines: set[tuple[str, int]] = set()
    for path in _paths(root):
        for scenario in parse_file(str(path)).walk_scenarios():
            for step in scenario.all_steps:
                if (str(path), step.line) not in lines:
                    lines.add((str(path), step.line))
                    uses.update(definition.pattern for _, definition in chain(registry, step))
    phrases = {definition.pattern for group in registry.steps.values() for definition in group}
    once = sum(uses[phrase] == 1 for phrase in phrases)
    unused = sorted(phrases - uses.keys())
    sentence = f"{len(phrases)} phrases in {len(lines)} steps; {once} are used once, {len(unused)} never"
    return sentence + "".join(f"\n  unused: {phrase}" for phrase in unused)


def _paths(root: Path) -> Iterator[Path]:
    yield from sorted(root.glob("features/**/*.feature"))


def _repeated_names(kind: str, elements: Any, places: dict[str, str]) -> Iterator[str]:
    """Yield a sentence about each element whose name occurs elsewhere; add the other names to ``places``."""
    for element in elements:
        # The scenarios of an outline have its name, with their values and a number in it.
        if element.type == "scenario" and getattr(element.parent, "type", "") == "scenario_outline":
            continue
        if element.name in places:
            yield f"{element.location}: another {kind} has the name {element.name!r}: {places[element.name]}"
        places.setdefault(element.name, str(element.location))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
