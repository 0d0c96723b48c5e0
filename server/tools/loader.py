"""Loading tools from the modules that the flags name."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Sequence

from varbridge.decorator import Tool

from ..core.errors import StartupError
from .builtin import TOOLS


def load(modules: Sequence[str]) -> list[Tool]:
    """Import modules; return their tools, and then the server's own.

    The tools of a module are the ``Tool`` objects among its attributes. A tool with the name of one of the
    server's own replaces it.

    Raises:
        StartupError: a module cannot be imported or has no tools, or two tools have the same name.
    """
    tools: dict[str, Tool] = {}
    origins: dict[str, str] = {}
    if modules and not {"", os.getcwd()}.intersection(sys.path):
        sys.path.append(os.getcwd())  # the command of a package begins without the working directory
    for module in modules:
        for tool in _tools_in(module):
            if tools.setdefault(tool.name, tool) is not tool:
                raise StartupError(
                    f"--tools {module}: the tool {tool.name} is in {origins[tool.name]} already: rename one"
                )
            origins.setdefault(tool.name, module)
    return [*tools.values(), *(tool for tool in TOOLS if tool.name not in tools)]


def _tools_in(name: str) -> list[Tool]:
    try:
        with contextlib.redirect_stdout(sys.stderr):
            module = importlib.import_module(name)
    except (Exception, SystemExit) as error:
        reason = " ".join(str(error).split())
        if isinstance(error, ModuleNotFoundError) and name.startswith(error.name or "\0"):
            reason += "; is it in the working directory or on PYTHONPATH?"
        raise StartupError(f"--tools {name}: cannot be imported: {type(error).__name__}: {reason}") from error
    if not (tools := [value for value in vars(module).values() if isinstance(value, Tool)]):
        raise StartupError(
            f"--tools {name}: has no tools: declare them with @tool: from varbridge import tool"
        )
    return list({id(tool): tool for tool in tools}.values())
