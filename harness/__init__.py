"""What makes the features a judge: which bridge, one world for each scenario, matchers, the verdict.

Nothing here imports the server: the suite and the accused share the generated stubs alone.
"""
