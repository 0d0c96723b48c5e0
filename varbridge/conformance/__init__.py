"""What makes the features a judge: which bridge, one world for each scenario, matchers, the verdict.

Nothing here imports the server: the suite and the system under test share the generated stubs alone.
"""

import os

# gRPC tells on stderr of every connection that a bridge closes, which is what some scenarios are about. It
# reads this when it is imported, so it stands before anything that imports it.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
