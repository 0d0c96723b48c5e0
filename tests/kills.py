"""``python -m tests.kills --cycles N``: kill a bridge under load N times, and check what it has acknowledged.

It takes about half a second for each kill, so that 10,000 of them take less than two hours. The first
difference ends it with the assertion that failed.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.live.test_kill import kill_again_and_again


def main() -> None:
    """Read the number of kills and the seed, and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--cycles", type=int, default=10_000, metavar="N", help="number of kills")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="seed of the moments of the kills")
    options = parser.parse_args()
    began = time.monotonic()
    with TemporaryDirectory(prefix="kills-") as path:
        kill_again_and_again(Path(path), options.cycles, options.seed)
    print(f"{options.cycles} kills in {(time.monotonic() - began) / 60:.1f} min: nothing was lost")


if __name__ == "__main__":
    main()
