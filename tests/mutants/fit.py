"""``python -m tests.mutants.fit``: the check that every mutant fits the present bridge.

A mutant fits when each of its patches finds its place and changes it, and when the patched modules compile
and use no undefined name. The command checks this for the bridge as it is, and for the bridge after
refactorings that do not change its behaviour: mutants that still fit then do not hinder work on the bridge.
"""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.mutants.definitions import Mutant, Mutants
from tests.mutants.fragments import DEFINITIONS, FUNCTIONS, NAME_FIELDS, bound_name, local_names
from tests.mutants.patches import PatchError

MAX_MISFITS = 0.02
"""The maximum share of mutants that need not fit after a refactoring."""

Refactoring = Callable[[ast.Module], ast.Module]


def misfits(entries: Sequence[Mutant], refactor: Refactoring = copy.copy) -> dict[str, str]:
    """Return the reason, as one line, for each mutant that does not fit the refactored bridge, by name."""
    modules: dict[Path, ast.Module] = {}
    wrong: dict[str, str] = {}
    with TemporaryDirectory(prefix="fit-") as folder:
        for entry in entries:
            try:
                for module, tree in _patched(entry, modules, refactor).items():
                    Path(folder, f"{entry.name} {module}.py").write_text(ast.unparse(tree), "utf-8")
            except PatchError as error:
                wrong[entry.name] = f"{entry.file.name}: {entry.name}: {error}"
        for name, line in _undefined(folder).items():
            entry = next(entry for entry in entries if entry.name == name)
            wrong.setdefault(name, f"{entry.file.name}: {name}: {line}")
    return wrong


def _patched(
    entry: Mutant, modules: dict[Path, ast.Module], refactor: Refactoring
) -> Mapping[str, ast.Module]:
    trees: dict[str, ast.Module] = {}
    for patch in entry.patches:
        if patch.path not in modules:
            if not patch.path.exists():
                raise PatchError(f"{patch.at}: there is no module {patch.module}")
            modules[patch.path] = refactor(ast.parse(patch.path.read_text("utf-8")))
        if refactor is copy.copy:
            patch.check_parameters(modules[patch.path])
        if patch.find == patch.replace:
            raise PatchError(f"{patch.at}: the patch changes nothing")
        trees[patch.module] = patch.apply(trees.get(patch.module, modules[patch.path]))
    for module, tree in trees.items():
        try:
            compile(tree, module, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise PatchError(f"{module}: the patched module does not compile: {error.msg}") from None
    return trees


def _undefined(folder: str) -> Mapping[str, str]:
    """Return the first undefined name in the files of each mutant that has one, by the mutant's name."""
    command = (sys.executable, "-m", "ruff", "check", "--isolated", "--select=F821", "--output-format=json")
    checked = subprocess.run([*command, folder], capture_output=True, text=True, check=False)
    faults = json.loads(checked.stdout)
    return {
        Path(fault["filename"]).stem.partition(" ")[0]: str(fault["message"]) for fault in reversed(faults)
    }


def rename_local_variables(tree: ast.Module) -> ast.Module:
    """Give every local variable another name; imports and parameters that callers must name keep theirs."""
    tree = copy.deepcopy(tree)
    imported = {bound_name(node) for node in ast.walk(tree) if isinstance(node, ast.alias)}
    for function in _outermost_functions(tree):
        keyword_only = {
            parameter.arg
            for inner in ast.walk(function)
            if isinstance(inner, FUNCTIONS)
            for parameter in inner.args.kwonlyargs
        }
        _Renamer(local_names(function) - imported - keyword_only).generic_visit(function)
    return tree


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def visit(self, node: ast.AST) -> ast.AST:
        name_field = NAME_FIELDS.get(type(node), "")
        if getattr(node, name_field, None) in self._names:
            setattr(node, name_field, f"{getattr(node, name_field)}_renamed")
        if isinstance(node, ast.Nonlocal):
            node.names = [f"{name}_renamed" if name in self._names else name for name in node.names]
        return self.generic_visit(node)


def _outermost_functions(node: ast.AST) -> Sequence[ast.AST]:
    functions: list[ast.AST] = []
    for child in ast.iter_child_nodes(node):
        functions += [child] if isinstance(child, FUNCTIONS) else _outermost_functions(child)
    return functions


def reorder_methods(tree: ast.Module) -> ast.Module:
    """Reverse the order of the methods of every class."""
    tree = copy.deepcopy(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            methods = [member for member in node.body if isinstance(member, DEFINITIONS)]
            node.body = [methods.pop() if isinstance(member, DEFINITIONS) else member for member in node.body]
    return tree


def add_optional_arguments(tree: ast.Module) -> ast.Module:
    """Give every function one more argument with a default."""
    tree = copy.deepcopy(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.args.kwonlyargs.append(ast.arg("added"))
            node.args.kw_defaults.append(ast.Constant(None))
    return ast.fix_missing_locations(tree)


REFACTORINGS: Mapping[str, Refactoring] = {
    "as it is": copy.copy,
    "every local variable renamed": rename_local_variables,
    "the methods of each class reordered": reorder_methods,
    "an optional argument added to every function": add_optional_arguments,
}


def main() -> int:
    """Print how many mutants fit after each refactoring, and each one that does not; return 1 if too many."""
    mutants = Mutants()
    entries = (*mutants.defects, *mutants.harmless)
    too_many = False
    for name, refactor in REFACTORINGS.items():
        wrong = misfits(entries, refactor)
        print(f"{name}: {len(entries) - len(wrong)} of {len(entries)} mutants fit", flush=True)
        for line in wrong.values():
            print(f"  {line}")
        allowed = 0 if refactor is copy.copy else MAX_MISFITS * len(entries)
        too_many = too_many or len(wrong) > allowed
    return 1 if too_many else 0


if __name__ == "__main__":
    sys.exit(main())
