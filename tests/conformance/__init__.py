"""Tests of the conformance suite, many of which run behave on small features with the suite's steps."""
