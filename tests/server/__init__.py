"""Tests of the reference bridge."""
