"""``python -m server``: the command line of the server."""

from __future__ import annotations

import gc

gc.disable()  # start-up creates no garbage; see app

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from varbridge import __version__

from .app import run
from .config import Settings
from .flags import add_flags, from_flags


class _Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line on stderr."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"server: {message} (--help lists the flags)\n")


def parse(arguments: Sequence[str]) -> Settings:
    """Read the flags; an invalid one ends the process with a message on stderr and exit code 2."""
    parser = _Parser(
        prog=f"python -m {__package__}",
        description="Start the reference bridge. It prints GRPC_READY:<port> on stdout when it is ready.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"varbridge {__version__}")
    add_flags(parser, Settings())
    flags = parser.parse_args(arguments)
    if flags.store and flags.data_dir:
        parser.error("--store and --data-dir exclude each other: name only one of them")
    return from_flags(Settings, flags)


if __name__ == "__main__":
    sys.exit(run(parse(sys.argv[1:])))
