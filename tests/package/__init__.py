"""Tests of the package: its interface, its imports, its installation and its dependencies."""
