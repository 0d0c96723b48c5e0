"""Changes to one place of a module, which is addressed by name and by its syntax, never by its text.

A patch names a class or function, and a fragment of Python that occurs in it exactly once; another fragment
replaces it. The position of the code in its file, its layout and the names of its local variables make
no difference. ``tests.mutants.fragments`` says what the wildcards of fragments stand for.
"""

from __future__ import annotations

import ast
import pickle
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress
from pathlib import Path
from typing import TypeVar

from tests.mutants.fragments import DEFINITIONS, Binding, Fragment, Match, find

Node = TypeVar("Node", bound=ast.AST)

ROOT = Path(__file__).resolve().parents[2]


class PatchError(Exception):
    """A patch that does not fit the module that it addresses; the message says why in one line."""


@dataclass(frozen=True)
class Patch:
    """One place of a module, before and after the change.

    Attributes:
        at: ``module:qualified.name``, or only the module. Names for the positional parameters may follow in
            parentheses; the fragments use these names.
        find: the fragment that occurs there once.
        replace: the fragment that replaces it; empty to remove it.
        where: more fragments that occur there once. They introduce names for local variables that ``replace``
            uses and ``find`` does not.
    """

    at: str
    find: str
    replace: str
    where: tuple[str, ...] = ()

    @cached_property
    def _address(self) -> tuple[str, str, list[str]]:
        address = re.fullmatch(r"([\w.]+)(?::([\w.]+)(?:\(([\w, ]*)\))?)?", self.at)
        if address is None:
            raise PatchError(f"{self.at!r} is not module:qualified.name(parameters)")
        module, path, parameters = address.groups(default="")
        return module, path, re.findall(r"\w+", parameters)

    @property
    def module(self) -> str:
        """The dotted name of the module."""
        return self._address[0]

    @property
    def path(self) -> Path:
        """The source file of the module."""
        stem = ROOT.joinpath(*self.module.split("."))
        return stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py")

    def apply(self, tree: ast.Module, *, by_name: bool = True) -> ast.Module:
        """Return a copy of the module's tree, patched.

        Args:
            by_name: True if a place with exactly the names of the fragments is preferred to one with other
                names of local variables.

        Raises:
            PatchError: the patch does not fit.
        """
        _, path, parameters = self._address
        fragment, replacement = self._parse(self.find), self._parse(self.replace)
        if isinstance(fragment, list) or isinstance(replacement, list):
            fragment, replacement = _as_statements(fragment), _as_statements(replacement)
        # Only the statements that contain the address are copied and searched: a module has many more.
        held = [bool(not path or _definitions(ast.Module([statement], []), path)) for statement in tree.body]
        part = ast.Module(copied([*compress(tree.body, held)]), [])
        scopes: Sequence[ast.AST] = _definitions(part, path) if path else [part]
        if not scopes:
            raise PatchError(f"{self.at}: {self.module} has no {path}")
        matches: list[Match] = []
        for scope in scopes:
            binding = _bound_parameters(scope, parameters)
            for text in self.where:
                known = self._only(find(part, scope, self._parse(text), binding, by_name=by_name), text)
                binding.names.update(known.binding.names)
            matches += find(part, scope, fragment, binding, by_name=by_name)
        try:
            self._only(matches, self.find).replace_with(replacement)
        except ValueError as error:
            raise PatchError(f"{self.at}: {error}") from None
        first = held.index(True)
        after = [*compress(tree.body[first:], [not is_held for is_held in held[first:]])]
        ast.fix_missing_locations(part)  # the other statements have theirs
        return ast.Module([*tree.body[:first], *part.body, *after], tree.type_ignores)

    def check_parameters(self, tree: ast.Module) -> None:
        """Raise a ``PatchError`` if the parameters in ``at`` have other names in a module's tree.

        A patch fits nevertheless, since names follow from positions. But after a parameter has been inserted,
        it would use the wrong ones.
        """
        _, path, parameters = self._address
        for scope in _definitions(tree, path) if path else []:
            names = _bound_parameters(scope, parameters).names
            if other := next((name for name, actual in names.items() if name != actual), ""):
                raise PatchError(f"{self.at}: the parameter {other} is {names[other]} in the code")

    def _only(self, matches: Sequence[Match], fragment: str) -> Match:
        if len(matches) != 1:
            line = " ".join(fragment.split())
            count = f"{len(matches)} times" if matches else "nowhere"
            raise PatchError(f"`{line}` occurs {count} in {self.at}; `find` must occur exactly once")
        return matches[0]

    def _parse(self, text: str) -> Fragment:
        try:
            body = ast.parse(text).body
        except SyntaxError as error:
            raise PatchError(f"{self.at}: `{text}` is not Python: {error.msg}") from None
        return body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else body


def copied(nodes: list[Node]) -> list[Node]:
    """Return a deep copy of nodes of a syntax tree."""
    copies: list[Node] = pickle.loads(pickle.dumps(nodes))  # five times as fast as copy.deepcopy
    return copies


def _as_statements(fragment: Fragment) -> list[ast.stmt]:
    return fragment if isinstance(fragment, list) else [ast.Expr(fragment)]


def _definitions(tree: ast.AST, path: str) -> list[ast.AST]:
    """Return the classes or functions with a qualified name, also those under an ``if`` or ``try``."""
    name, _, rest = path.partition(".")
    definitions: list[ast.AST] = []
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.stmt) and not isinstance(node, DEFINITIONS):
            definitions += _definitions(node, path)
        elif isinstance(node, DEFINITIONS) and node.name == name:
            definitions += _definitions(node, rest) if rest else [node]
    return definitions


def _bound_parameters(scope: ast.AST, parameters: Sequence[str]) -> Binding:
    if not isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef):
        return Binding()
    actual = [parameter.arg for parameter in (*scope.args.posonlyargs, *scope.args.args)]
    return Binding(dict(zip(parameters, actual, strict=False)), first=actual[0] if actual else "")
