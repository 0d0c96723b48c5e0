"""The programs behind ``varbridge COMMAND`` that are not calls of a bridge: the server and the suite."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NamedTuple


class Program(NamedTuple):
    """A program of the package.

    Attributes:
        module: the module whose function ``main`` takes the arguments and returns the exit code.
        extra: the extra of the package that installs what the program needs.
        help: the effect of the program, as a sentence without its period.
    """

    module: str
    extra: str
    help: str


PROGRAMS: Mapping[str, Program] = {
    "serve": Program("varbridge.server.__main__", "server", "Start the reference bridge"),
    "judge": Program("varbridge.conformance.judge", "suite", "Judge a bridge by the features"),
    "check": Program("varbridge.conformance.check", "suite", "Find mistakes in features"),
    "certificates": Program(
        "varbridge.server.certificates", "server", "Create an authority, a certificate and a token"
    ),
}
"""The programs by the name of their command."""


def run_program(name: str, arguments: Sequence[str]) -> int:
    """Run a program; return its exit code, 2 if it lacks a package or runs on another system."""
    program = PROGRAMS[name]
    if os.name != "posix":
        print(f"varbridge {name} needs a POSIX system, such as Linux or macOS", file=sys.stderr)
        return 2
    try:
        code: int = import_module(program.module).main(arguments)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "varbridge"):
            raise
        hint = f"pip install 'varbridge[{program.extra}]'"
        print(f"varbridge {name}: the package {missing} is not installed: {hint}", file=sys.stderr)
        return 2
    return code
