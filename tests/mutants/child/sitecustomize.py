"""The first module of a process that a bridge starts: it makes the change of the bridge there too."""

import os

if name := os.environ.get("BRIDGE_MUTANT"):
    from tests.mutants.serving import rewrite

    rewrite(name)
