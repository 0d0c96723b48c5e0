"""Tests of the language check: each kind of mistake is reported, and plain texts are not."""

from __future__ import annotations

import pytest

from tests.language import faults


def messages(path: str, text: str) -> list[str]:
    return [*faults(path, text)]


@pytest.mark.parametrize(
    ("docstring", "advice"),
    [
        ("What a session holds.", "begin with a noun phrase"),
        ("Whether it is open.", "begin with a noun phrase"),
        ("Of a session.", "begin with a noun phrase"),
        ("One session's.", "name what belongs to it"),
        ("This bridge's own.", "name what belongs to it"),
        ("Keeps the records.", "use the imperative"),
        ("SIGKILL.", "write a whole sentence"),
        ("Return the answer", "end the sentence with a period"),
    ],
)
def test_a_docstring_that_does_not_begin_as_a_sentence(docstring: str, advice: str) -> None:
    (message,) = messages("a.py", f'def work():\n    """{docstring}"""\n')
    assert message.startswith("a.py:2: the docstring")
    assert advice in message


@pytest.mark.parametrize(
    "text",
    [
        "# The client is told of it.\n",
        "x = 'whoever calls'\n",
        "x = 'it is no number'\n",
        "def f(one): ...\n",
        "for found in []: ...\n",
        "kept = 1\n",
    ],
)
def test_a_word_or_a_name_that_is_not_plain(text: str) -> None:
    assert len(messages("a.py", text)) == 1


@pytest.mark.parametrize("name", ["A deadline", "Its name is taken again", "Two words", "All are there, too"])
def test_a_scenario_name_that_needs_its_rule(name: str) -> None:
    assert len(messages("a.feature", f"    Example: {name}\n")) == int(name != "All are there, too")


def test_plain_texts_are_accepted() -> None:
    text = (
        '"""Return the answer."""\n\nMAX_S = 1.0\n"""The maximum time, in seconds."""\n# There is no one.\n'
    )
    assert messages("a.py", text) == []
    assert messages("a.feature", "    Example: A deadline ends a blocking tool\n") == []
    assert messages("a.md", "A table stands alone, and there is no longer a limit.\n") == []
