"""The reference bridge: ``python -m server``.

Arrows run from the edge inwards: ``__main__`` (flags) → ``app`` (open, bind, announce, drain) → ``rpc``
(requests in, replies out) → ``core`` (sessions, variables, the change log: no I/O, no gRPC, no clock but the
one handed in) → ``storage.store``, the port behind which the stores are.

Installed, it is ``varbridge.server``: modules import each other relatively, so that it runs under both names.
"""

import os

# gRPC adds lines of its own to stderr, such as to the one line that says why a port cannot be had. It reads
# this when it is imported, so it stands before anything that imports it.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
