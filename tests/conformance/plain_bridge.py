"""``python -m tests.conformance.plain_bridge``: the reference bridge, which takes no flag but ``--port``.

It refuses all other flags as unknown, as a bridge does that has none of the reference bridge's own flags.
With ``--contract-flags`` it takes those that the contract names as well.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from server.__main__ import parse
from server.app import run
from varbridge.conformance.clauses import CONTRACT_FLAGS

CHOICE = "--contract-flags"


def main(arguments: Sequence[str]) -> int:
    """Serve if all flags are known, and return the exit code of the server."""
    parser = argparse.ArgumentParser(prog="plain_bridge", usage="plain_bridge --port PORT", allow_abbrev=False)
    for flag in sorted({"--port", *(CONTRACT_FLAGS if CHOICE in arguments else ())}):
        parser.add_argument(flag)
    flags = [argument for argument in arguments if argument != CHOICE]
    parser.parse_args(flags)
    return run(parse(flags))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
