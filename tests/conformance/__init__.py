"""Runs of behave over features made for the purpose: each in a project of its own, with the real steps."""
