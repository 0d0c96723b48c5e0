"""``python -m tests.all``: every check of the code, one after the other, all of them even where one fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

CHECKS = (
    ("ruff", "check"),
    ("ruff", "format", "--check"),
    ("mypy",),
    ("pytest",),
)


def main() -> int:
    """Run the checks, say which failed, and return 1 if any did."""
    failed = [" ".join(check) for check in CHECKS if not _passes(check)]
    print(f"\nchecks failed: {', '.join(failed)}" if failed else f"\nall {len(CHECKS)} checks passed")
    return 1 if failed else 0


def _passes(check: tuple[str, ...]) -> bool:
    print(f"\n$ python -m {' '.join(check)}", flush=True)
    # As modules of this Python: no environment has to be activated.
    return subprocess.run([sys.executable, "-m", *check], cwd=ROOT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
