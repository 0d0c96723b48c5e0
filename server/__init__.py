"""The reference bridge: ``python -m server``.

Arrows run from the edge inwards: ``__main__`` (flags) → ``lifecycle`` (open, bind, announce, drain) →
``service`` (RPC in, RPC out) → ``sessions``, ``variables``, ``log`` (pure: no I/O, no gRPC, no clock
but the one handed in) → ``values``, ``types``, ``constraints``.
"""

import os

# gRPC adds lines of its own to stderr, such as to the one line that says why a port cannot be had. It reads
# this when it is imported, so it stands before anything that imports it.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
