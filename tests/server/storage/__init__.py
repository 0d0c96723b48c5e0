"""Tests of the stores: persistence, and failures of persistence."""
