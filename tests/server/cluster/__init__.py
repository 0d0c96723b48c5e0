"""Tests of the membership of bridges in a cluster."""
