"""How fast the bridge is: ``python -m benchmarks``.

Contenders run in turn within one round, so that a round sees the same weather; the ratio between them is
the result, and absolute times are context.
"""
