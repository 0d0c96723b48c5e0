"""Changes of one place of a module, which operators make by themselves.

``changes_of`` lists all changes of a module's syntax tree, always in the same order. Annotations, docstrings,
assertions, calls of a logger and the words of errors are not changed, since no client can notice that.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.mutants.patches import ROOT, PatchError, copied

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
"""The operators that replace each operator of a comparison: one that moves a boundary, one that negates."""

ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}

NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}

METHODS = {
    "append": "appendleft",
    "appendleft": "append",
    "pop": "popleft",
    "popleft": "pop",
    "startswith": "endswith",
    "endswith": "startswith",
    "removeprefix": "removesuffix",
    "removesuffix": "removeprefix",
    "add": "discard",
    "discard": "add",
    "keys": "values",
    "values": "keys",
}

ORDERING = ("sorted", "reversed")
"""The functions whose result differs from their argument only in its order."""

WORDS = ("invalid", "FieldViolation", "getLogger")
"""Functions that take the words of an error or a log, which are not changed."""


@dataclass(frozen=True)
class Edit:
    """A change of one field of a syntax tree.

    Attributes:
        operator: the kind of the change, in a few words.
        function: the qualified name of the function or class with the change; empty at the module's level.
        line: the line of the changed code.
        column: the column of the changed code.
        make: the function that makes the change in the tree.
    """

    operator: str
    function: str
    line: int
    column: int
    make: Callable[[], None]


def edits_of(tree: ast.Module) -> list[Edit]:
    """Return all changes of a module's tree; each of them can be made once, in that tree."""
    return [*_Finder(tree).edits()]


@dataclass(frozen=True)
class Change:
    """A change of a module, by its number in the list of all changes of that module."""

    module: str
    number: int

    @property
    def name(self) -> str:
        """The name by which the commands know the change, such as server.core.session:12."""
        return f"{self.module}:{self.number}"

    @property
    def path(self) -> Path:
        """The source file of the module."""
        return ROOT.joinpath(*self.module.split(".")).with_suffix(".py")

    @cached_property
    def _tree(self) -> ast.Module:
        return ast.parse(self.path.read_text("utf-8"))

    @cached_property
    def edit(self) -> Edit:
        """The description of the change.

        Raises:
            PatchError: the module has fewer changes.
        """
        edits = edits_of(self._tree)
        if self.number >= len(edits):
            raise PatchError(f"{self.module} has only the changes 0 to {len(edits) - 1}")
        return edits[self.number]

    def apply(self, tree: ast.Module) -> ast.Module:
        """Return a copy of the module's tree with the change."""
        (changed,) = copied([tree])
        edits_of(changed)[self.number].make()
        return ast.fix_missing_locations(changed)

    def diff(self) -> str:
        """Return the change as a diff of the code without its comments and layout."""
        before, after = (ast.unparse(tree).splitlines() for tree in (self._tree, self.apply(self._tree)))
        lines = [*difflib.unified_diff(before, after, n=1, lineterm="")][3:]
        return "\n".join(lines)


def named(name: str) -> Change:
    """Return the change with a name.

    Raises:
        PatchError: there is no such change.
    """
    module, _, number = name.partition(":")
    change = Change(module, int(number)) if number.isdecimal() else None
    if change is None or not change.path.is_file():
        raise PatchError(f"{name!r} is not MODULE:NUMBER, as in server.core.session:12")
    assert change.edit
    return change


class _Finder:
    """The search for changes in one tree."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._errors = sorted(
            {alias.asname or alias.name for node in ast.walk(tree) for alias in _imports(node)}
            & {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id.endswith("Error")}
        )
        self._function = ""

    def edits(self) -> Iterator[Edit]:
        for statement in self._tree.body:
            if isinstance(statement, (*FUNCTIONS, ast.ClassDef, ast.Assign, ast.AnnAssign)):
                yield from self._statement(statement)

    def _edit(self, operator: str, node: Any, make: Callable[[], None]) -> Edit:
        return Edit(operator, self._function, node.lineno, node.col_offset, make)

    def _set(self, operator: str, node: Any, holder: Any, field: str, value: Any) -> Edit:
        return self._edit(operator, node, lambda: setattr(holder, field, value))

    # Statements

    def _block(self, statements: list[ast.stmt]) -> Iterator[Edit]:
        for statement in [*statements]:
            if _is_removable(statement):
                yield self._removal(statements, statement)
            yield from self._statement(statement)

    def _removal(self, statements: list[ast.stmt], statement: ast.stmt) -> Edit:
        def remove() -> None:
            statements[statements.index(statement)] = ast.Pass()

        return self._edit("a statement removed", statement, remove)

    def _statement(self, node: ast.stmt) -> Iterator[Edit]:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield from self._definition(node)
                return
            case ast.Raise():
                yield from self._other_error(node)
                return
            case ast.Assert() | ast.Import() | ast.ImportFrom() | ast.Expr(ast.Constant()):
                return
            case ast.Expr(ast.Call(ast.Attribute(ast.Name("logger")))):
                return
            case ast.If(body=body, orelse=[]) if not any(map(_is_noticed, body)):
                return
            case ast.If() | ast.While():
                yield from self._condition(node, "test", may_be_true=isinstance(node, ast.If))
            case ast.Return(value) if value is not None and not _is_none(value):
                yield self._set("a return of None", node, node, "value", ast.Constant(None))
            case ast.AugAssign() if type(node.op) in ARITHMETIC:
                yield self._set("an operator", node, node, "op", ARITHMETIC[type(node.op)]())
            case ast.Try():
                for handler in node.handlers:
                    if not isinstance(handler.body[0], ast.Raise):
                        yield self._set(
                            "an error that is not handled", handler, handler, "body", [ast.Raise(None, None)]
                        )
        yield from self._fields(node)

    def _fields(self, node: ast.AST) -> Iterator[Edit]:
        for field, value in ast.iter_fields(node):
            if field in ("annotation", "returns", "decorator_list", "type_ignores", "pattern"):
                continue
            if isinstance(value, ast.expr):
                yield from self._expression(node, field, None)
            elif isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                yield from self._block(value)
            elif isinstance(value, list):
                for place, item in enumerate(value):
                    if isinstance(item, ast.expr):
                        yield from self._expression(node, field, place)
                    elif isinstance(item, ast.AST):
                        yield from self._fields(item)

    def _definition(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Iterator[Edit]:
        outer, self._function = self._function, f"{self._function}.{node.name}".lstrip(".")
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                yield from self._statement(statement)
        else:
            for defaults in (node.args.defaults, node.args.kw_defaults):
                for place, default in enumerate(defaults):
                    if default is not None:
                        yield from self._expression(node.args, _field_of(node.args, defaults), place)
            yield from self._block(node.body)
        self._function = outer

    def _other_error(self, node: ast.Raise) -> Iterator[Edit]:
        if isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            name = node.exc.func
            for other in self._errors:
                if other != name.id and name.id in self._errors:
                    yield self._set("another error", node, name, "id", other)

    def _condition(self, holder: Any, field: str, *, may_be_true: bool = True) -> Iterator[Edit]:
        test = getattr(holder, field)
        if isinstance(test, ast.Constant):
            return
        yield self._set("a condition negated", test, holder, field, ast.UnaryOp(ast.Not(), test))
        yield self._set("a condition that is never true", test, holder, field, ast.Constant(False))
        if may_be_true:
            yield self._set("a condition that is always true", test, holder, field, ast.Constant(True))

    # Expressions

    def _expression(self, holder: Any, field: str, place: int | None) -> Iterator[Edit]:
        """Yield the changes of the expression in a field, or at a place of the list in a field."""
        whole = getattr(holder, field)
        node = whole if place is None else whole[place]

        def put(operator: str, value: ast.expr) -> Edit:
            if place is None:
                return self._set(operator, node, holder, field, value)
            return self._edit(operator, node, lambda: whole.__setitem__(place, value))

        match node:
            case ast.JoinedStr():
                for part in node.values:
                    if isinstance(part, ast.FormattedValue):
                        yield from self._expression(part, "value", None)
                return
            case ast.Call(ast.Name(name)) if name in WORDS or name.endswith("Error"):
                return
            case ast.Call(ast.Attribute(attr=name)) if name in WORDS:
                return
            case ast.Constant(value):
                yield from (put("a constant", ast.Constant(other)) for other in _other_constants(value))
            case ast.Compare():
                for at, operator in enumerate(node.ops):
                    for other in COMPARISONS[type(operator)]:
                        yield self._edit("a comparison", node, _setter(node.ops, at, other()))
            case ast.BoolOp():
                swapped = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
                yield self._set("and, or swapped", node, node, "op", swapped)
                for at in range(len(node.values)):
                    rest = [value for number, value in enumerate(node.values) if number != at]
                    only = rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
                    yield put("an operand removed", only)
            case ast.UnaryOp(ast.Not() | ast.USub(), operand):
                yield put("an operator removed", operand)
            case ast.BinOp(left, operator) if type(operator) in ARITHMETIC:
                yield self._set("an operator", node, node, "op", ARITHMETIC[type(operator)]())
                yield put("an operand removed", left)
            case ast.IfExp():
                yield from self._condition(node, "test")
            case ast.Slice():
                for end in ("lower", "upper"):
                    if getattr(node, end) is not None:
                        yield self._set("an end of a slice removed", node, node, end, None)
            case ast.Dict():
                for at in range(len(node.keys)):
                    yield self._edit("an entry removed", node, _entry_remover(node, at))
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                for generator in node.generators:
                    for at, condition in enumerate(generator.ifs):
                        yield self._edit("a filter removed", condition, _remover(generator.ifs, at))
                        negated = ast.UnaryOp(ast.Not(), condition)
                        yield self._edit("a filter negated", condition, _setter(generator.ifs, at, negated))
            case ast.Call():
                yield from self._call(node, put)
        yield from self._fields(node)

    def _call(self, node: ast.Call, put: Callable[[str, ast.expr], Edit]) -> Iterator[Edit]:
        for at in range(len(node.keywords)):
            yield self._edit("an argument removed", node.keywords[at].value, _remover(node.keywords, at))
        if len(node.args) > 1:
            yield self._edit("an argument removed", node, _remover(node.args, len(node.args) - 1))
            swapped = [node.args[1], node.args[0], *node.args[2:]]
            yield self._set("two arguments swapped", node, node, "args", swapped)
        match node.func:
            case ast.Name(name) if name in NAMES:
                yield self._set("another function", node, node.func, "id", NAMES[name])
            case ast.Name(name) if name in ORDERING and node.args:
                yield put("an order removed", node.args[0])
            case ast.Attribute(attr=name) if name in METHODS:
                yield self._set("another method", node, node.func, "attr", METHODS[name])


def _is_noticed(node: ast.stmt) -> bool:
    """Return False for a call of a logger, and for a docstring."""
    match node:
        case ast.Expr(ast.Constant()) | ast.Expr(ast.Call(ast.Attribute(ast.Name("logger")))):
            return False
    return True


def _is_removable(node: ast.stmt) -> bool:
    if not _is_noticed(node):
        return False
    match node:
        case ast.Expr() | ast.AugAssign() | ast.Delete() | ast.Raise() | ast.Continue() | ast.Break():
            return True
        case ast.Assign(targets):
            return not any(isinstance(name, ast.Name) for target in targets for name in _targets(target))
    return False


def _targets(target: ast.expr) -> list[ast.expr]:
    return target.elts if isinstance(target, ast.Tuple) else [target]


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _other_constants(value: object) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield value + 1
        yield value - 1
    elif isinstance(value, str) and " " not in value:  # others are words of an error
        yield "x" + value
    elif isinstance(value, bytes):
        yield b"x" + value


def _imports(node: ast.AST) -> list[ast.alias]:
    return node.names if isinstance(node, ast.ImportFrom) else []


def _field_of(holder: ast.AST, value: object) -> str:
    return next(field for field, content in ast.iter_fields(holder) if content is value)


def _setter(items: list[Any], place: int, value: Any) -> Callable[[], None]:
    return lambda: items.__setitem__(place, value)


def _remover(items: list[Any], place: int) -> Callable[[], None]:
    return lambda: items.__delitem__(place)


def _entry_remover(node: ast.Dict, place: int) -> Callable[[], None]:
    def remove() -> None:
        del node.keys[place], node.values[place]

    return remove
