"""``python -m tests.conformance.plain_bridge``: the reference bridge, which takes no flag but ``--port``.

It refuses all other flags as unknown, as a bridge does that has none of the reference bridge's own flags.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from server.__main__ import parse
from server.app import run
from tests import PARENT
from varbridge.conformance.clauses import CONTRACT_FLAGS


def main(arguments: Sequence[str]) -> int:
    """Serve if all flags are known, and return the exit code of the server."""
    own = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    own.add_argument("--contract-flags", action="store_true", help="take the flags of the contract as well")
    own.add_argument("--heartbeats", metavar="SECONDS", help="interval of heartbeats")
    variant, flags = own.parse_known_args(arguments)
    known = argparse.ArgumentParser(prog="plain_bridge", usage="plain_bridge --port PORT", allow_abbrev=False)
    for flag in sorted({"--port", *(CONTRACT_FLAGS if variant.contract_flags else ())}):
        known.add_argument(flag)
    known.parse_args(flags)
    heartbeats = ["--heartbeat-interval", variant.heartbeats] if variant.heartbeats else []
    return run(parse([*flags, *heartbeats]), PARENT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
