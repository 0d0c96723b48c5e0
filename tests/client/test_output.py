"""Tests of the output of commands: bold titles on a terminal, and plain text elsewhere."""

from __future__ import annotations

from io import StringIO

import pytest

from varbridge.output import Out


class Terminal(StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def shown(stream: StringIO) -> str:
    out = Out(stream, as_json=False)
    out.table([], ("name", "value"), [("x", "0.5")])
    out.card({"changed_by": "Ada"})
    return stream.getvalue()


def test_titles_are_bold_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert shown(Terminal()) == "\x1b[1mNAME  VALUE\x1b[0m\nx     0.5\n\x1b[1mchanged by\x1b[0m  Ada\n"


def test_nothing_is_bold_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(StringIO()) == "NAME  VALUE\nx     0.5\nchanged by  Ada\n"
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown(Terminal())
