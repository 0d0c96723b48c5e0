"""``python -m tests.imports``: the check that packages import only what ``pyproject.toml`` allows."""

from __future__ import annotations

import sys

from importlinter.cli import lint_imports

if __name__ == "__main__":
    sys.exit(lint_imports())
