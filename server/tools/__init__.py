"""Tools: their signatures, loading and execution."""
