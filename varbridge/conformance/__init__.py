"""The conformance suite, which runs the features against a bridge, the system under test, and judges it.

Nothing here imports the server: the suite and the system under test share only the generated stubs.
"""

import os

# gRPC logs every connection that a bridge closes on stderr, and some scenarios close connections on purpose.
# It reads this variable when it is imported, so the variable is set before any import of gRPC.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
