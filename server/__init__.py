"""The reference bridge: ``python -m server``.

Each layer depends on the next: ``__main__`` (flags) → ``app`` (start, serve, shut down) → ``rpc`` (requests
in, replies out) → ``core`` (sessions, variables and the change log, without I/O, gRPC or a clock of its own)
→ ``storage.store``, the port to the stores.

In an installed distribution, this package is ``varbridge.server``. Its modules import each other relatively,
so that they work under both names.
"""

import os

# Without this, gRPC writes its own lines to stderr, for example next to the error for a port that is in use.
# The variable is set before gRPC is imported, because gRPC reads it then.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
