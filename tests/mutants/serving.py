"""``python -m tests.mutants serve NAME``: the reference bridge with the patches of a mutant, in this process.

Modules are patched in memory when they are imported. Processes that the bridge starts are patched only for
the changes that operators make: ``child/sitecustomize.py`` does it in them.
"""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from tests import PARENT
from tests.mutants.changes import Change, named
from tests.mutants.definitions import Mutants
from tests.mutants.patches import ROOT, Patch

VARIABLE = "BRIDGE_MUTANT"
"""The environment variable that names the change to make in processes that the bridge starts."""


class Rewriter(MetaPathFinder):
    """A finder that patches modules when they are imported."""

    def __init__(self, patches: Sequence[Patch | Change]) -> None:
        self._patches: dict[str, list[Patch | Change]] = {}
        for patch in patches:
            self._patches.setdefault(patch.module, []).append(patch)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the specification of a patched module, or None for all others."""
        if fullname not in self._patches:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin, self._patches[fullname])
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, patches: Sequence[Patch | Change]) -> None:
        super().__init__(fullname, path)
        self._patches = patches

    def get_code(self, fullname: str) -> CodeType:
        tree = ast.parse(Path(self.path).read_text("utf-8"))
        for patch in self._patches:
            tree = patch.apply(tree)
        return compile(tree, self.path, "exec", dont_inherit=True)


def rewrite(name: str) -> None:
    """Make a change in the modules that this process imports from now on."""
    sys.meta_path.insert(0, Rewriter([named(name)]))


def serve(name: str, arguments: Sequence[str]) -> int:
    """Serve as a mutant, or as several at once, and return the exit code of the process.

    Args:
        name: the name of the mutant; several are separated by commas.
        arguments: the flags of the server.
    """
    if ":" in name:
        rewrite(name)
        os.environ[VARIABLE] = name
        paths = (str(Path(__file__).with_name("child")), str(ROOT), os.environ.get("PYTHONPATH"))
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    else:
        mutants = Mutants()
        patches = [patch for each in name.split(",") for patch in mutants.named(each).patches]
        sys.meta_path.insert(0, Rewriter(patches))
    from server.__main__ import parse
    from server.app import run

    return run(parse(arguments), PARENT)
