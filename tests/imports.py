"""``python -m tests.imports``: the arrows between packages, as ``pyproject.toml`` declares them."""

from __future__ import annotations

import sys

from importlinter.cli import lint_imports

if __name__ == "__main__":
    sys.exit(lint_imports())
