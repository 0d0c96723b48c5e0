"""Tests of the client library and of its command line."""
