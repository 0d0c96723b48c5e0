"""``python -m server``: the flags, and nothing else."""

from __future__ import annotations

import gc

gc.disable()  # nothing that start-up makes is garbage; see app

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from .app import run
from .config import Settings
from .flags import add_flags, from_flags


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, for whoever reads the stderr of a server that did not start."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"server: {message} (--help lists the flags)\n")


def parse(arguments: Sequence[str]) -> Settings:
    """Read the flags; a bad one ends the process with a word on stderr and exit code 2."""
    parser = _Parser(
        prog=f"python -m {__package__}",
        description="The reference bridge. Prints GRPC_READY:<port> on stdout when it serves.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
    )
    add_flags(parser, Settings())
    given = parser.parse_args(arguments)
    if given.store and given.data_dir:
        parser.error("--store and --data-dir exclude each other: the state is kept in one place")
    return from_flags(Settings, given)


if __name__ == "__main__":
    sys.exit(run(parse(sys.argv[1:])))
