"""Tests of the changes that operators make: where they apply, what they make, and what they leave out."""

from __future__ import annotations

import ast

import pytest

from tests.mutants.changes import Change, edits_of, named
from tests.mutants.patches import PatchError


def changed(source: str) -> set[tuple[str, str]]:
    """Return each change of a source, as the operator and the resulting code in one line."""
    results = set()
    for number in range(len(edits_of(ast.parse(source)))):
        tree = ast.parse(source)
        edit = edits_of(tree)[number]
        edit.make()
        code = ast.unparse(ast.fix_missing_locations(tree))
        assert code != ast.unparse(ast.parse(source)), edit.operator
        results.add(
            (edit.operator, "; ".join(line.strip() for line in code.splitlines()[1:] if line.strip()))
        )
    return results


@pytest.mark.parametrize(
    ("statement", "operator", "result"),
    [
        ("return a < b", "a comparison", "return a <= b"),
        ("return a < b", "a comparison", "return a >= b"),
        ("return a is b", "a comparison", "return a is not b"),
        ("return a", "a return of None", "return None"),
        ("if a: b()", "a condition negated", "if not a:; b()"),
        ("if a: b()", "a condition that is always true", "if True:; b()"),
        ("if a: b()", "a condition that is never true", "if False:; b()"),
        ("if a: b()", "a statement removed", "if a:; pass"),
        ("return x if a else y", "a condition negated", "return x if not a else y"),
        ("return a and b", "and, or swapped", "return a or b"),
        ("return a and b", "an operand removed", "return b"),
        ("return a or b or c", "an operand removed", "return a or c"),
        ("return a + b", "an operator", "return a - b"),
        ("return a + b", "an operand removed", "return a"),
        ("self.count += n", "an operator", "self.count -= n"),
        ("self.count = n", "a statement removed", "pass"),
        ("return not a", "an operator removed", "return a"),
        ("return 5", "a constant", "return 6"),
        ("return 5", "a constant", "return 4"),
        ("return True", "a constant", "return False"),
        ("return 'key'", "a constant", "return 'xkey'"),
        ("return f(a, b)", "two arguments swapped", "return f(b, a)"),
        ("return f(a, b)", "an argument removed", "return f(a)"),
        ("return f(a, key=b)", "an argument removed", "return f(a)"),
        ("return sorted(a)", "an order removed", "return a"),
        ("return min(a)", "another function", "return max(a)"),
        ("return a.startswith(b)", "another method", "return a.endswith(b)"),
        ("return a[1:n]", "an end of a slice removed", "return a[1:]"),
        ("return {'a': 1, 'b': 2}", "an entry removed", "return {'b': 2}"),
        ("return [x for x in a if x]", "a filter removed", "return [x for x in a]"),
        ("return [x for x in a if x]", "a filter negated", "return [x for x in a if not x]"),
        ("return f'{a + b}'", "an operator", "return f'{a - b}'"),
    ],
)
def test_an_operator_changes_one_place(statement: str, operator: str, result: str) -> None:
    assert (operator, result) in changed(f"def f(a, b):\n    {statement}")


def test_the_default_of_a_parameter_is_changed() -> None:
    source = "class C:\n    def f(self, a=1, *, b=2):\n        pass"
    assert {line.partition(":")[0] for _, line in changed(source)} == {
        "def f(self, a=0, *, b=2)",
        "def f(self, a=2, *, b=2)",
        "def f(self, a=1, *, b=1)",
        "def f(self, a=1, *, b=3)",
    }


def test_an_error_becomes_another_one_of_the_module() -> None:
    source = (
        "from e import AError, BError\ndef f():\n    raise AError('no')\ndef g():\n    raise BError('no')"
    )
    results = {operator: line for operator, line in changed(source) if "def f():; raise BError" in line}
    assert [*results] == ["another error"]


def test_an_error_that_is_handled_is_raised_again() -> None:
    results = changed("def f():\n    try:\n        a()\n    except KeyError:\n        b()")
    assert ("an error that is not handled", "try:; a(); except KeyError:; raise") in results


@pytest.mark.parametrize(
    "source",
    [
        "import a\nfrom b import c",
        'def f(a: "int", b: list[1]) -> "str":\n    """A docstring that says 1."""',
        "def f():\n    assert 1 < 2",
        "def f():\n    logger.info('a %s', 1 + 2)",
        "def f():\n    if a < 1:\n        logger.info('%d', a)",
        "def f():\n    g(invalid('name', 1))".replace("g(", "")
        .replace("))", ")")
        .replace("    ", "    x = "),
        "if TYPE_CHECKING:\n    X = 1",
        "while True:\n    pass",
    ],
)
def test_code_that_no_client_notices_is_not_changed(source: str) -> None:
    assert changed(source) == set()


def test_the_words_of_an_error_are_not_changed() -> None:
    operators = {operator for operator, _ in changed("def f(a):\n    raise ValueError('too long', 1 + a)")}
    assert operators == {"a statement removed"}


def test_a_change_has_a_name_a_place_and_a_diff() -> None:
    change = named("server.core.names:0")
    assert change == Change("server.core.names", 0)
    assert change.path.is_file()
    assert change.edit.line > 1
    lines = change.diff().splitlines()
    assert [line for line in lines if line.startswith("-")]
    assert [line for line in lines if line.startswith("+")]
    tree = ast.parse(change.path.read_text("utf-8"))
    before = ast.dump(tree)
    assert ast.dump(change.apply(tree)) != before
    assert ast.dump(tree) == before, "the original tree does not change"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("server.core.names", "'server.core.names' is not MODULE:NUMBER, as in server.core.session:12"),
        ("server.core.nothing:1", "'server.core.nothing:1' is not MODULE:NUMBER"),
        ("server.core.names:9999", "server.core.names has only the changes 0 to "),
    ],
)
def test_a_name_without_a_change_is_refused(name: str, message: str) -> None:
    with pytest.raises(PatchError, match="^" + message.replace(".", r"\.")):
        named(name)
