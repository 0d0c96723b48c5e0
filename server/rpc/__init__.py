"""The RPC layer: gRPC requests in, replies and statuses out. Only this package uses the protobuf messages."""
