"""Tests against a reference server that runs, through the client."""
