"""``python -m server``: the command line of the server."""

from __future__ import annotations

import gc
import os
import signal

gc.disable()  # start-up creates no garbage; see app
parent = os.getppid()  # now, since the parent process may end during the imports


def expect_signals() -> None:
    """Until the server handles signals, let SIGTERM and SIGINT end the process at once, and SIGHUP wait."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])
    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: os._exit(0))


if __name__ == "__main__":
    expect_signals()

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from varbridge import __version__

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
        add_help=False,
    )
    # In a group, because for a flag outside of one argparse loads modules to find out the terminal's width.
    general = parser.add_argument_group("options")
    general.add_argument("-h", "--help", action="help", help="show this help message and exit")
    general.add_argument("--version", action="version", version=f"varbridge {__version__}")
    add_flags(parser, Settings())
    flags = parser.parse_args(arguments)
    if flags.store and flags.data_dir:
        parser.error("--store and --data-dir exclude each other: name only one of them")
    return from_flags(Settings, flags)


def main(arguments: Sequence[str]) -> int:
    """Run the server to its end; return the exit code of the process."""
    expect_signals()
    settings = parse(arguments)

    # Not at the top, so that --help and a wrong flag are answered before gRPC is loaded.
    from .app import run

    code = run(settings, parent)
    gc.freeze()  # the interpreter's last garbage collections need not examine what ends with the process
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
