"""Loading tools from modules that are named at start."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Sequence

from varbridge.decorator import Tool

from ..core.errors import StartupError
from .builtin import TOOLS


def load(modules: Sequence[str]) -> list[Tool]:
    """Import modules; return their tools, then those that come with the server.

    A module's tools are the ``Tool`` objects among its attributes. One that is named like a tool of the
    server takes its place.

    Raises:
        StartupError: a module cannot be imported, has no tools, or one name stands for two tools.
    """
    found: dict[str, Tool] = {}
    home: dict[str, str] = {}
    for module in modules:
        for tool in _tools_in(module):
            if found.setdefault(tool.name, tool) is not tool:
                raise StartupError(
                    f"--tools {module}: the tool {tool.name} is in {home[tool.name]} already: rename one"
                )
            home.setdefault(tool.name, module)
    return [*found.values(), *(tool for tool in TOOLS if tool.name not in found)]


def _tools_in(name: str) -> list[Tool]:
    try:
        with contextlib.redirect_stdout(sys.stderr):
            module = importlib.import_module(name)
    except (Exception, SystemExit) as error:
        said = " ".join(str(error).split())
        if isinstance(error, ModuleNotFoundError) and name.startswith(error.name or "\0"):
            said += "; is it in the working directory or on PYTHONPATH?"
        raise StartupError(f"--tools {name}: cannot be imported: {type(error).__name__}: {said}") from error
    if not (tools := [thing for thing in vars(module).values() if isinstance(thing, Tool)]):
        raise StartupError(
            f"--tools {name}: has no tools: declare them with @tool: from varbridge import tool"
        )
    return list({id(tool): tool for tool in tools}.values())
