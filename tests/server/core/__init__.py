"""Tests of the server's core: plain calls, no network, and a clock that tests control."""
