"""Tests of running reference bridges through the client library."""
