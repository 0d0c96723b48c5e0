"""The edge: gRPC requests in, replies and status codes out. Only this package knows gRPC's messages."""
