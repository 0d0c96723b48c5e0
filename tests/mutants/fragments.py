"""Fragments of Python, which are compared with code and replace code.

Fragments are compared as syntax trees, so the layout makes no difference. A name in a fragment stands for
that name or, if there is no such place, for any local variable, the same one each time. ``...`` stands for
any expression, as the body of a compound statement for everything under that header, and ``**...`` for all
other keyword arguments of a call or items of a dictionary. The n-th of these in a replacement is what the
n-th one in the fragment has matched.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

Fragment = list[ast.stmt] | ast.expr

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

NAME_FIELDS: dict[type[ast.AST], str] = {
    ast.Name: "id",
    ast.arg: "arg",
    ast.ExceptHandler: "name",
    ast.MatchAs: "name",
    ast.MatchStar: "name",
    ast.FunctionDef: "name",
    ast.AsyncFunctionDef: "name",
}
"""The field that holds the name of a variable, by the type of node that has one."""

IGNORED_FIELDS = ("ctx", "kind", "type_comment")

UNDER_HEADER = ("body", "orelse")
"""The fields that ``...`` as a body stands for."""


@dataclass
class Binding:
    """The code that the names and wildcards of a fragment stand for.

    Attributes:
        names: the code's name for each variable that a fragment has named.
        first: the code's name for the function's first parameter: ``self``, if no fragment has named it.
        local: the local variables of the code that a name of the fragment may stand for.
        captures: the code that each wildcard stands for: an expression, the fields under a header, or a list
            of keyword arguments or items.
    """

    names: dict[str, str] = field(default_factory=dict)
    first: str = ""
    local: frozenset[str] = frozenset()
    captures: list[Any] = field(default_factory=list)

    def attempt(self, local: frozenset[str]) -> Binding:
        """Return a binding with the same names for one attempt at a match."""
        return Binding({**self.names}, self.first, local)

    def matches(self, fragment: object, code: object) -> bool:
        """Return True if a node, list or constant of the fragment matches one of the code."""
        if isinstance(fragment, list):
            return (
                isinstance(code, list)
                and len(fragment) == len(code)
                and all(self.matches(*pair) for pair in zip(fragment, code, strict=True))
            )
        if not isinstance(fragment, ast.AST):
            return type(fragment) is type(code) and fragment == code
        if _is_wildcard(fragment) and isinstance(code, ast.expr):
            self.captures.append(code)
            return True
        if type(fragment) is not type(code):
            return False
        if isinstance(fragment, ast.Call | ast.Dict) and _has_open_end(fragment):
            return self._matches_open_end(fragment, code)
        if isinstance(fragment, ast.alias) and isinstance(code, ast.alias):
            return fragment.name == code.name and self._matches_name(bound_name(fragment), bound_name(code))
        fields = [name for name in fragment._fields if name not in IGNORED_FIELDS]
        if isinstance(fragment, ast.arguments):
            code = _without_unknown_parameters(fragment, code)
        if _has_open_body(fragment):
            self.captures.append({name: getattr(code, name) for name in UNDER_HEADER if hasattr(code, name)})
            fields = [name for name in fields if name not in UNDER_HEADER]
        return all(self._matches_field(fragment, code, name) for name in fields)

    def _matches_field(self, fragment: ast.AST, code: object, name: str) -> bool:
        wanted, actual = getattr(fragment, name), getattr(code, name)
        if NAME_FIELDS.get(type(fragment)) == name and isinstance(wanted, str) and isinstance(actual, str):
            return self._matches_name(wanted, actual)
        return self.matches(wanted, actual)

    def _matches_name(self, wanted: str, actual: str) -> bool:
        if wanted in self.names:
            return self.names[wanted] == actual
        if (wanted != actual and actual not in self.local) or actual in self.names.values():
            return False
        self.names[wanted] = actual
        return True

    def _matches_open_end(self, fragment: ast.Call | ast.Dict, code: Any) -> bool:
        if isinstance(fragment, ast.Call) and not (
            self.matches(fragment.func, code.func) and self.matches(fragment.args, code.args)
        ):
            return False
        named = {key: value for key, value, _ in _items(fragment) if key is not None}
        others: list[Any] = []
        self.captures.append(others)
        for key, value, item in _items(code):
            if key is None or key not in named:
                others.append(item)
            elif not self.matches(named.pop(key), value):
                return False
        return not named


@dataclass
class Match:
    """A place in the code that matches a fragment.

    Attributes:
        parent: the node that holds the place.
        field: the name of the parent's field.
        index: the index in the field, if the field is a list.
        length: the number of statements in the place.
    """

    binding: Binding
    parent: ast.AST
    field: str
    index: int | None
    length: int = 1

    def replace_with(self, fragment: Fragment) -> None:
        """Put a fragment in the place, with the names of the code and the captures of the wildcards."""
        filler = _Filler(self.binding)
        held = getattr(self.parent, self.field)
        if isinstance(fragment, list):
            assert self.index is not None
            held[self.index : self.index + self.length] = [filler.visit(statement) for statement in fragment]
            if not held and self.field == "body":
                held.append(ast.Pass())
            return
        expression = filler.visit(fragment)
        replaced = held if self.index is None else held[self.index]
        if hasattr(expression, "ctx"):
            expression.ctx = getattr(replaced, "ctx", ast.Load())
        if self.index is None:
            setattr(self.parent, self.field, expression)
        else:
            held[self.index] = expression


class _Filler(ast.NodeTransformer):
    """A transformer that fills a replacement with the names and captures of a match."""

    def __init__(self, binding: Binding) -> None:
        self._names = {"self": binding.first or "self", **binding.names}
        self._captures = iter(copy.deepcopy(binding.captures))

    def visit(self, node: ast.AST) -> Any:
        if _is_wildcard(node):
            return self._next(ast.expr)
        name_field = NAME_FIELDS.get(type(node))
        if name_field is not None and isinstance(name := getattr(node, name_field), str):
            setattr(node, name_field, self._names.get(name, name))
        if isinstance(node, ast.alias) and (name := bound_name(node)) in self._names:
            node.asname = None if self._names[name] == node.name else self._names[name]
        under = self._next(dict) if _has_open_body(node) else {}
        for name in under:
            setattr(node, name, [])
        if isinstance(node, ast.Call | ast.Dict) and _has_open_end(node):
            self._fill_open_end(node)
        else:
            self.generic_visit(node)
        for name, statements in under.items():
            setattr(node, name, statements)
        return node

    def _fill_open_end(self, node: ast.Call | ast.Dict) -> None:
        if isinstance(node, ast.Call):
            node.func = self.visit(node.func)
            node.args = [self.visit(argument) for argument in node.args]
            node.keywords = [*self._next(list), *(self.visit(keyword) for keyword in node.keywords[1:])]
            return
        items = self._next(list)
        items += [(key, self.visit(value)) for key, value in zip(node.keys[1:], node.values[1:], strict=True)]
        node.keys, node.values = [key for key, _ in items], [value for _, value in items]

    def _next(self, kind: type) -> Any:
        captured = next(self._captures, None)
        if not isinstance(captured, kind):
            raise ValueError("a wildcard of the replacement has no counterpart")
        return captured


def find(
    tree: ast.AST, scope: ast.AST, fragment: Fragment, binding: Binding, *, by_name: bool = True
) -> Sequence[Match]:
    """Return the places in a scope, itself included, that match a fragment.

    Args:
        tree: the module.
        by_name: True if a place with exactly the names of the fragment is preferred to one with other names
            of local variables.
    """
    local = local_names(scope)
    for allowed in ([frozenset[str]()] if by_name else []) + [local]:
        if matches := [*_places(tree, scope, fragment, binding, allowed)]:
            return matches
    return ()


def _places(
    tree: ast.AST, scope: ast.AST, fragment: Fragment, binding: Binding, local: frozenset[str]
) -> Iterator[Match]:
    inside = {*map(id, ast.walk(scope))}
    head = fragment[0] if isinstance(fragment, list) else fragment
    alike = ast.AST if any(map(_is_wildcard, (head, getattr(head, "value", head)))) else type(head)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            nodes: Iterable[Any] = enumerate(value) if isinstance(value, list) else [(None, value)]
            for index, node in nodes:
                if not isinstance(node, alike) or id(node) not in inside:
                    continue
                attempt = binding.attempt(local)
                if isinstance(fragment, ast.expr):
                    is_match = isinstance(node, ast.expr) and attempt.matches(fragment, node)
                    length = 1
                else:
                    length = len(fragment)
                    is_match = isinstance(node, ast.stmt) and attempt.matches(
                        fragment, value[index : index + length]
                    )
                if is_match:
                    yield Match(attempt, parent, name, index, length)


def local_names(tree: ast.AST) -> frozenset[str]:
    """Return the names of all variables in the tree that are local to a function or comprehension."""
    return frozenset(_local_names(tree, inside=False))


def bound_name(alias: ast.alias) -> str:
    """Return the name that an import binds."""
    return alias.asname or alias.name.partition(".")[0]


def _local_names(node: ast.AST, *, inside: bool) -> Iterator[str]:
    if isinstance(node, ast.alias) and inside:
        yield bound_name(node)
    name = getattr(node, NAME_FIELDS.get(type(node), ""), None)
    is_bound = not isinstance(node, ast.Name) or isinstance(node.ctx, ast.Store)
    if name is not None and is_bound and (inside or isinstance(node, ast.arg)):
        yield name
    inside = (inside or isinstance(node, FUNCTIONS + COMPREHENSIONS)) and not isinstance(node, ast.ClassDef)
    for child in ast.iter_child_nodes(node):
        yield from _local_names(child, inside=inside)


def _without_unknown_parameters(fragment: ast.arguments, code: Any) -> ast.arguments:
    """Return the code's parameters without optional keyword-only ones that the fragment does not know."""
    known: ast.arguments = copy.copy(code)
    count = len(fragment.kwonlyargs)
    if all(code.kw_defaults[count:]):
        known.kwonlyargs, known.kw_defaults = code.kwonlyargs[:count], code.kw_defaults[:count]
    return known


def _items(node: ast.Call | ast.Dict) -> Iterator[tuple[str | None, ast.expr, Any]]:
    """Return the key, the value and the node of each keyword argument or item; the key is None for ``**``."""
    if isinstance(node, ast.Call):
        yield from ((keyword.arg, keyword.value, keyword) for keyword in node.keywords)
    else:
        pairs = zip(node.keys, node.values, strict=True)
        yield from ((None if key is None else ast.dump(key), value, (key, value)) for key, value in pairs)


def _has_open_end(node: ast.Call | ast.Dict) -> bool:
    key, value, _ = next(_items(node), ("", node, None))
    return key is None and _is_wildcard(value)


def _has_open_body(node: ast.AST) -> bool:
    body = getattr(node, "body", None)
    return (
        isinstance(node, ast.stmt)
        and isinstance(body, list)
        and len(body) == 1
        and isinstance(body[0], ast.Expr)
        and _is_wildcard(body[0].value)
    )


def _is_wildcard(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...
