"""The core of the bridge: sessions, variables, changes and watches. No I/O and no gRPC."""
