"""``python -m varbridge.conformance.check``: what is wrong with the features and their steps, without running
anything.

``--steps`` writes the dictionary of steps to reports/steps.md instead, with an example of each.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
PAGE = Path("reports/steps.md")
_SLEEP = re.compile(r"\bsleep\(")


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m varbridge.conformance.check", description=__doc__)
    parser.add_argument("--steps", action="store_true", help=f"write {PAGE}")
    parser.add_argument(
        "root", nargs="?", type=Path, default=ROOT, help="the folder with features/ and steps/"
    )
    options = parser.parse_args(arguments)
    root: Path = options.root
    load_step_modules([str(root / "steps")])
    if options.steps:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(dictionary(the_step_registry, [*_parsed(root)]), "utf-8")
        print(f"wrote {PAGE}")
        return 0
    found = [*faults(root, the_step_registry)]
    for fault in found:
        print(fault)
    print(f"{len(found)} faults in {len([*root.glob('features/**/*.feature')])} features")
    return 1 if found else 0


def faults(root: Path, registry: Any) -> Iterator[str]:
    """What is wrong, a sentence each: it begins with the place."""
    rules: dict[str, str] = {}
    for path in sorted(root.glob("features/**/*.feature")):
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
        yield from _rule_faults(feature, rules)
        yield from _step_faults(feature, registry)
    for path in sorted((root / "steps").glob("*.py")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if _SLEEP.search(line):
                yield f"{path}:{number}: a step waits for what it expects, and does not sleep"


def dictionary(registry: Any, features: Iterable[Any]) -> str:
    """The steps by file and by word, each with its meaning and the first example of it in the features."""
    examples: dict[str, str] = {}
    for scenario in validation.scenarios(features):
        for step in scenario.all_steps:
            for text, definition in chain(registry, step):
                if definition is not None:
                    examples.setdefault(definition.pattern, f"{step.step_type.capitalize()} {text}")
    lines = [
        "# The steps",
        "",
        "What a scenario can say, by subject. Written by `python -m varbridge.conformance.check --steps`.",
    ]
    groups: dict[str, list[tuple[str, Any]]] = {}
    for word in ("given", "when", "then", "step"):
        for step in registry.steps[word]:
            groups.setdefault(Path(step.location.filename).stem, []).append((word.capitalize(), step))
    for subject, group in sorted(groups.items()):
        lines += ["", f"## {subject.strip('_').capitalize()}"]
        for word, step in group:
            meaning = (step.func.__doc__ or "").strip().splitlines()[0]
            lines += ["", f"**{word}** `{step.pattern}`<br>", meaning]
            if step.pattern in examples:
                lines[-1] += "<br>"
                lines.append(f"`{examples[step.pattern]}`")
    return "\n".join(lines) + "\n"


def _parsed(root: Path) -> Iterator[Any]:
    for path in sorted(root.glob("features/**/*.feature")):
        yield parse_file(str(path))


def _rule_faults(feature: Any, rules: dict[str, str]) -> Iterator[str]:
    ruled = [scenario for rule in feature.rules for scenario in rule.walk_scenarios()]
    for rule in feature.rules:
        if not clauses_of(rule.tags):
            yield f"{rule.location}: the rule {rule.name!r} says of no clause that it proves it"
        if rule.name in rules:
            yield f"{rule.location}: the rule {rule.name!r} stands at {rules[rule.name]} already"
        rules.setdefault(rule.name, str(rule.location))
    for group in (feature, *feature.rules):
        own = [one for one in group.walk_scenarios() if group is not feature or one not in ruled]
        names = Counter(scenario.name for scenario in own)
        for scenario in own:
            if names[scenario.name] > 1:
                yield f"{scenario.location}: two scenarios beside each other are called {scenario.name!r}"


def _step_faults(feature: Any, registry: Any) -> Iterator[str]:
    for scenario in feature.walk_scenarios():
        for step in scenario.all_steps:
            if mistake := validation.mistake_in(step, registry):
                yield f"{step.location}: {mistake}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
