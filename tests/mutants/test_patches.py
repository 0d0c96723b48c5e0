"""Tests of patches: the places that a fragment matches, replacements, and errors of patches."""

from __future__ import annotations

import ast
import re

import pytest

from tests.mutants.patches import Patch, PatchError

MODULE = """
import math

LIMIT = 3

class Bounds:
    low = 0

    def check(self, value, *, strict=False):
        if value < self.low and strict:
            raise ValueError(f"{value} is low")
        else:
            note = self.note(value, kind="low", at=1)
        return [item for item in note if item > value]

    def note(self, value, **more):
        import json
        return json.dumps({"value": value, "more": more})
"""


def patched(at: str, find: str, replace: str, *where: str, source: str = MODULE) -> str:
    return ast.unparse(Patch(at, find, replace, where).apply(ast.parse(source)))


CHECK = "m:Bounds.check"


@pytest.mark.parametrize(
    ("at", "find", "replace", "line"),
    [
        (CHECK, "value < self.low", "value <= self.low", "if value <= self.low and strict:"),
        (CHECK, "other < self.low", "other - 1 < self.low", "if value - 1 < self.low and strict:"),
        ("m:Bounds", "low = 0", "low = 1", "low = 1"),
        ("m", "LIMIT = 3", "LIMIT = 4", "LIMIT = 4"),
        (
            CHECK,
            "raise ValueError(...)",
            "raise KeyError(...)",
            "raise KeyError(f'{value} is low')",
        ),
        (CHECK, "if value < self.low and strict: ...", "if strict: ...", "if strict:"),
        (CHECK, "self.note(value, **..., at=1)", "self.note(**...)", "note = self.note(kind='low')"),
        (
            "m:Bounds.note",
            "{**..., 'more': x}",
            "{**...}",
            "return json.dumps({'value': value})",
        ),
        ("m:Bounds.note", "import json", "import json as js", "import json as js"),
        ("m:Bounds.check(self, number)", "strict", "number > 2", "if value < self.low and value > 2:"),
        (
            CHECK,
            "def check(self, v, *, strict=False): ...",
            "def check(self, v): ...",
            "def check(self, value):",
        ),
    ],
)
def test_one_place_is_replaced(at: str, find: str, replace: str, line: str) -> None:
    before = [text.strip() for text in ast.unparse(ast.parse(MODULE)).splitlines()]
    after = [text.strip() for text in patched(at, find, replace).splitlines()]
    assert line in after
    assert len({*after} - {*before}) == 1, "nothing else changes"


def test_a_fragment_need_not_name_optional_parameters() -> None:
    code = patched(CHECK, "def check(self, v): ...", "async def check(self, v): ...")
    assert "async def check(self, value):" in code


def test_the_body_under_a_replaced_header_is_unchanged() -> None:
    code = patched(CHECK, "if value < self.low and strict: ...", "if strict: ...")
    assert "raise ValueError" in code
    assert "else:\n            note = " in code


def test_an_empty_replacement_removes_statements_and_leaves_a_body() -> None:
    code = patched(CHECK, "raise ValueError(...)", "")
    assert "strict:\n            pass\n" in code


def test_where_introduces_names_of_variables() -> None:
    where = "noted = self.note(value, **..., at=1)"
    code = patched(CHECK, "value < self.low", "noted is None", where)
    assert "if note is None and strict:" in code


def test_a_name_stands_for_one_variable_and_each_variable_for_one_name() -> None:
    source = "def f(a, b):\n    return a + b, a + a"
    assert "a - a" in patched("m:f", "x + x", "x - x", source=source)
    assert "a - b" in patched("m:f", "x + y", "x - y", source=source)


def test_names_that_are_not_local_stand_for_themselves() -> None:
    source = "def f(a):\n    return len(a) + sum(a)"
    assert "max(a) + sum(a)" in patched("m:f", "len(x)", "max(x)", source=source)


ONCE = "; `find` must occur exactly once"


def test_exact_names_are_preferred() -> None:
    source = "def f(a, b):\n    return g(a), g(b)"
    assert "(g(a), h(b))" in patched("m:f", "g(b)", "h(b)", source=source)
    with pytest.raises(
        PatchError, match=re.escape("`g(b)` occurs 2 times in m:f; `find` must occur exactly once")
    ):
        Patch("m:f", "g(b)", "h(b)").apply(ast.parse(source), by_name=False)


@pytest.mark.parametrize(
    ("at", "find", "replace", "message"),
    [
        ("m:Bounds.chek", "value", "1", "m:Bounds.chek: m has no Bounds.chek"),
        (CHECK, "value > self.high", "1", "`value > self.high` occurs nowhere in m:Bounds.check" + ONCE),
        (CHECK, "value <", "1", "m:Bounds.check: `value <` is not Python: invalid syntax"),
        (CHECK, "value", "1 +", "m:Bounds.check: `1 +` is not Python: invalid syntax"),
        (CHECK, "strict", "...", "m:Bounds.check: a wildcard of the replacement has no counterpart"),
        (CHECK, "note", "1", "`note` occurs 2 times in m:Bounds.check" + ONCE),
        ("m Bounds", "x", "y", "'m Bounds' is not module:qualified.name(parameters)"),
    ],
)  # fmt: skip
def test_the_error_of_a_patch_that_does_not_fit_is_one_line(
    at: str, find: str, replace: str, message: str
) -> None:
    with pytest.raises(PatchError) as raised:
        patched(at, find, replace)
    assert str(raised.value) == message


def test_the_original_tree_does_not_change() -> None:
    tree = ast.parse(MODULE)
    before = ast.dump(tree)
    Patch(CHECK, "if value < self.low and strict: ...", "if strict: ...").apply(tree)
    assert ast.dump(tree) == before


def test_parameters_have_the_names_in_the_code() -> None:
    tree = ast.parse(MODULE)
    Patch("m:Bounds.check(self, value)", "", "").check_parameters(tree)
    with pytest.raises(PatchError, match="the parameter at is value in the code"):
        Patch("m:Bounds.check(self, at)", "", "").check_parameters(tree)
