"""Tests of the code. ``python -m tests.all`` runs them together with all other checks."""

import os

PARENT = os.getppid()
"""The process that started this one, for bridges that tests start: it may end during the imports."""
