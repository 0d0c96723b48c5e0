"""Tests of the code. ``python -m tests.all`` runs them together with all other checks."""
