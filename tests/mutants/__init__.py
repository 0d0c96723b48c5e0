"""Mutants of the reference bridge: small defects, each of which the features must catch.

There are also harmless changes, which the features must let pass. A suite that has never failed proves
nothing; the mutants show which defects it detects.
"""
