"""Tests of the code: ``python -m tests.all`` runs every check that there is."""
