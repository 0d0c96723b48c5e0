"""Tests of tools: declaration, loading, parameters, execution, containment, and forwarding to hosts."""
