"""``python -m varbridge.conformance.check``: find mistakes in the features without running them.

The command reports what a run refuses (see ``run/validation.py``), in all features, and wrong numbers of the
contract's statements, and ends with figures about the vocabulary.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from behave.runner import the_step_registry
from behave.runner_util import load_step_modules

from varbridge.conformance.clauses import numbering_mistakes
from varbridge.conformance.paths import SUITE
from varbridge.conformance.run import validation
from varbridge.conformance.run.files import FeatureFiles, feature_paths
from varbridge.conformance.run.mistakes import Mistake
from varbridge.conformance.vocabulary.phrases import chain


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
        default=Path() if Path("features").is_dir() and Path("steps").is_dir() else SUITE,
        metavar="DIR",
        help="folder with features/ and steps/ (default: this one, or else that of the installed suite)",
    )
    root: Path = parser.parse_args(arguments).root
    try:
        load_step_modules([str(root / "steps")])
    except Exception as error:  # whatever a module of steps raises
        print(f"the steps in {root / 'steps'} cannot be loaded: {type(error).__name__}: {error}")
        return 1
    files = _read(root)
    mistakes = find_mistakes(files, root, the_step_registry)
    for mistake in mistakes:
        print(mistake)
    count = f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''}"
    print(f"{count} in {len(feature_paths(root / 'features'))} features")
    if not mistakes:
        print(figures(files.features, the_step_registry))
    return 1 if mistakes else 0


def find_mistakes(files: FeatureFiles, root: Path, registry: Any) -> list[Mistake]:
    """Return the mistakes in the contract, the features and the steps of a project, each once."""
    others = validation.mistakes_in(files.features, [], root / "steps", registry)
    contract = [Mistake("docs/contract.md", text) for text in numbering_mistakes()]
    return [*dict.fromkeys([*contract, *files.mistakes, *others])]


def figures(features: Sequence[Any], registry: Any) -> str:
    """Return a sentence with the number of phrases of the steps, and how often the features use them."""
    uses = Counter[str]()
    lines: set[tuple[str, int]] = set()
    for feature in features:
        for scenario in feature.walk_scenarios():
            for step in scenario.all_steps:
                if (feature.filename, step.line) not in lines:
                    lines.add((feature.filename, step.line))
                    uses.update(definition.pattern for _, definition in chain(registry, step))
    phrases = {definition.pattern for group in registry.steps.values() for definition in group}
    once = sum(uses[phrase] == 1 for phrase in phrases)
    unused = sorted(phrases - uses.keys())
    sentence = f"{len(phrases)} phrases in {len(lines)} steps; {once} are used once, {len(unused)} never"
    return sentence + "".join(f"\n  unused: {phrase}" for phrase in unused)


def _read(root: Path) -> FeatureFiles:
    files = FeatureFiles()
    for path in feature_paths(root / "features"):
        files.read(path)
    return files


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
