"""Tests of the interface and of what the package needs."""
