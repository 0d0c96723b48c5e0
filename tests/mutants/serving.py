"""``python -m tests.mutants serve NAME``: the reference bridge with the patches of a mutant, in this process.

Modules are patched in memory when they are imported. Processes that the bridge starts are not patched.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from tests.mutants.definitions import Mutant
from tests.mutants.patches import Patch


class Rewriter(MetaPathFinder):
    """A finder that patches modules when they are imported."""

    def __init__(self, patches: Sequence[Patch]) -> None:
        self._patches: dict[str, list[Patch]] = {}
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
    def __init__(self, fullname: str, path: str, patches: Sequence[Patch]) -> None:
        super().__init__(fullname, path)
        self._patches = patches

    def get_code(self, fullname: str) -> CodeType:
        tree = ast.parse(Path(self.path).read_text("utf-8"))
        for patch in self._patches:
            tree = patch.apply(tree)
        return compile(tree, self.path, "exec", dont_inherit=True)


def serve(entry: Mutant, arguments: Sequence[str]) -> int:
    """Serve as the mutant, with the flags of the server, and return the exit code of the process."""
    sys.meta_path.insert(0, Rewriter(entry.patches))
    from server.__main__ import parse
    from server.app import run

    return run(parse(arguments))
