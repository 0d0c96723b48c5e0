"""Tests of the stores: what they keep, and what they do when they cannot."""
