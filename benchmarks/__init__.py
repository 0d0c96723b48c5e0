"""The benchmarks of the bridge: ``python -m benchmarks``.

The compared systems run in turn within each round, so that all see the same machine load. The results are
ratios between two systems; absolute times are only context.
"""
