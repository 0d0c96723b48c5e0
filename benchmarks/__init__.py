"""The benchmarks of the bridge: ``python -m benchmarks``.

The systems run in turn within one round, so that all see the same machine load; the ratio between them is the
result, and absolute times are context.
"""
