"""Tests of authors' mistakes, each of which is reported with its place and with what would be right."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from behave.parser import parse_feature
from behave.runner_util import load_step_modules
from behave.step_registry import registry

from tests.conformance.project import GREEN, ROOT
from tests.conformance.verdict_builders import MakeProject, example
from varbridge.conformance.run.mistakes import SHOWN, InvalidRunError, Mistake, refuse
from varbridge.conformance.run.validation import mistakes_in
from varbridge.conformance.scenario.client import Client
from varbridge.conformance.scenario.from_step import FromStep
from varbridge.conformance.scenario.notes import LoadNotes, ReadNotes, ServerNotes, ToolNotes
from varbridge.conformance.scenario.prerequisites import STARTED
from varbridge.conformance.scenario.servers import Servers
from varbridge.conformance.scenario.watchers import Watchers
from varbridge.conformance.vocabulary.tables import table_of

HEAD = "@variables\nFeature: F\n\n  @A1\n  Rule: R\n\n"
X = 'Given a float variable "x" holding 0.5'
HELD = 'Then "x" holds 0.5 at version 1'


@pytest.fixture(scope="module", autouse=True)
def definitions() -> list[Any]:
    load_step_modules([str(ROOT / "steps")])
    return [step for kind in registry.steps.values() for step in kind]


def mistakes(text: str) -> list[Mistake]:
    feature = parse_feature(text, filename="a.feature")
    return [*dict.fromkeys(mistakes_in([feature], [], Path("no steps"), registry))]


def scenario(*lines: str) -> str:
    """Return a feature whose only scenario has these lines, the first of which is line 8 of the file."""
    return HEAD + "    Example: S\n" + "".join(f"      {line}\n" for line in lines)


def outline(*lines: str) -> str:
    return scenario(*lines).replace("Example: S", "Scenario Outline: S")


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        # values
        (
            ['Given a float variable "x" holding hundred', HELD],
            8,
            "'hundred' is not a {value}, such as `0.7`",
        ),
        (['Given a float variable "x" holding True', HELD], 8, "'True' is not a {value}"),
        (['Given a float variable "x" holding 501,0', HELD], 8, "'501,0' is not a {value}"),
        (['Given a float variable "x" holding 1_000', HELD], 8, "'1_000' is not a {value}"),
        (['Given a float variable "x" holding 0.7.1', HELD], 8, "'0.7.1' is not a JSON value"),
        (['Given a tensor variable "x" holding [1, 2', HELD], 8, "'[1, 2' is not a {value}"),
        (['Given a tensor variable "x" holding [1 2]', HELD], 8, "'[1 2]' is not a JSON value"),
        (['Given a tensor variable "x" holding float32 array [1, "a"]', HELD], 8, "is not a JSON value"),
        ([X, 'When "x" is set to the bytes `2 2`', HELD], 9, "is not a JSON value, or another literal"),
        ([X, 'When "x" is set to {"a": 1, "a": 2}', HELD], 9, "a key occurs twice"),
        ([X, 'When "x" is set to 1, with the metadata {"a": 1}', HELD], 9, "must be texts in quotes"),
        ([X, 'When "x" is set to 1, with the metadata {a: 1}', HELD], 9, "with the metadata {a: 1}' is not"),
        (['Given a decimal variable "x" holding 0.5', HELD], 8, "'decimal' is not a {type}, such as `float`"),
        ([X, 'When "y" is registered as a decimal holding 1', HELD], 9, 'or `unknown type "decimal"`'),
        ([X, 'When "x" is read', "Then it is refused as wrong"], 10, "'as wrong' is not a {status}"),
        ([X, 'When "x" is read', 'Then it is refused as invalid, saying ""'], 10, "'\"\"' is not a {text}"),
        (
            ['Given a new bridge with the flags "--graec 1"', HELD],
            8,
            "no flag --graec; did you mean --grace?",
        ),
        (['Given a new bridge with the flags "grace 1"', HELD], 8, "does not begin with a flag"),
        (["Given a bridge with TLS and a data directory", HELD], 8, "only a new bridge can have a data"),
        (["Given a bridge with metrics", HELD], 8, "only a new bridge can have metrics"),
        (["Given a new bridge with a busy port", HELD], 8, "When a bridge is started"),
        (["Given a new bridge", "When the bridge receives SIGFOO", HELD], 9, "there is no signal SIGFOO"),
        ([X, 'Then the metadata of "x" contains 1'], 9, "'1' is not a {texts_object}"),
        # tables
        (
            [X + " with:", "| min | max |", "| 0 |  2 |", "| 1 | 3 |", HELD],
            11,
            "2 rows, but only one is read",
        ),
        ([X + " with:", "| mim |", "| 0 |", HELD], 9, "'mim'; did you mean 'min'? The columns are"),
        ([X + " with:", "| min_length |", "| 0 |", HELD], 9, "no step reads the column 'min_length'"),
        ([X + " with:", "| min | min |", "| 0 | 1 |", HELD], 9, "the column 'min' twice"),
        (
            [X + " with:", "| min |", "| low |", HELD],
            10,
            "the cell 'low' in the column 'min' must be a number",
        ),
        (
            [
                'Given a string variable "x" holding "a" with:',
                "| pattern |",
                "| ^a |",
                'Then "x" holds "a" at version 1',
            ],
            10,
            "must be a pattern in quotes",
        ),
        (["Given the variables:", "| name | value |", "| x | 0.5 |", HELD], 9, "lacks the column 'type'"),
        (
            ["Given the variables:", "| name | type | value | unit |", "| x | float | 1 | s |", HELD],
            9,
            "no step reads the column 'unit'",
        ),
        (
            ["Given the variables:", "| name | type | value |", "| x | decimal | 1 |", HELD],
            10,
            "the cell 'decimal' in the column 'type' must be one of: float, integer",
        ),
        (
            ["Given the variables:", "| name | type | value |", "| x | string | gpt-4 |", HELD],
            10,
            "the cell 'gpt-4' in the column 'value' must be a value such as 0.7",
        ),
        (
            ["Given the variables:", "| name | type | value |", '| "x" | float | 1 |', HELD],
            10,
            "must be a name without quotes",
        ),
        (
            ["Given the variables:", "| name | type | value |", "| x | float |  |", HELD],
            10,
            "the cell '' in the column 'value' is empty",
        ),
        (
            [X, 'When "x" is read', "Then the answer is a variable with:", "| values |", "| 1 |"],
            11,
            "'values'; did you mean 'value'?",
        ),
        (
            [X, 'And Ada watches "x"', "Then Ada receives:", "| update | version |", "| changed | 2 |"],
            12,
            "must be one of: initial value, value change",
        ),
        (
            [X, 'And Ada watches "x"', "Then Ada receives:", "| update | version |", "| deleted | two |"],
            12,
            "must be a whole number such as 3",
        ),
        ([X + " with:", HELD], 8, "ends with a colon, but no table follows it"),
        ([X, "| min |", "| 0 |", HELD], 8, "nothing reads the table"),
        ([X, '"""', "text", '"""', HELD], 8, "no step reads a text in quotes"),
        # earlier steps
        ([X, 'When "x" is set to 1', "Then Ada receives nothing else"], 10, 'such as: Given Ada watches "x"'),
        ([X, "When Ada stops watching", HELD], 9, 'such as: Given Ada watches "x"'),
        ([X, "Then it is accepted"], 9, 'such as: When "x" is set to 0.5'),
        ([X, 'When "x" is read', "Then the answer is version 1"], 10, 'such as: When "x" is set to 0.5'),
        (
            [X, 'When "x" is set to 1', "Then the tools have different ids"],
            10,
            "When these tools are registered:",
        ),
        ([X, "Then all are accepted"], 9, "When … clients at once each …"),
        ([X, 'When "y", by its id, is set to 1', HELD], 9, 'Given a … variable "y"'),
        (
            [X, 'When in session "blue", "x", by its id, is read', HELD],
            9,
            "Given in session 'blue', a … variable",
        ),
        ([X, 'Then the state of "x" is as noted'], 9, 'Given the state of "x" was noted'),
        ([X, "When the running tool is cancelled", HELD], 9, "Given the tool … is running for … s"),
        (["Given a bridge", "When the bridge is killed", HELD], 9, "Given a new bridge"),
        (["Given a new bridge", "When the bridge is killed and restarted", HELD], 9, "with a data directory"),
        ([X, "When North is killed", HELD], 9, "Given a new cluster of the bridges North and …"),
        (
            ["Given a cluster of the bridges North and South", "When North is killed", HELD],
            9,
            "Given a new cluster",
        ),
        ([X, 'When at North, "x" is read', HELD], 9, "Given a cluster of the bridges North and …"),
        # phrases
        (
            [X, "When “x” is set to 1", HELD],
            9,
            'typographic quotes; write straight ones: When "x" is set to 1',
        ),
        ([X, "When budget is set to 3", HELD], 9, "'budget' is not a {variable}, such as `\"x\"`"),
        ([X, 'When "x" holds 0.5 at version 1', HELD], 9, "it is a phrase for Then"),
        ([X, HELD, 'And "x" is set to 1'], 10, "is an action and checks nothing"),
        ([X, 'When "x" IS SET TO 1', HELD], 9, '(as in: "x" is set to 0.7)'),
    ],
)
def test_a_mistake_in_a_step_is_reported_with_its_line(lines: list[str], line: int, words: str) -> None:
    (mistake,) = mistakes(scenario(*lines))
    assert mistake.place == f"a.feature:{line}"
    assert words in mistake.text


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (scenario(X), 7, "'S' has no Then step"),
        (
            HEAD.replace("  @A1", f"  Background:\n    {X}\n    {HELD}\n\n  @A1")
            + '    Example: S\n      When "x" is read\n',
            11,
            "no Then step of its own, only one in the Background",
        ),
        (scenario(X, HELD).replace("@variables", "@A1"), 2, "no tag of an area"),
        (scenario(X, HELD).replace("@A1", "@W12"), 5, "unknown tag @W12"),
        (
            scenario(X, HELD).replace("@A1", "@A1 @A1.9"),
            5,
            "unknown tag @A1.9; the statements of its clause are @A1.1, @A1.2, @A1.3",
        ),
        (
            scenario(X, HELD).replace("@A1", "@A1 @A2.1"),
            5,
            "the tag @A2.1 is of clause A2, which its rule does not have: give the rule the tag @A2",
        ),
        (
            scenario(X, HELD).replace("    Example", "    @W3.1\n    Example"),
            8,
            "the tag @W3.1 is of clause W3, which its rule does not have: give the rule the tag @W3",
        ),
        (scenario(X, HELD).replace("  @A1\n", ""), 4, "no tag of a clause that it proves"),
        (
            scenario(X, HELD) + "\n    Example: S\n" + f"      {X}\n      {HELD}\n",
            11,
            "has the name 'S': a.feature:7",
        ),
        (outline(X, HELD), 7, "the outline has no Examples"),
        (
            outline(X, 'Then "x" holds <v> at version 1', "", "Examples:", "| v |"),
            11,
            "the Examples have no rows",
        ),
        (
            outline(
                X,
                'Then "x" holds <v> at version 1',
                "",
                "Examples:",
                "| v |",
                "| 0.5 |",
                "",
                "Examples:",
                "| v |",
            ),
            15,
            "the Examples have no rows",
        ),
        (
            outline(X, 'Then "x" holds <v> at version 1', "", "Examples:", "| v | w |", "| 0.5 | 1 |"),
            11,
            "nothing in the outline uses the column 'w' as <w>",
        ),
        (
            outline(X, 'Then "x" holds <v> at version 1', "", "Examples:", "| v | v |", "| 0.5 | 1 |"),
            11,
            "the Examples have the column 'v' twice",
        ),
    ],
)
def test_a_mistake_in_the_structure_is_reported_with_its_line(text: str, line: int, words: str) -> None:
    (mistake,) = mistakes(text)
    assert mistake.place == f"a.feature:{line}"
    assert words in mistake.text


def test_a_placeholder_without_a_column_is_reported() -> None:
    text = outline(X, 'Then "x" holds <v> at version <n>', "", "Examples:", "| v |", "| 0.5 |")
    first, *_ = mistakes(text)
    assert first == Mistake("a.feature:11", "the Examples lack a column for <n>; their columns are: v")


def test_a_mistake_in_a_row_of_examples_is_reported_at_the_row() -> None:
    text = outline(X, 'When "x" is set to <v>', HELD, "", "Examples:", "| v |", "| 0.5 |", "| hundred |")
    (mistake,) = mistakes(text)
    assert mistake.place == "a.feature:15"
    assert "in the step of line 9" in mistake.text
    assert "'hundred' is not a {value}" in mistake.text


def test_unknown_words_in_an_outline_are_reported_once_whatever_its_rows() -> None:
    text = outline(
        X, 'When "x" becomes <v> tomorrow', HELD, "", "Examples:", "| v |", "| 0.5 |", "| hundred |"
    )
    assert {mistake.place for mistake in mistakes(text)} == {"a.feature:9"}
    (words,) = {mistake.text for mistake in mistakes(text)}
    assert words.startswith("""no step is defined for When '"x" becomes <v> tomorrow'. The most similar: """)


def test_an_unfinished_scenario_needs_no_clause_no_unique_name_and_no_area() -> None:
    text = scenario(X, HELD).replace("  @A1\n", "").replace("@variables", "@wip")
    assert mistakes(text + f"\n    Example: S\n      {X}\n      {HELD}\n") == []


def test_a_step_that_another_one_provides_for_is_valid() -> None:
    assert (
        mistakes(scenario(X, 'And Ada watches "x"', 'When "x" is set to 1', "Then Ada receives nothing else"))
        == []
    )
    assert mistakes(scenario(X, 'When "x" is set to 1', "Then the answer is version 2")) == []
    assert (
        mistakes(
            scenario(f'Given in session "s", {X[6:]}', f'Then in session "s", "x", by its id, {HELD[9:]}')
        )
        == []
    )


def test_all_mistakes_are_listed_up_to_a_limit() -> None:
    many = [Mistake("a.feature:1", f"mistake {number}") for number in range(SHOWN + 3)]
    with pytest.raises(InvalidRunError) as error:
        refuse([*many, *many])
    lines = str(error.value).splitlines()
    assert lines[0] == f"{SHOWN + 3} mistakes were found before the first scenario:"
    assert lines[1:3] == ["  a.feature:1: mistake 0", "  a.feature:1: mistake 1"]
    assert lines[-1] == "  and 3 more"
    assert len(lines) == SHOWN + 2


def test_a_run_with_mistakes_is_not_judged_and_lists_them(make_project: MakeProject) -> None:
    text = (
        GREEN + example(X, "Then Ada receives nothing else") + example(X, "Then it is accepted", name="Two")
    )
    run = make_project(text).run()
    assert (run.code, run.word) == (2, "not judged")
    assert run.data["counts"]["passed"] == 0
    assert "features/small.feature:20: 'Ada receives nothing else' needs an earlier step" in run.sentence
    assert "features/small.feature:25: 'it is accepted' needs an earlier step" in run.sentence
    assert "Traceback" not in run.out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "b.feature: the file is empty: write a Feature, or delete it"),
        ("\n# Größe\n".encode("latin-1"), "b.feature:2: the file is not in UTF-8 (byte 0xf6)"),
        (b"# a comment\n", "b.feature: the file has no Feature"),
        (b"Feature: F\n  Scenario: S\n    Then x\n    Nonsense\n", "b.feature:4: "),
        (
            GREEN.replace("One passes", "B")
            .replace("Another", "C")
            .replace("A variable is", "One is")
            .encode()
            + b"\n    Example: T\n      Given the variables:\n        | name | type | value\n"
            b"        | x | float | 0.5 |\n      " + HELD.encode(),
            "b.feature:19: the row '| name | type | value' does not end with |",
        ),
    ],
)
def test_a_file_that_is_no_feature_is_named(make_project: MakeProject, content: bytes, words: str) -> None:
    project = make_project()
    (project.folder / "features" / "b.feature").write_bytes(content)
    run = project.run()
    assert (run.code, run.word) == (2, "not judged")
    assert f"features/{words}" in run.sentence
    assert "Traceback" not in run.out


def test_a_byte_order_mark_is_accepted_and_hidden_files_are_ignored(make_project: MakeProject) -> None:
    project = make_project()
    path = project.folder / "features" / "small.feature"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    (project.folder / "features" / "._small.feature").write_bytes(b"\x00\x05\x16\x07")
    (project.folder / "features" / ".#small.feature").symlink_to("nowhere")
    run = project.run()
    assert run.data["counts"]["passed"] == 2
    assert "every scenario passed" in run.sentence


def test_unfinished_scenarios_run_if_they_are_named_and_only_then(make_project: MakeProject) -> None:
    text = "@wip\nFeature: G\n\n  Rule: N\n\n    Example: One passes\n      " + f"{X}\n      {HELD}\n"
    project = make_project(**{"b.feature": text})
    assert project.run().data["counts"]["passed"] == 2
    for arguments in (["-w"], ["--tags=@wip"]):
        run = project.run(*arguments)
        assert (run.code, run.data["counts"]["passed"]) == (0, 1)
        assert run.word == "passed (partial run)"


def test_every_phrase_with_a_table_declares_it(definitions: list[Any]) -> None:
    with_tables = [step for step in definitions if step.pattern.endswith(":")]
    assert len(with_tables) > 15
    assert [step.pattern for step in with_tables if table_of(step) is None] == []
    assert [step.pattern for step in definitions if table_of(step) and step not in with_tables] == []


NOTES = {
    "tools": ToolNotes,
    "loads": LoadNotes,
    "starts": ServerNotes,
    "reads": ReadNotes,
    "servers": Servers,
    "client": Client,
}


def test_every_step_declares_what_it_reads_of_earlier_ones(definitions: list[Any]) -> None:
    """Compare the declarations with the attributes that the code of the step functions names."""
    undeclared = []
    for definition in definitions:
        function = inspect.unwrap(definition.func)
        lines = inspect.getsource(function)
        body = lines[lines.index("def ") :]
        declared = [*getattr(definition.func, "needs", ()), *getattr(definition.func, "provides", ())]
        if STARTED in declared or any(callable(source) for source in declared):
            continue  # one of several processes, or a declaration that depends on the arguments
        for owner, name in re.findall(r"\b(tools|loads|starts|reads|servers|client)\.(\w+)\b", body):
            note = vars(NOTES[owner]).get(name)
            if isinstance(note, FromStep) and note not in declared:
                undeclared.append(f"{definition.pattern}: {owner}.{name}")
        if re.search(r"\bwatchers\[", body):
            undeclared.append(f"{definition.pattern}: a watch")
        if "watchers.pool" in body and Watchers.pool not in declared:
            undeclared.append(f"{definition.pattern}: the pool of watches")
    assert not undeclared, "\n".join(undeclared)
