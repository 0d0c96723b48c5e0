"""Mutants of the reference bridge: small defects, each of which the features must catch.

There are also changes that break nothing, which the features must let pass. A suite that has never failed has
shown nothing: the mutants show what it finds.
"""
