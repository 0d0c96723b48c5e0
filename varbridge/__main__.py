# PYTHON_ARGCOMPLETE_OK
"""The command ``varbridge``: calls of a bridge, the server, and the suite."""

from __future__ import annotations

import sys

from varbridge.programs import PROGRAMS, run_program


def main() -> int:
    """Run the command that the command line names; return the exit code of the process."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] in PROGRAMS:
        return run_program(arguments[0], arguments[1:])
    # Not at the top: the server does not need the client.
    from varbridge import cli
    from varbridge.command_line import parse

    return cli.run(lambda: parse(arguments))


if __name__ == "__main__":
    sys.exit(main())
