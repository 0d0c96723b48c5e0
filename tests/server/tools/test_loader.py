"""Loading tools: the server's own, and those of modules that the flags name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from server.core.errors import InvalidArgumentError, NotFoundError, StartupError
from server.tools.builtin import TOOLS
from server.tools.loader import load
from server.tools.registry import Registry


def test_the_tools_that_come_with_the_server_are_found_by_name() -> None:
    tools = Registry(TOOLS)
    names = [tool.name for tool in tools]
    assert names == [
        "echo",
        "add",
        "fail",
        "sleep",
        "block",
        "increment",
        "die",
        "exit",
        "count",
        "fail_after",
    ]
    assert [tool.name for tool in tools if tool.blocks] == ["block", "die"]
    assert len(tools) == len(names)
    assert tools.find("add").description == "Add two numbers."


def test_an_unknown_tool_is_not_found_and_a_name_that_is_none_refused() -> None:
    tools = Registry(TOOLS)
    with pytest.raises(NotFoundError, match="^Tool not found: subtract$"):
        tools.find("subtract")
    for name in ("", "x" * 257, "a\nb"):
        with pytest.raises(InvalidArgumentError, match="^tool_name: must"):
            tools.find(name)


# From modules

TOOL = "from varbridge import tool\n\n\n@tool\ndef {}() -> None: ...\n"


def module(folder: Path, name: str, text: str) -> str:
    """Write a module of tools that can be imported during the test; return its name."""
    (folder / f"{name}.py").write_text(text)
    return name


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{Path(__file__).parents[3]}")
    return tmp_path


def test_the_tools_of_a_module_come_first_and_replace_those_of_the_server(folder: Path) -> None:
    name = module(folder, "tools_of_mine", TOOL.format("mine") + TOOL.format("echo"))
    tools = load([name])
    assert [tool.name for tool in tools[:2]] == ["mine", "echo"]
    assert [tool.name for tool in tools].count("echo") == 1
    assert len(tools) == len(TOOLS) + 1


def test_a_tool_that_two_modules_share_is_one_tool(folder: Path) -> None:
    first = module(folder, "tools_that_are_shared", TOOL.format("mine"))
    second = module(folder, "tools_that_share", "from tools_that_are_shared import mine\nours = mine\n")
    assert [tool.name for tool in load([first, second])].count("mine") == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "cannot be imported: ModuleNotFoundError: No module named 'tools_that_fail'; is it in"),
        ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name'\n"),
        ("1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
        ("raise SystemExit('two\\nlines')", "cannot be imported: SystemExit: two lines"),
        ("def broken(:", "cannot be imported: SyntaxError: "),
        ("tools = []", "has no tools: declare them with @tool: from varbridge import tool"),
    ],
)
def test_a_module_without_tools_is_reported_in_one_line(folder: Path, text: str | None, reason: str) -> None:
    if text is not None:
        module(folder, "tools_that_fail", text)
    command = [sys.executable, "-m", "server", "--port", "0", "--tools", "tools_that_fail"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=10.0, check=False)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("server: --tools tools_that_fail: ")
    assert reason in run.stderr
    assert run.stderr.count("\n") == 1


def test_two_modules_with_tools_of_one_name_are_refused(folder: Path) -> None:
    first, second = (module(folder, name, TOOL.format("mine")) for name in ("tools_one", "tools_two"))
    with pytest.raises(StartupError, match="^--tools tools_two: the tool mine is in tools_one already"):
        load([first, second])
