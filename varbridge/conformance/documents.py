"""``python -m varbridge.conformance.documents``: write the pages of docs/ that are derived from the features.

``docs/traceability.md`` lists the scenarios that prove each statement of the contract, ``docs/steps.md`` the
phrases of the features. With ``--check``, the command writes nothing, and fails if a page is not up to date.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from behave.runner import the_step_registry
from behave.runner_util import load_step_modules

from varbridge.conformance.clauses import (
    CLAUSES,
    NOT_JUDGED,
    STATEMENTS,
    statements_of,
    statements_of_clause,
)
from varbridge.conformance.run.files import FeatureFiles, feature_paths
from varbridge.conformance.run.mistakes import InvalidRunError, refuse
from varbridge.conformance.run.structure import written_scenarios
from varbridge.conformance.vocabulary.cells import constraints_of
from varbridge.conformance.vocabulary.parameter_types import TYPES
from varbridge.conformance.vocabulary.phrases import chain, is_action, is_prefix
from varbridge.conformance.vocabulary.tables import Columns, table_of
from varbridge.conformance.vocabulary.types import TYPES as TYPE_NAMES

FEATURES = Path("features")
STEPS = Path("steps")
MUTANTS = Path("tests/mutants/defects")
TRACEABILITY_PAGE = Path("docs/traceability.md")
STEPS_PAGE = Path("docs/steps.md")


class TraceabilityError(Exception):
    """A statement of the contract that nothing proves; the message names the statement."""


def parsed_features() -> list[Any]:
    """Parse all features, in the order of their paths.

    Raises:
        InvalidRunError: a file cannot be read as a feature.
    """
    files = FeatureFiles()
    for path in feature_paths(FEATURES):
        files.read(path)
    refuse(files.mistakes)
    return files.features


def proofs_by_statement(features: Sequence[Any]) -> dict[str, list[str]]:
    """Return links to the Rules and scenarios in Markdown, by the statement whose tag they have."""
    proofs: dict[str, list[str]] = {}
    for feature in features:
        for rule in feature.rules:
            for statement in statements_of(rule.tags):
                proofs.setdefault(statement, []).append(f"Rule: {_link(rule)}")
            for scenario in written_scenarios(rule):
                for statement in statements_of(scenario.tags):
                    proofs.setdefault(statement, []).append(_link(scenario))
    return proofs


def _link(element: Any) -> str:
    name = re.sub(r"([|<>\[\]])", r"\\\1", element.name)
    return f"[{name}](../{Path(element.filename).as_posix()})"


def branches_by_statement() -> dict[str, list[str]]:
    """Return the cases of the model by statement."""
    from varbridge.conformance.model.walker import all_branches  # only here: a run does not need them

    cases: dict[str, list[str]] = {}
    for statement, case in all_branches():
        cases.setdefault(statement, []).append(case)
    return cases


def mutants_by_statement(folder: Path = MUTANTS) -> dict[str, list[str]]:
    """Return the names of the mutants by the statement that they break; empty without the tests' folder."""
    names: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.toml")):
        for name, mutant in tomllib.loads(path.read_text("utf-8")).items():
            for statement in mutant.get("breaks", "").split():
                names.setdefault(statement, []).append(name)
    return names


def traceability(
    proofs: Mapping[str, Sequence[str]],
    branches: Mapping[str, Sequence[str]],
    mutants: Mapping[str, Sequence[str]],
) -> str:
    """Return the page that lists what proves each statement, and the mutants that break it.

    Args:
        proofs: the Rules and scenarios, as links.
        branches: the labels of the model's branches.
        mutants: the names of the mutants.

    Raises:
        TraceabilityError: a statement has neither a scenario nor a branch of the model.
    """
    lines = [
        "# Traceability",
        "",
        "The scenarios of the features that prove each statement of the [contract](contract.md), the",
        "branches of the model that do so, and the mutants of the reference bridge that break it. If all",
        "scenarios of a Rule prove a statement, the Rule is listed. `behave features/ --tags=@A6.1` runs the",
        "scenarios of a statement. This page is written by `python -m varbridge.conformance.documents`.",
    ]
    for clause, title in CLAUSES.items():
        lines += [
            "",
            f"## {clause} {title}",
            "",
            "| statement | scenarios | model | mutants |",
            "|---|---|---|---|",
        ]
        for statement in statements_of_clause(clause):
            scenarios = [*proofs.get(statement, ())]
            if reason := NOT_JUDGED.get(statement):
                scenarios.append(f"not judged: {reason}")
            model = branches.get(statement, ())
            if not scenarios and not model:
                raise TraceabilityError(
                    f"no scenario has the tag @{statement}; tag or write one that proves it:"
                    f" {STATEMENTS[statement]!r}"
                )
            cells = ("<br>".join(scenarios), "<br>".join(model), ", ".join(mutants.get(statement, ())))
            lines.append(f"| [{statement}](contract.md#{statement.lower()}) | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def vocabulary(registry: Any, features: Sequence[Any]) -> str:
    """Return the page that lists the phrases by subject, each with its meaning and its first use."""
    uses = first_uses(registry, features)
    lines = [
        "# Phrases of the features",
        "",
        "Every phrase that a scenario can use, by subject, with its meaning and an example. `(s)` is",
        "optional text, `is/was` a choice of words, and `{name}` a parameter. This page is written by",
        "`python -m varbridge.conformance.documents`.",
        "",
        "| parameter | example |",
        "|---|---|",
        *(f"| `{{{name}}}` | {parameter.example} |" for name, parameter in sorted(TYPES.items())),
    ]
    subjects: dict[str, list[tuple[str, Any]]] = {}
    for keyword, definition in definitions(registry):
        subjects.setdefault(Path(definition.location.filename).stem, []).append((keyword, definition))
    for subject, phrases in sorted(subjects.items()):
        lines += ["", f"## {subject.replace('_', ' ').capitalize()}"]
        for keyword, definition in sorted(phrases, key=lambda phrase: phrase[1].location.line):
            meaning = " ".join((definition.func.__doc__ or "").split())
            lines += ["", f"**{keyword}** `{definition.pattern}`", "", meaning, *_columns(definition)]
            if (example := uses.get(definition.pattern)) is not None:
                lines += ["", "```gherkin", *example, "```"]
    return "\n".join(lines) + "\n"


def _columns(definition: Any) -> Iterator[str]:
    """Yield the lines that describe the columns of the table that a phrase reads."""
    declared = table_of(definition)
    if declared is None:
        return
    yield ""
    if callable(declared.columns):
        yield from (f"- `{kind}`: {_listed(constraints_of(kind)) or 'none'}" for kind in TYPE_NAMES)
    else:
        yield from (f"- {text}" for text in _described(declared.columns))


def _listed(columns: Columns) -> str:
    return ", ".join(f"`{name}`" for name in columns)


def _described(columns: Columns) -> Iterator[str]:
    for name, cell in columns.items():
        optional = " (optional)" if cell.optional else ""
        empty = ", or nothing" if cell.may_be_empty else ""
        yield f"`{name}`{optional}: {cell.right}{empty}"


def definitions(registry: Any) -> Iterator[tuple[str, Any]]:
    """Yield the definitions of all phrases, each with the keywords that it can follow."""
    for step_type, keyword in (
        ("given", "Given"),
        ("when", "When"),
        ("then", "Then"),
        ("step", "Given, Then"),
    ):
        for definition in registry.steps[step_type]:
            if is_prefix(definition):
                yield "Given, When, Then", definition
            else:
                yield "Given, When" if is_action(definition) else keyword, definition


def first_uses(registry: Any, features: Sequence[Any]) -> dict[str, list[str]]:
    """Return the lines of the first step that uses each phrase, with its table, by pattern."""
    uses: dict[str, list[str]] = {}
    for feature in features:
        for scenario in feature.walk_scenarios():
            for step in scenario.all_steps:
                for text, definition in chain(registry, step):
                    if definition is not None and definition.pattern not in uses:
                        table = _table(step.table) if step.table is not None and text.endswith(":") else []
                        uses[definition.pattern] = [f"{step.step_type.capitalize()} {text}", *table]
    return uses


def _table(table: Any) -> list[str]:
    rows = [table.headings, *(row.cells for row in table.rows)]
    rows = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  | " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or check them; return 1 if a page cannot be written or is not up to date."""
    load_step_modules([str(STEPS)])
    try:
        features = parsed_features()
        pages = {
            TRACEABILITY_PAGE: traceability(
                proofs_by_statement(features), branches_by_statement(), mutants_by_statement()
            ),
            STEPS_PAGE: vocabulary(the_step_registry, features),
        }
    except (InvalidRunError, TraceabilityError) as error:
        print(error, file=sys.stderr)
        return 1
    outdated = [path for path, text in pages.items() if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in arguments:
        for path in outdated:
            print(f"{path} is not up to date: run python -m varbridge.conformance.documents", file=sys.stderr)
        return int(bool(outdated))
    for path in outdated:
        path.write_text(pages[path], "utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
